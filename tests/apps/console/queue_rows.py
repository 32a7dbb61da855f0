"""Rows of a queue as they stand after a busy hour, made by hand for pages and their tests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import text

from myriad.kit.clock import utc_now
from myriad.kit.ids import new_id
from myriad.scale.jobs.store import CLASSES
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId

SYNC, REPORT, TRAIN = "keeper.account.sync", "keeper.report.make", "keeper.model.fit"
_INSERT = "INSERT INTO platform.{table} ({columns}) VALUES ({values})"
_TASK = "SELECT platform.job_task_id(%(task)s)"


class Rows:
    """Writes rows of one account's queue."""

    def __init__(self, runtime: Runtime, tenant_id: TenantId) -> None:
        self.runtime = runtime
        self.tenant_id = tenant_id
        self.now = utc_now()

    def ago(self, seconds: float) -> datetime:
        """Return the moment so many seconds ago."""
        return self.now - timedelta(seconds=seconds)

    async def write(self, table: str, row: Mapping[str, Any]) -> None:
        """Insert one row of the account."""
        facts = {"tenant_id": self.tenant_id, **row}
        statement = _INSERT.format(
            table=table, columns=", ".join(facts), values=", ".join(f"%({one})s" for one in facts)
        )
        values = {
            name: Jsonb(one) if isinstance(one, dict | list) else one for name, one in facts.items()
        }
        async with self.runtime.database.crossing("test makes jobs") as session:
            connection = await session.connection()
            await connection.exec_driver_sql(statement, values)

    async def task_id(self, task: str) -> int:
        """Return the id of a task, which is made when it is new."""
        async with self.runtime.database.crossing("test makes jobs") as session:
            connection = await session.connection()
            return int((await connection.exec_driver_sql(_TASK, {"task": task})).scalar_one())

    def id_of(self, seconds_ago: float) -> UUID:
        """Return an id that was made so many seconds ago."""
        milliseconds = int(self.ago(seconds_ago).timestamp() * 1000)
        return UUID(int=(milliseconds << 80) | (new_id().int & ((1 << 80) - 1)))

    async def job(
        self,
        state: str,
        task: str = SYNC,
        *,
        job_class: str = "default",
        seconds_ago: float = 0,
        **more: Any,
    ) -> UUID:
        """Insert a live or dead job that was asked for so many seconds ago and return its id."""
        job_id = self.id_of(seconds_ago)
        row: dict[str, Any] = {
            "id": job_id,
            "state": state,
            "job_class": CLASSES.index(job_class),
            "task_id": await self.task_id(task),
            "payload": {"mode": "increment"},
        }
        if state == "running":
            row |= {"lease_until": self.ago(-60), "fence": 1, "attempts": 1, "started_at": self.now}
        if state == "dead":
            row |= {"finished_at": self.now, "attempts": 3, "error": fault()}
        await self.write("job", row | more)
        return job_id

    async def finished(
        self, task: str = SYNC, *, seconds_ago: float = 0, took: float = 1.0, **more: Any
    ) -> UUID:
        """Insert a job that ended so many seconds ago after `took` seconds and return its id."""
        job_id = self.id_of(seconds_ago + took + 2)
        row: dict[str, Any] = {
            "id": job_id,
            "state": "succeeded",
            "job_class": 2,
            "task_id": await self.task_id(task),
            "attempts": 1,
            "payload": {"mode": "increment"},
            "cost": took,
            "started_at": self.ago(seconds_ago + took),
            "finished_at": self.ago(seconds_ago),
        }
        await self.write("job_finished", row | more)
        return job_id

    async def attempt(
        self, job_id: UUID, number: int, outcome: str, *, seconds_ago: float, took: float = 4.0
    ) -> None:
        """Insert an attempt of the job that ended so many seconds ago."""
        await self.write(
            "job_attempt",
            {
                "job_id": job_id,
                "attempt": number,
                "outcome": outcome,
                "worker_id": new_id(),
                "error": fault(),
                "started_at": self.ago(seconds_ago + took),
                "ended_at": self.ago(seconds_ago),
            },
        )

    async def edge(self, parent_id: UUID, child_id: UUID, name: str) -> None:
        """Let the child wait for the parent."""
        await self.write("job_edge", {"parent_id": parent_id, "child_id": child_id, "name": name})

    async def step(self, job_id: UUID, name: str, result: Any) -> None:
        """Keep the result of a step."""
        await self.write("job_step", {"job_id": job_id, "name": name, "result": result})


def fault(
    code: str = "unavailable", detail: str = "Square did not answer within 20 s"
) -> dict[str, Any]:
    """Return an error as a row keeps it."""
    return {
        "type": "UnavailableError",
        "code": code,
        "detail": detail,
        "where": "client.py:88 in get",
    }


async def add_worker(runtime: Runtime, name: str, **more: Any) -> UUID:
    """Insert a worker as its heartbeat does and return its id."""
    worker_id = new_id()
    facts = {
        "id": worker_id,
        "host": "node-1",
        "pid": 4711,
        "slots": 16,
        "name": name,
        "busy": 5,
        "cpu_share": 0.42,
        **more,
    }
    columns, values = ", ".join(facts), ", ".join(f":{one}" for one in facts)
    async with runtime.database.crossing("test makes a worker") as session:
        await session.execute(
            text(f"INSERT INTO platform.job_worker ({columns}) VALUES ({values})"), facts
        )
    return worker_id


async def busy_hour(runtime: Runtime, tenant_id: TenantId) -> dict[str, UUID]:
    """Fill an account's queue with a bit of everything and return the jobs worth a look."""
    rows = Rows(runtime, tenant_id)
    for number in range(60):
        await rows.finished(
            (SYNC, REPORT, TRAIN)[number % 3],
            seconds_ago=3 + number * number * 0.24,
            took=0.4 + number % 7,
        )
    for number in range(9):
        await rows.job("queued", TRAIN, job_class="bulk", seconds_ago=40 + number * 55)
    await rows.job("queued", SYNC, job_class="high", seconds_ago=3)
    waiting = await rows.job(
        "waiting",
        seconds_ago=190,
        run_at=rows.ago(-170),
        attempts=2,
        error=fault(),
        max_attempts=10,
    )
    await rows.attempt(waiting, 1, "retry", seconds_ago=176)
    await rows.attempt(waiting, 2, "retry", seconds_ago=12, took=20)
    running = await rows.job(
        "running",
        TRAIN,
        seconds_ago=64,
        started_at=rows.ago(21),
        attempts=2,
        progress_done=1840,
        progress_total=3000,
        stage="Payments",
        message="Reading May 2026",
        payload={"location": "L1", "access_token": "sq0atp-1234567890abcdef", "months": [5, 6]},
        worker_id=new_id(),
        max_attempts=10,
    )
    await rows.attempt(running, 1, "lost", seconds_ago=34, took=26)
    parent = await rows.finished(REPORT, seconds_ago=50)
    child = await rows.job("blocked", REPORT, seconds_ago=60, parents_left=1)
    await rows.edge(parent, running, "load")
    await rows.edge(running, child, "mail")
    await rows.step(running, "months", [5, 6])
    await rows.step(running, "open account", {"account": "A1", "api_key": "k-123"})
    dead = await rows.job(
        "dead", seconds_ago=900, finished_at=rows.ago(400), started_at=rows.ago(404), max_attempts=3
    )
    for number, seconds in enumerate((880, 790, 400), 1):
        await rows.attempt(dead, number, "retry" if number < 3 else "dead", seconds_ago=seconds)
    for number in range(3):
        await rows.job(
            "dead",
            REPORT,
            seconds_ago=2000 + number,
            error=fault("poison", "its worker died under it"),
        )
    return {"running": running, "waiting": waiting, "dead": dead, "done": parent, "child": child}
