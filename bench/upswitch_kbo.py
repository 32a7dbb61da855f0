"""Loading the Belgian register and finding a company in it, beside a plain COPY of its files.

    ./myriad bench upswitch-kbo [--full]

The extract is made by Myriad's stand-in for the KBO, in the proportions of the published files,
with natural persons among the enterprises. The peer copies the very same files as they stand, text
in text columns, and makes one index a table, so that rows of an entity can be found: no number is
checked, no person left out, no company made, nothing can be searched by name. Myriad is measured
with natural persons taken in as well, so that both load the same rows; its rate is shown for what
the peer does too (files and their indexes), and for everything until the search answers.

Lookups go through the functions that screens and API call, as the application's role, one after
another: enterprise and VAT numbers, and names as somebody types them, from three letters on.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from job_peers.harness import Place, running_place
from job_peers.myriad_peer import database_settings

from myriad.apps.products import migration_locations
from myriad.kit.ids import new_id
from myriad.products.upswitch.registry.kbo.files import FILES
from myriad.products.upswitch.registry.kbo.loading import load_full
from myriad.products.upswitch.registry.kbo.simulator import write_extract
from myriad.products.upswitch.repository import get_company, search_companies
from myriad.scale.data import Database
from myriad.scale.data.migrations import upgrade
from myriad.scale.observe import logs
from myriad.scale.tenancy import TenantId

ENTERPRISES, ENTERPRISES_FULL = 120_000, 1_900_000
LOOKUPS = 1_500
TARGET_LOOKUP_MS = 20.0
_FILES = "files"


@dataclass
class Clock:
    """When each step of a load began."""

    began: float = field(default_factory=time.perf_counter)
    at: list[tuple[str, int, float]] = field(default_factory=list)

    def tell(self, step: str, done: int, total: int) -> None:
        kind = "index" if step == "index" else _FILES
        self.at.append((kind, done, time.perf_counter() - self.began))

    @property
    def files_and_indexes(self) -> float:
        """Seconds until the files' own tables were indexed."""
        return next(at for kind, done, at in self.at if kind == "index" and done == len(FILES))


@dataclass(frozen=True)
class Reading:
    """Reads as one tenant, as an endpoint does."""

    database: Database
    tenant: TenantId

    async def rows(
        self, sql: str, parameters: Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        return await self.database.reader.rows(self.tenant, sql, parameters)


async def measure_myriad(place: Place, folder: Path) -> tuple[float, float, int]:
    """Return seconds for what the peer does too, seconds in all, and rows."""
    database = Database(database_settings(place.urls), process="bench")
    clock = Clock()
    loaded = await load_full(database, folder, natural_persons=True, tell=clock.tell)
    seconds = time.perf_counter() - clock.began
    await database.close()
    return clock.files_and_indexes, seconds, sum(loaded.rows.values())


def measure_copy(place: Place, folder: Path) -> tuple[float, int]:
    """Copy the files as they stand into text columns with one index a table."""
    with psycopg.connect(place.urls.database_url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA plain")
        began, rows = time.perf_counter(), 0
        for file in FILES:
            columns = ", ".join(f'"{column.heading}" text' for column in file.columns)
            connection.execute(f"CREATE TABLE plain.{file.stem} ({columns})")
            with (
                (folder / f"{file.stem}.csv").open("rb") as stream,
                connection.cursor() as cursor,
            ):
                with cursor.copy(f"COPY plain.{file.stem} FROM STDIN (FORMAT csv, HEADER)") as copy:
                    while block := stream.read(1 << 20):
                        copy.write(block)
                rows += cursor.rowcount
            connection.execute(f'CREATE INDEX ON plain.{file.stem} ("{file.key.heading}")')
            connection.execute(f"ANALYZE plain.{file.stem}")
        seconds = time.perf_counter() - began
        connection.execute("DROP SCHEMA plain CASCADE")
    return seconds, rows


async def measure_lookups(place: Place, folder: Path) -> list[float]:
    """Return the milliseconds of lookups of all kinds."""
    asked = queries(folder)
    database = Database(database_settings(place.urls), process="bench")
    await database.open()
    reader = Reading(database, TenantId(new_id()))
    taken = []
    for turn, (kind, query) in enumerate(asked[:50] + asked):
        began = time.perf_counter()
        if kind == "card":
            await get_company(reader, query)
        else:
            await search_companies(reader, query)
        if turn >= 50:
            taken.append(1000 * (time.perf_counter() - began))
    await database.close()
    return taken


def queries(folder: Path) -> list[tuple[str, str]]:
    """Return lookups: a third by number, two thirds by names as they are typed."""
    chance = random.Random(7)
    with (folder / "denomination.csv").open(encoding="utf-8", newline="") as stream:
        own = (row for row in csv.reader(stream) if row[0].startswith("0"))
        names = sample(own, LOOKUPS // 3, chance)
    asked: list[tuple[str, str]] = []
    for number, _, _, name in names:
        asked.append((chance.choice(("card", "search")), number))
        typed = name[: chance.randrange(3, len(name) + 1)] if len(name) > 3 else name
        words = name.split()
        both = f"{words[0][:4]} {words[-1][:3]}" if len(words) > 1 else name
        asked += [("search", typed), ("search", both)]
    return asked


def sample(rows: Iterable[list[str]], size: int, chance: random.Random) -> list[list[str]]:
    """Return `size` of the rows, each as likely as any other, holding no more than those.

    All names of the full register would take a gigabyte (Vitter's algorithm R).
    """
    kept: list[list[str]] = []
    for place, row in enumerate(rows):
        if place < size:
            kept.append(row)
        elif (chosen := chance.randrange(place + 1)) < size:
            kept[chosen] = row
    return kept


def percentile(values: list[float], share: float) -> float:
    """Return the value that `share` of all do not exceed."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


async def measure(enterprises: int) -> int:
    with tempfile.TemporaryDirectory(prefix="myriad kbo ") as made, running_place() as place:
        folder = Path(made) / "extract"
        write_extract(folder, enterprises=enterprises)
        size = sum(file.stat().st_size for file in folder.iterdir()) / 1e6
        upgrade(place.urls.database_url, migration_locations())
        copy_seconds, copy_rows = measure_copy(place, folder)
        like_seconds, seconds, rows = await measure_myriad(place, folder)
        taken = await measure_lookups(place, folder)
    print(f"{enterprises:,} enterprises, {size:,.0f} MB, {rows:,} rows (plain COPY {copy_rows:,})")
    print(
        f"{'plain COPY, one index a table':44} {copy_seconds:8.1f} s {copy_rows / copy_seconds:12,.0f} rows/s"
    )
    print(
        f"{'Myriad, files checked and indexed':44} {like_seconds:8.1f} s {rows / like_seconds:12,.0f} rows/s"
    )
    print(
        f"{'Myriad, until the search answers':44} {seconds:8.1f} s {rows / seconds:12,.0f} rows/s"
    )
    p95 = percentile(taken, 0.95)
    print(f"{len(taken):,} lookups: median {statistics.median(taken):.1f} ms, p95 {p95:.1f} ms")
    print(
        f"RESULT upswitch-kbo rows_per_s={rows / seconds:.0f}"
        f" copy_ratio={copy_seconds / like_seconds:.3f}"
        f" copy_ratio_to_search={copy_seconds / seconds:.3f} lookup_p95_ms={p95:.2f}"
        f" lookup_p50_ms={statistics.median(taken):.2f} enterprises={enterprises}"
    )
    return 0 if p95 < TARGET_LOOKUP_MS else 1


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="1.9 million enterprises, as in life")
    chosen = parser.parse_args(argv)
    logs.configure("bench", level="WARNING")
    return asyncio.run(measure(ENTERPRISES_FULL if chosen.full else ENTERPRISES))


if __name__ == "__main__":
    sys.exit(main())
