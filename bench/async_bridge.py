"""How a worker's threads reach asynchronous code: three ways, one run.

One shared event loop behind the bridge against an event loop for each thread and against two
processes that call `asyncio.run` for every task (what prefork comes to). Two loads: waiting 0.2 s,
as for a provider, and one round trip to PostgreSQL. Prints calls per second, connections that the
server saw, and memory.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil
import psycopg
from psycopg_pool import AsyncConnectionPool

from myriad.scale.embedded.servers import running_servers
from myriad.scale.jobs.bridge import AsyncBridge

WAIT_SECONDS = 0.2
POOL_SIZE = 10
PROCESSES = 2
NAME = "bench-bridge"
OPTIONS: dict[str, Any] = {"application_name": NAME, "autocommit": True}


@dataclass(frozen=True)
class Row:
    """One way under one load."""

    way: str
    load: str
    per_second: float
    connections: int
    memory_mb: float


async def wait_for_provider() -> None:
    """Wait as an HTTP call to a provider does."""
    await asyncio.sleep(WAIT_SECONDS)


class Database:
    """A pool on the loop that first uses it, as every asynchronous driver needs."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._pool: AsyncConnectionPool | None = None
        self._opening: asyncio.Lock | None = None

    async def ask(self) -> None:
        """Make one round trip."""
        pool = await self._opened()
        async with pool.connection() as connection:
            await connection.execute("SELECT 1")

    async def _opened(self) -> AsyncConnectionPool:
        self._opening = self._opening or asyncio.Lock()
        async with self._opening:
            if self._pool is None:
                pool = AsyncConnectionPool(
                    self._url, min_size=POOL_SIZE, max_size=POOL_SIZE, open=False, kwargs=OPTIONS
                )
                await pool.open(wait=True)
                self._pool = pool
        return self._pool


async def ask_once(url: str) -> None:
    """Connect, ask and leave: all that a loop which lives for one task can do."""
    async with await psycopg.AsyncConnection.connect(url, **OPTIONS) as connection:
        await connection.execute("SELECT 1")


def count_connections(url: str) -> int:
    """Return how many connections of the bench the server holds now."""
    with psycopg.connect(url) as connection:
        query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s"
        found = connection.execute(query, [NAME]).fetchone()
    return int(found[0]) if found else 0


def _drive(run: Callable[[], None], threads: int, seconds: float) -> float:
    """Call `run` from `threads` threads for `seconds` and return calls per second."""
    end = time.monotonic() + seconds

    def loop() -> int:
        calls = 0
        while time.monotonic() < end:
            run()
            calls += 1
        return calls

    began = time.monotonic()
    with ThreadPoolExecutor(threads) as pool:
        futures: list[Future[int]] = [pool.submit(loop) for _ in range(threads)]
        total = sum(future.result() for future in futures)
    return total / (time.monotonic() - began)


def _shared_loop(url: str, load: str) -> Callable[[], None]:
    bridge, database = AsyncBridge(), Database(url)
    work = wait_for_provider if load == "wait" else database.ask
    return lambda: bridge.run(work())


def _loop_per_thread(url: str, load: str) -> Callable[[], None]:
    mine = threading.local()

    async def ask() -> None:
        if not hasattr(mine, "connection"):
            mine.connection = await psycopg.AsyncConnection.connect(url, **OPTIONS)
        await mine.connection.execute("SELECT 1")

    def run() -> None:
        if not hasattr(mine, "loop"):
            mine.loop = asyncio.new_event_loop()
        mine.loop.run_until_complete(wait_for_provider() if load == "wait" else ask())

    return run


def _run_per_task(url: str, load: str) -> Callable[[], None]:
    if load == "wait":
        return lambda: asyncio.run(wait_for_provider())
    return lambda: asyncio.run(ask_once(url))


WAYS = {
    "one loop behind a bridge": _shared_loop,
    "a loop for each thread": _loop_per_thread,
    "asyncio.run for each task": _run_per_task,
}


# A loop for each thread holds a connection for each thread, and 100 are all that a server allows.
CASES = [
    ("wait", "one loop behind a bridge", 50),
    ("wait", "one loop behind a bridge", 100),
    ("wait", "a loop for each thread", 50),
    ("wait", "a loop for each thread", 100),
    ("wait", "asyncio.run for each task", 1),
    ("database", "one loop behind a bridge", 16),
    ("database", "one loop behind a bridge", 50),
    ("database", "a loop for each thread", 16),
    ("database", "a loop for each thread", 50),
    ("database", "asyncio.run for each task", 1),
]


def _measure(pipe: Connection, way: str, url: str, load: str, threads: int, seconds: float) -> None:
    """Measure in this fresh process and send rate and peak memory."""
    run = WAYS[way](url, load)
    run()
    rate = _drive(run, threads, seconds)
    pipe.send((rate, psutil.Process().memory_full_info().uss / 1e6))
    pipe.recv()
    os._exit(0)


def measure(way: str, url: str, load: str, threads: int, seconds: float) -> Row:
    """Return the figures of one way; two single-threaded processes for asyncio.run."""
    is_prefork = way.startswith("asyncio.run")
    count, width = (PROCESSES if is_prefork else 1), threads
    context = multiprocessing.get_context("spawn")
    pipes = []
    for _ in range(count):
        ours, theirs = context.Pipe()
        arguments = (theirs, way, url, load, width, seconds)
        context.Process(target=_measure, args=arguments, daemon=True).start()
        pipes.append(ours)
    connections = 0
    while not all(pipe.poll(0.5) for pipe in pipes):
        connections = max(connections, count_connections(url))
    results = [pipe.recv() for pipe in pipes]
    for pipe in pipes:
        pipe.send("end")
    label = f"{way}, {count} x {width}"
    return Row(
        label,
        load,
        sum(rate for rate, _ in results),
        connections,
        sum(memory for _, memory in results),
    )


def main(argv: list[str]) -> int:
    """Print the table and the line of results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="longer runs")
    options = parser.parse_args(argv)
    seconds = 15.0 if options.full else 4.0
    rows = []
    with (
        tempfile.TemporaryDirectory(prefix="myriad-bridge-") as folder,
        running_servers(Path(folder)) as urls,
    ):
        for load, way, threads in CASES:
            rows.append(measure(way, urls.app_url, load, threads, seconds))
            _print(rows[-1], is_first=len(rows) == 1)
    best = {(row.load, row.way): row.per_second for row in rows}
    shared, own = "one loop behind a bridge, 1 x {}", "a loop for each thread, 1 x {}"
    prefork = f"asyncio.run for each task, {PROCESSES} x 1"
    waits, asks = best["wait", shared.format(100)], best["database", shared.format(50)]
    print(
        "RESULT async-bridge"
        f" wait_per_second={waits:.1f}"
        f" wait_ratio_to_prefork={waits / best['wait', prefork]:.2f}"
        f" wait_ratio_to_loop_per_thread={waits / best['wait', own.format(100)]:.2f}"
        f" database_per_second={asks:.1f}"
        f" database_ratio_to_prefork={asks / best['database', prefork]:.2f}"
        f" database_ratio_to_loop_per_thread={asks / best['database', own.format(50)]:.2f}"
    )
    return 0


def _print(row: Row, *, is_first: bool) -> None:
    if is_first:
        print(
            f"{'way, processes x threads':42} {'load':9} {'calls/s':>9} {'connections':>11} {'MB':>7}"
        )
    print(
        f"{row.way:42} {row.load:9} {row.per_second:9.1f} {row.connections:11} {row.memory_mb:7.1f}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
