"""Procrastinate 3.10 on PostgreSQL; its ledger is a table of the same database.

`python -m job_peers.procrastinate_peer work CONCURRENCY 0` works, `prepare 0 0` makes the tables.
"""

from __future__ import annotations

import asyncio
from typing import Any

import uvloop
from procrastinate import App, PsycopgConnector  # type: ignore[import-not-found]
from psycopg_pool import AsyncConnectionPool

from job_peers import marks

CONNECTIONS = 16
BATCH = 1000
LEDGER = "CREATE TABLE IF NOT EXISTS effect (number integer NOT NULL)"
RECOVERY = {"update_heartbeat_interval": 1.0, "stalled_worker_timeout": float(marks.SILENT_SECONDS)}

app = App(connector=PsycopgConnector(conninfo=marks.DATABASE, min_size=4, max_size=CONNECTIONS))
pool: AsyncConnectionPool[Any] = AsyncConnectionPool(
    marks.DATABASE, min_size=1, max_size=CONNECTIONS, open=False, kwargs={"autocommit": True}
)


async def touch() -> None:
    """Leave one byte."""
    marks.touch()


async def record(number: int) -> None:
    """Write the job's number into the ledger between two short waits."""
    await asyncio.sleep(marks.SHORT_SECONDS)
    async with pool.connection() as connection:
        await connection.execute("INSERT INTO effect (number) VALUES (%s)", [number])
    await asyncio.sleep(marks.SHORT_SECONDS)


async def pause() -> None:
    """Wait as for a provider, then leave the byte."""
    await asyncio.sleep(marks.WAIT_SECONDS)
    marks.touch()


TASKS: dict[str, Any] = {
    function.__name__: app.task(name=function.__name__)(function)
    for function in (touch, record, pause)
}


async def take_back(timestamp: int) -> None:
    """Give the jobs of workers that fell silent to others, as its guide says to do by oneself."""
    silent = marks.SILENT_SECONDS
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=silent):
        await app.job_manager.retry_job(job)


if marks.DIES:
    app.periodic(cron="* * * * * */2")(
        app.task(name="take_back", queueing_lock="take_back")(take_back)
    )


async def prepare() -> None:
    """Make the tables."""
    await app.schema_manager.apply_schema_async()
    async with pool.connection() as connection:
        await connection.execute(LEDGER)


async def enqueue(name: str, numbers: range, rest: float) -> None:
    """Enqueue a thousand at a time, or one by one with a pause after each."""
    size = 1 if rest else BATCH
    for start in range(numbers.start, numbers.stop, size):
        some = range(start, min(start + size, numbers.stop))
        calls = [{"number": number} if name == "record" else {} for number in some]
        await TASKS[name].batch_defer_async(*calls)
        await asyncio.sleep(rest)


async def main() -> None:
    """Work, prepare or enqueue."""
    name, numbers, rest = marks.asked()
    async with pool, app.open_async():
        if name == "work":
            more = RECOVERY if marks.DIES else {}
            await app.run_worker_async(concurrency=numbers.start, **more)
        elif name == "prepare":
            await prepare()
        else:
            await enqueue(name, numbers, rest)


if __name__ == "__main__":
    uvloop.run(main())
