"""Loading a full extract: files into new tables, indexes, companies to search, then the swap.

Until the swap everybody reads the extract before. A load that is killed leaves tables ending in
`_next`, which nobody reads and which the next load drops.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from myriad.products.upswitch.registry.errors import RegistryBusyError
from myriad.products.upswitch.registry.kbo.cleaning import Cleaned, Cleaner, Refusal
from myriad.products.upswitch.registry.kbo.entities import EntitySet
from myriad.products.upswitch.registry.kbo.errors import ExtractError
from myriad.products.upswitch.registry.kbo.extract import Extract
from myriad.products.upswitch.registry.kbo.files import FILES, File
from myriad.products.upswitch.registry.kbo.noting import Told, noted
from myriad.products.upswitch.registry.kbo.records import iter_blocks
from myriad.products.upswitch.registry.sql import QUERIES
from myriad.scale.data import Database
from myriad.scale.observe.logs import get_logger

_log = get_logger(__name__)

# Extracts of the shared sample and of older years come without it.
OPTIONAL = ("contact",)
_EVERYBODY = {
    "next": "_next",
    "chosen_number": "",
    "and_chosen_entity": "",
    "chosen_family": "",
}
_KEPT_REFUSALS = 100_000
_SWAP_ATTEMPTS = 300
_SWAP_PAUSE_SECONDS = 0.2


@dataclass
class Loaded:
    """What came of an extract: rows taken by file, rows of entities that are not kept, refusals."""

    number: int
    snapshot_date: date
    rows: dict[str, int] = field(default_factory=dict)
    skipped: int = 0
    refused: int = 0
    companies: int = 0


@asynccontextmanager
async def registry_connection(database: Database) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    """Yield the connection of the one process that may change the registry now.

    Raises RegistryBusyError while another one does.
    """
    connection = await psycopg.AsyncConnection.connect(
        database.settings.crossing, autocommit=True, application_name="myriad-registry"
    )
    async with connection:
        await connection.execute("SET datestyle = 'ISO, DMY'")
        await connection.execute("SET statement_timeout = 0")
        await connection.execute("SET work_mem = '128MB'")
        row = await (await connection.execute(QUERIES["lock_registry"])).fetchone()
        if not row or not row[0]:
            raise RegistryBusyError
        yield connection


async def load_full(
    database: Database,
    path: Path,
    *,
    natural_persons: bool = False,
    tell: Told | None = None,
) -> Loaded:
    """Load the full extract at `path` (ZIP or folder) in place of what is there.

    `tell` hears the step, and how many of its bytes are done. Natural persons are left out unless
    asked for. Raises ExtractError when the extract is not as published; nothing is changed then.
    """
    with Extract.open(path) as extract:
        if not extract.meta.is_full:
            raise ExtractError("this is an update; `load` takes a full extract")
        extract.require(f"{file.stem}.csv" for file in FILES if file.stem not in OPTIONAL)
        loaded = Loaded(extract.meta.number, extract.meta.snapshot_date)
        async with (
            registry_connection(database) as connection,
            noted(database, extract, path.name, tell) as told,
        ):
            await connection.execute("SELECT upswitch.begin_registry_load()")
            refusals = await _copy_files(connection, extract, natural_persons, loaded, told)
            await _make_searchable(connection, loaded, told)
            await _swap(connection, extract, natural_persons, loaded, refusals)
    _log.info("kbo_loaded", extract=loaded.number, companies=loaded.companies)
    return loaded


async def _copy_files(
    connection: psycopg.AsyncConnection[Any],
    extract: Extract,
    natural_persons: bool,
    loaded: Loaded,
    tell: Told,
) -> list[tuple[str, Refusal]]:
    known = EntitySet()
    refusals: list[tuple[str, Refusal]] = []
    for file in FILES:
        name = f"{file.stem}.csv"
        if extract.has(name):
            cleaner = Cleaner(file, known, natural_persons=natural_persons)
            parts = _Told(extract, name, tell).cleaned(cleaner, file)
            taken = await _copy(connection, file, parts, loaded, refusals)
            loaded.rows[file.stem] = taken
    return refusals


class _Told:
    """Cleans the blocks of a file and tells how far it is."""

    def __init__(self, extract: Extract, name: str, tell: Told) -> None:
        self._extract, self._name, self._tell = extract, name, tell

    def cleaned(self, cleaner: Cleaner, file: File) -> Iterator[Cleaned]:
        total, done = self._extract.size_bytes(self._name), 0
        with self._extract.open_rows(self._name, file) as stream:
            for block in iter_blocks(stream):
                done += len(block)
                self._tell(self._name, min(done, total), total)
                yield cleaner.clean(block)
        self._tell(self._name, total, total)


async def _copy(
    connection: psycopg.AsyncConnection[Any],
    file: File,
    parts: Iterator[Cleaned],
    loaded: Loaded,
    refusals: list[tuple[str, Refusal]],
) -> int:
    """Copy one file while the next block is being cleaned; return how many rows it had."""
    names = ", ".join(column.name for column in file.columns)
    statement = (
        f"COPY upswitch.{file.table}_next ({names}) "
        "FROM STDIN (FORMAT csv, FORCE_NULL *, ENCODING 'UTF8')"
    )
    taken = 0
    try:
        async with connection.cursor() as cursor, cursor.copy(statement) as copy:
            async for cleaned in _ahead(parts):
                await copy.write(cleaned.data)
                taken += cleaned.lines.size
                loaded.skipped += cleaned.skipped
                loaded.refused += len(cleaned.refusals)
                room = _KEPT_REFUSALS - len(refusals)
                refusals.extend((file.stem, each) for each in cleaned.refusals[:room])
    except psycopg.DataError as error:
        raise ExtractError(f"{file.stem}.csv: {error.diag.message_primary}") from None
    return taken


async def _ahead(parts: Iterator[Cleaned]) -> AsyncIterator[Cleaned]:
    """Yield each part while a thread already makes the next one."""
    upcoming = asyncio.create_task(asyncio.to_thread(next, parts, None))
    try:
        while (part := await upcoming) is not None:
            upcoming = asyncio.create_task(asyncio.to_thread(next, parts, None))
            yield part
    finally:
        await asyncio.gather(upcoming, return_exceptions=True)


async def _make_searchable(
    connection: psycopg.AsyncConnection[Any], loaded: Loaded, tell: Told
) -> None:
    """Index the new tables, and make of them the companies and the words that find them."""
    steps = [*(file.table for file in FILES), "company", "company_term"]
    for place, part in enumerate(steps):
        tell("index", place, len(steps))
        if part == "company":
            sql = QUERIES["make_companies"].format(**_EVERYBODY)
            made = await connection.execute(sql, {"snapshot_date": loaded.snapshot_date})
            loaded.companies = made.rowcount
        elif part == "company_term":
            await connection.execute(QUERIES["make_terms"].format(**_EVERYBODY))
        await connection.execute("SELECT upswitch.index_registry_load(ARRAY[%s])", [part])
    tell("index", len(steps), len(steps))


async def _swap(
    connection: psycopg.AsyncConnection[Any],
    extract: Extract,
    natural_persons: bool,
    loaded: Loaded,
    refusals: list[tuple[str, Refusal]],
) -> None:
    """Put the new tables in the place of the old ones.

    A reader may hold one of them and want the next. The swap waits for a table less than the
    server takes to look for deadlocks, so that it is the swap that gives way and tries again.
    """
    for attempt in range(_SWAP_ATTEMPTS):
        try:
            async with connection.transaction():
                await connection.execute("SELECT upswitch.finish_registry_load()")
                await note_extract(connection, extract, natural_persons, loaded, refusals)
        except psycopg.errors.LockNotAvailable:
            if attempt + 1 == _SWAP_ATTEMPTS:
                raise
            await asyncio.sleep(_SWAP_PAUSE_SECONDS)
        else:
            return


async def note_extract(
    connection: psycopg.AsyncConnection[Any],
    extract: Extract,
    natural_persons: bool,
    loaded: Loaded,
    refusals: list[tuple[str, Refusal]],
) -> None:
    """Note in the caller's transaction what was loaded, and what was refused and why."""
    meta = extract.meta
    counts = {**loaded.rows, "skipped": loaded.skipped, "refused": loaded.refused}
    await connection.execute(
        QUERIES["note_kbo_extract"],
        {
            "number": meta.number,
            "is_full": meta.is_full,
            "snapshot_date": meta.snapshot_date,
            "extracted_at": meta.extracted_at,
            "version": meta.version,
            "natural_persons": natural_persons,
            "rows": Jsonb(counts),
        },
    )
    async with connection.cursor() as cursor:
        await cursor.executemany(
            QUERIES["note_kbo_refusal"],
            [
                {
                    "number": meta.number,
                    "file": name,
                    "line": refusal.line,
                    "reason": refusal.reason,
                    "row_text": refusal.text,
                }
                for name, refusal in refusals
            ],
        )
