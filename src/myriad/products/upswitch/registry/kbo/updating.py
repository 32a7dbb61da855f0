"""Bringing the register up to date from the folder of extracts: one after the other until no more.

Each extract is taken whole or not at all, so whoever is killed is simply begun again: what was
taken is not taken twice, because its number is no longer the next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from myriad.products.upswitch.registry.kbo.delta import apply_update
from myriad.products.upswitch.registry.kbo.folder import Found, find_next, scan, state_of
from myriad.products.upswitch.registry.kbo.loading import load_full
from myriad.products.upswitch.registry.sql import QUERIES
from myriad.scale.data import Database

Told = Callable[[int, int, str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Updated:
    """How many extracts were taken, and the number of the last one."""

    taken: int
    last: int | None


async def update_from_folder(database: Database, folder: Path, tell: Told) -> Updated:
    """Take everything that follows from the folder; `tell` hears done, all, and what is next.

    Raises NoFolderError, RegistryBusyError while somebody else loads, and ExtractError for an
    extract that is broken: those before it stay taken.
    """
    taken = 0
    while True:
        found = await asyncio.to_thread(scan, folder)
        last = await _note(database, found)
        upcoming = find_next(found, last)
        if upcoming is None:
            return Updated(taken, last)
        waiting = sum(1 for each in found if not each.fault and each.number > (last or 0))
        await tell(taken, taken + waiting, f"extract {upcoming.number}")
        await _take(database, upcoming)
        taken += 1


async def _take(database: Database, upcoming: Found) -> None:
    if upcoming.is_full:
        await load_full(database, upcoming.path)
    else:
        await apply_update(database, upcoming.path)


async def _note(database: Database, found: list[Found]) -> int | None:
    """Keep what lies in the folder for the operator's page; return the last extract's number."""
    rows = await database.crossing_rows(
        "extracts in force are listed", QUERIES["list_kbo_extracts"], {"limit": 10_000}
    )
    last: int | None = rows[0]["number"] if rows else None
    loaded = {(row["number"], row["is_full"]) for row in rows}
    async with database.crossing("the operator's folder of extracts is noted") as session:
        connection = await session.connection()
        await connection.exec_driver_sql(QUERIES["drop_old_kbo_loads"])
        await connection.exec_driver_sql(QUERIES["forget_kbo_files"])
        for each in found:
            await connection.exec_driver_sql(QUERIES["note_kbo_file"], _row(each, last, loaded))
    return last


def _row(found: Found, last: int | None, loaded: set[tuple[int, bool]]) -> dict[str, Any]:
    return {
        "name": found.path.name,
        "number": found.number,
        "is_full": found.is_full,
        "snapshot_date": found.snapshot_date,
        "size_bytes": found.size_bytes,
        "state": state_of(found, last, loaded),
        "detail": found.fault[:500],
    }
