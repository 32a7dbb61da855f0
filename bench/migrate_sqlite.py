"""A SQLite file into PostgreSQL, copy against copy, proven apart: beside pgloader.

    ./myriad bench migrate-sqlite [--full]

600,000 rows (--full: five million) of a table with six columns go into a table with a primary key,
first by pgloader 3.6.9 with two workers, then by `db migrate` with two processes; both twice, the
rates are of the whole. Its verification reads both sides again and is timed apart. `lost` counts
rows lost or doubled in a second move of 200,000 rows, killed with SIGKILL in the middle of three of
its four chunks.

`client_cpu_ratio` is pgloader's processor time by that of our processes, their start included, which
holds on a busy machine too; the server's is not in it.

pgloader is Debian's package, fetched by `apt-get download` and unpacked into the bench's own folder.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg
from peers import REPOSITORY
from rich.console import Console
from rich.table import Table

from myriad.apps.products import migration_locations
from myriad.scale.data.migrate import MigrationMap, Move, Place
from myriad.scale.data.migrations import upgrade
from myriad.scale.embedded.servers import ServerUrls, running_servers

ROWS, FULL_ROWS, KILLED_ROWS, KILLS, ROUNDS = 600_000, 5_000_000, 200_000, 3, 2
WITHIN_CHUNK_SECONDS = 0.1
_COPIED = (
    "SELECT count(*) FROM platform.migration_chunk WHERE migration = 'killed' AND state = 'copied'"
)
COLUMNS = """(id bigint PRIMARY KEY, user_id bigint, merchant text, amount double precision,
    approved boolean, created_at timestamptz)"""
MAPPING = """
[migration]
name = "{name}"
zone = "UTC"
[[table]]
source = "llm_mappings"
target = "public.{name}"
key = ["id"]
[table.columns]
id = {{ from = "id", type = "bigint" }}
user_id = {{ from = "user_id", type = "bigint" }}
merchant = {{ from = "merchant", type = "text" }}
amount = {{ from = "amount", type = "double precision" }}
approved = {{ from = "approved", type = "boolean" }}
created_at = {{ from = "created_at", type = "timestamptz" }}
"""


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="five million rows")
    parser.add_argument("--rows", type=int, help="so many rows instead")
    asked = parser.parse_args(argv)
    rows = asked.rows or (FULL_ROWS if asked.full else ROWS)
    with (
        tempfile.TemporaryDirectory(prefix="migrate-sqlite-") as folder,
        running_servers(Path(folder) / "home", frozenset({"postgres"})) as urls,
    ):
        upgrade(urls.database_url, migration_locations())
        _make_file(Path(folder) / "old.db", rows)
        _make_file(Path(folder) / "small.db", KILLED_ROWS)
        return _measure(Path(folder), urls, rows)


def _measure(folder: Path, urls: ServerUrls, rows: int) -> int:
    peer, ours, proof, peer_cpu, our_cpu = 0.0, 0.0, 0.0, 0.0, 0.0
    pgloader = _find_pgloader(folder)
    for number in range(ROUNDS):
        if pgloader:
            before = _client_cpu()
            peer += _by_pgloader(pgloader, folder, urls, rows)
            peer_cpu += _client_cpu() - before
        copied, verified, cpu = _by_move(folder / "old.db", urls, f"ours_{number}")
        ours, proof, our_cpu = ours + copied, proof + verified, our_cpu + cpu
    lost = _lost_under_kills(folder / "small.db", urls)
    rate, peer_rate = ROUNDS * rows / ours, ROUNDS * rows / peer if peer else 0.0
    table = Table("what", "rows/s")
    table.add_row("pgloader, 2 workers", f"{peer_rate:,.0f}" if peer else "NOT RUN")
    table.add_row("db migrate, 2 processes", f"{rate:,.0f}")
    table.add_row("its verification", f"{ROUNDS * rows / proof:,.0f}")
    Console(highlight=False).print(table)
    ratio = rate / peer_rate if peer else 0.0
    print(
        f"RESULT migrate-sqlite pgloader_ratio={ratio:.2f} rows_per_s={rate:.0f} "
        f"verify_seconds={proof / ROUNDS:.1f} lost={lost} client_cpu_ratio={peer_cpu / our_cpu:.2f}"
    )
    return 0 if lost == 0 else 1


def _make_file(path: Path, rows: int) -> None:
    dice = random.Random(1)
    with sqlite3.connect(path) as old:
        old.execute("PRAGMA journal_mode = WAL")
        old.execute(
            "CREATE TABLE llm_mappings (id INTEGER PRIMARY KEY, user_id INTEGER, merchant TEXT, "
            "amount REAL, approved INTEGER, created_at TEXT)"
        )
        old.executemany(
            "INSERT INTO llm_mappings VALUES (?, ?, ?, ?, ?, ?)",
            (
                (
                    number,
                    dice.randrange(10_000),
                    f"SQ *SHOP {dice.randrange(200_000)} AUSTIN TX",
                    dice.randrange(100, 20_000) / 100,
                    number & 1,
                    f"2026-0{number % 9 + 1}-1{number % 10} 12:{number % 60:02}:00",
                )
                for number in range(1, rows + 1)
            ),
        )
    old.close()


def _find_pgloader(folder: Path) -> Path | None:
    place = REPOSITORY / ".myriad" / "peers" / "pgloader"
    program = place / "usr" / "bin" / "pgloader"
    try:
        if not program.exists():
            place.mkdir(parents=True, exist_ok=True)
            subprocess.run(["apt-get", "download", "pgloader"], cwd=place, check=True)
            package = str(next(place.glob("pgloader_*.deb")))
            subprocess.run(["dpkg", "-x", package, str(place)], check=True)
        subprocess.run([program, "--version"], check=True, stdout=subprocess.DEVNULL, cwd=folder)
    except (OSError, subprocess.CalledProcessError, StopIteration) as error:
        print(f"PGLOADER NOT RUN, pgloader_ratio=0 says nothing ({error}).")
        print("It is Debian's package: apt-get install pgloader brings what it needs.")
        return None
    return program


def _by_pgloader(program: Path, folder: Path, urls: ServerUrls, rows: int) -> float:
    """Return the seconds of one load."""
    with psycopg.connect(urls.database_url, autocommit=True) as owner:
        owner.execute("DROP TABLE IF EXISTS public.llm_mappings")
        owner.execute(f"CREATE TABLE public.llm_mappings {COLUMNS}".encode())
        script = folder / "load.pgloader"
        script.write_text(
            f"LOAD DATABASE FROM sqlite://{folder / 'old.db'} INTO {_simple(urls.database_url)} "
            "WITH data only, workers = 2, concurrency = 1, batch rows = 50000, prefetch rows = 50000;"
        )
        owner.execute("CHECKPOINT") if _may_checkpoint(owner) else None
        began = time.perf_counter()
        done = subprocess.run([program, script], capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - began
        found = owner.execute("SELECT count(*) FROM public.llm_mappings").fetchone()
    if not found or found[0] != rows:
        raise SystemExit(f"pgloader loaded {found} of {rows}: {done.stdout[-800:]}")
    return seconds


def _may_checkpoint(owner: psycopg.Connection) -> bool:
    found = owner.execute("SELECT pg_has_role('pg_checkpoint', 'member')").fetchone()
    return bool(found and found[0])


def _simple(url: str) -> str:
    """Return a URL in the form that pgloader reads: no query."""
    return url.partition("?")[0]


def read_mapping(name: str) -> MigrationMap:
    """Return the mapping; workers call it in processes of their own."""
    return MigrationMap.parse(MAPPING.format(name=name))


def _place(file: Path, urls: ServerUrls, name: str) -> Place:
    with psycopg.connect(urls.database_url) as owner:
        owner.execute(f"CREATE TABLE IF NOT EXISTS public.{name} {COLUMNS}".encode())
        owner.execute(f"GRANT ALL ON public.{name} TO myriad_crossing".encode())
    return Place(read_mapping, (name,), file, urls.crossing_url)


def _client_cpu() -> float:
    """Return the processor seconds of this process and of those of its that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _by_move(file: Path, urls: ServerUrls, name: str) -> tuple[float, float, float]:
    """Return the seconds of the copy, of the verification, and of the copy's processors."""
    move = Move(_place(file, urls, name))
    began, before = time.perf_counter(), _client_cpu()
    move.begin()
    move.backfill()
    copied, cpu = time.perf_counter(), _client_cpu() - before
    proof = move.verify()
    ended = time.perf_counter()
    assert proof.is_clean, proof
    move.rollback()
    move.close()
    with psycopg.connect(urls.database_url, autocommit=True) as owner:
        owner.execute(f"DROP TABLE public.{name}".encode())
    return copied - began, ended - copied, cpu


def _lost_under_kills(file: Path, urls: ServerUrls) -> int:
    place = _place(file, urls, "killed")
    move = Move(place)
    move.begin()
    for _ in range(KILLS):
        _kill_within_a_chunk(place, urls)
    move.backfill()
    proof = move.verify()
    move.close()
    return proof.lost + proof.doubled + proof.bad_chunks


def _kill_within_a_chunk(place: Place, urls: ServerUrls) -> None:
    """Kill a copy on its way through the chunk that follows the first one that it ended."""
    copied = _chunks_copied(urls)
    process = multiprocessing.get_context("spawn").Process(target=_backfill, args=(place,))
    process.start()
    while process.is_alive() and _chunks_copied(urls) == copied:
        time.sleep(0.01)
    time.sleep(WITHIN_CHUNK_SECONDS)
    if not process.is_alive():
        sys.exit("migrate-sqlite: a copy ended before it was killed, so nothing is shown")
    process.kill()
    process.join()


def _chunks_copied(urls: ServerUrls) -> int:
    with psycopg.connect(urls.crossing_url) as owner:
        row = owner.execute(_COPIED).fetchone()
    return row[0] if row else 0


def _backfill(place: Place) -> None:
    Move(place, workers=1).backfill()


if __name__ == "__main__":
    sys.exit(main())
