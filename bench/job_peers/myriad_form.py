"""Myriad on the servers of a bench: tables, tenants, jobs, and the processes that run them."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psycopg

from job_peers.harness import (
    POLL_SECONDS,
    SLOW_POLL_SECONDS,
    Place,
    measure_rate,
    running,
    size_of,
)
from job_peers.myriad_peer import LEDGER, RECORD, Config, open_bench_runtime
from myriad.apps.products import migration_locations
from myriad.kit.ids import new_id
from myriad.scale.data.migrations import upgrade
from myriad.scale.jobs import enqueue_many
from myriad.scale.jobs.status import replay_many
from myriad.scale.tenancy import TenantId

TENANTS = 20
# The ledger is a tenant's table like any other: row security holds for the bench as well.
_TABLES = """
CREATE SCHEMA bench;
CREATE TABLE bench.ledger (tenant_id uuid NOT NULL, number integer NOT NULL);
ALTER TABLE bench.ledger ENABLE ROW LEVEL SECURITY;
ALTER TABLE bench.ledger FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON bench.ledger TO myriad_app
    USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
CREATE POLICY crossing ON bench.ledger TO myriad_crossing USING (true);
GRANT USAGE ON SCHEMA bench TO myriad_app, myriad_crossing;
GRANT SELECT, INSERT ON bench.ledger TO myriad_app;
GRANT SELECT ON bench.ledger TO myriad_crossing;
"""
_LEFT = """
SELECT (SELECT count(*) FROM platform.job WHERE state <> 'dead')
    + (SELECT coalesce(sum(size - taken), 0) FROM platform.job_pack)
    + (SELECT coalesce(sum(jobs), 0) FROM platform.job_slice)
"""
_ROWS = "SELECT count(*) FROM bench.ledger"


@dataclass
class Myriad:
    """Myriad on a place; `workers` processes of `slots` slots each."""

    place: Place
    workers: int = 1
    slots: int = 16
    tenants: Sequence[TenantId] = field(default_factory=tuple)

    @property
    def effects(self) -> Path:
        """The file to which jobs without a database append."""
        return self.place.effects_of("myriad")

    @property
    def log(self) -> Path:
        """Where its processes say what went wrong."""
        return self.place.log_of("myriad")

    async def prepare(self) -> None:
        """Make the tables and the tenants."""
        upgrade(self.place.urls.database_url, migration_locations())
        with psycopg.connect(self.place.urls.database_url) as owner:
            owner.execute(_TABLES)
        self.tenants = [TenantId(new_id()) for _ in range(TENANTS)]
        insert = "INSERT INTO platform.tenant (id, slug, name, timezone) VALUES (%s, %s, %s, 'UTC')"
        with psycopg.connect(self.place.urls.crossing_url) as crossing:
            for number, tenant in enumerate(self.tenants):
                crossing.execute(insert, (tenant, f"bench-{number}", f"Bench {number}"))

    async def enqueue(self, task: str, count: int) -> None:
        """Forget earlier effects and enqueue `count` jobs, dealt out among the tenants."""
        self.effects.unlink(missing_ok=True)
        with psycopg.connect(self.place.urls.database_url) as owner:
            owner.execute("TRUNCATE bench.ledger")
        async with open_bench_runtime(self.place.urls, "bench") as runtime:
            for index, tenant in enumerate(self.tenants):
                numbers = range(index, count, len(self.tenants))
                payloads = [{"number": number} for number in numbers]
                async with runtime.database.session(tenant) as session:
                    await enqueue_many(session, task, payloads)

    async def replay_dead(self) -> int:
        """Queue every dead letter again, as an operator would, and return how many there were."""
        async with open_bench_runtime(self.place.urls, "bench") as runtime:
            replayed = 0
            for tenant in self.tenants:
                async with runtime.database.session(tenant) as session:
                    replayed += await replay_many(session)
            return replayed

    def _command(self, part: str, name: str = "") -> list[str | Path]:
        config = Config(asdict(self.place.urls), self.slots, name)
        return [sys.executable, "-m", "job_peers.myriad_peer", part, config.as_json()]

    @property
    def _environment(self) -> dict[str, str]:
        return {"JOB_PEER_EFFECTS": str(self.effects)}

    def ticking(self) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
        """Run dispatcher and reaper while the block lasts."""
        return running(self._command("ticker"), self.log, self._environment)

    @contextlib.contextmanager
    def working(self) -> Iterator[subprocess.Popen[bytes]]:
        """Run the workers while the block lasts, and yield the first."""
        with contextlib.ExitStack() as stack:
            children = [
                stack.enter_context(
                    running(self._command("worker", f"bench-{number}"), self.log, self._environment)
                )
                for number in range(self.workers)
            ]
            yield children[0]

    @contextlib.contextmanager
    def asking(self, query: str) -> Iterator[Callable[[], int]]:
        """Yield a function that asks the database for one number across tenants."""
        with psycopg.connect(self.place.urls.crossing_url, autocommit=True) as connection:

            def ask() -> int:
                row = connection.execute(query).fetchone()
                return int(row[0]) if row else 0

            yield ask

    async def rate(self, task: str, count: int) -> float:
        """Enqueue, then work, and return jobs per second until every job's end is committed."""
        await self.enqueue(task, count)
        is_ledger = task in (LEDGER, RECORD)
        with (
            self.asking(_ROWS if is_ledger else _LEFT) as ask,
            self.ticking(),
            self.working() as it,
        ):

            def bytes_done() -> int:
                size = size_of(self.effects)
                return size if size < count else count - min(ask(), 1)

            done, poll = (ask, SLOW_POLL_SECONDS) if is_ledger else (bytes_done, POLL_SECONDS)
            return await measure_rate(done, count, it, self.log, poll)
