"""Dispatch from a million waiting jobs of 10,000 tenants, bulk enqueueing, and their size on disk.

- enqueue: `enqueue_fan_out` gives each tenant its part of a million jobs in one transaction, commit
  included.
- dispatch: the real dispatcher chooses by start-time fair queueing and marks jobs as dispatched in
  the database, a hundred to a committed statement, for workers with room for all of them; jobs are
  known to take a millisecond. `with publishing` also sends the bundles to Redis.
- size: the tables of jobs and packs with their indexes, for the million as packs, and for single
  rows.

Beside them, in the same run: the query that most queues on PostgreSQL use (`ORDER BY created_at …
FOR UPDATE SKIP LOCKED`, a hundred to a statement), and how fast Celery and Procrastinate enqueue.
The default form dispatches 200,000 of the million and counts single rows from 100,000; `--full`
does both with the million.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import psycopg
from job_peers.forms import celery, procrastinate
from job_peers.harness import Peer, Place, running_place
from job_peers.myriad_peer import database_settings

from myriad.apps.products import migration_locations
from myriad.kit.ids import new_id
from myriad.scale.data import Database
from myriad.scale.data.migrations import upgrade
from myriad.scale.jobs.broker import Bundle, Publisher, create_celery
from myriad.scale.jobs.capacity import set_capacity
from myriad.scale.jobs.dispatch import Dispatcher
from myriad.scale.jobs.packs import enqueue_fan_out
from myriad.scale.observe import logs
from myriad.scale.tenancy import TenantId

JOBS = 1_000_000
TENANTS = 10_000
TASK = "bench.thing.do"
BATCH = 100
_SLOTS = 40_000
_TENANT = "INSERT INTO platform.tenant (id, slug, name, timezone) VALUES (%s, %s, 'Bench', 'UTC')"
_WORKER = (
    "INSERT INTO platform.job_worker (id, host, pid, slots, name, seen_at) "
    "VALUES (gen_random_uuid(), 'bench', 1, %s, 'bench', now() + interval '1 day')"
)
_BYTES = (
    "SELECT pg_total_relation_size('platform.job') + pg_total_relation_size('platform.job_pack')"
)
_ROWS = """
INSERT INTO platform.job (tenant_id, id, state, job_class, task_id, payload)
SELECT tenant.id, uuidv7(), 'queued', 2, (SELECT min(id) FROM platform.job_task),
    jsonb_build_object('number', number)
FROM (SELECT id, row_number() OVER () AS place FROM platform.tenant) AS tenant
JOIN generate_series(1, %s) AS number ON number %% %s = tenant.place - 1
"""
_NAIVE = """
CREATE TABLE bench_job (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tenant_id uuid,
    state text, created_at timestamptz, payload jsonb);
INSERT INTO bench_job (tenant_id, state, created_at, payload)
SELECT gen_random_uuid(), 'queued', now() + number * interval '1 ms', '{}'
FROM generate_series(1, 100000) AS number;
CREATE INDEX ON bench_job (created_at) WHERE state = 'queued'
"""
_NAIVE_TAKE = """
UPDATE bench_job SET state = 'dispatched' FROM (
    SELECT id FROM bench_job WHERE state = 'queued'
    ORDER BY created_at LIMIT 100 FOR UPDATE SKIP LOCKED
) AS next WHERE bench_job.id = next.id
"""


@dataclass
class Nobody:
    """A carrier that carries nothing, so that only choosing and marking are timed."""

    bundles: int = 0

    def publish(self, bundles: Sequence[Bundle]) -> None:
        """Count the bundles."""
        self.bundles += len(bundles)


@dataclass
class Rates:
    """What was measured, per second, and sizes in megabytes for a million jobs."""

    lines: list[tuple[str, float, str]] = field(default_factory=list)

    def add(self, label: str, value: float, unit: str = "jobs/s") -> float:
        """Print and keep one line."""
        self.lines.append((label, value, unit))
        print(f"{label:58} {value:12,.0f} {unit}", flush=True)
        return value


async def prepare(place: Place) -> tuple[Database, list[TenantId]]:
    """Return a migrated database with its tenants and a worker that has room for everything."""
    upgrade(place.urls.database_url, migration_locations())
    tenants = [TenantId(new_id()) for _ in range(TENANTS)]
    with psycopg.connect(place.urls.crossing_url) as crossing, crossing.cursor() as cursor:
        cursor.executemany(_TENANT, [(t, f"bench-{n}") for n, t in enumerate(tenants)])
        cursor.execute(_WORKER, [_SLOTS])
    database = Database(database_settings(place.urls))
    async with database.crossing("bench") as session:
        await set_capacity(session, 5 * JOBS)
    return database, tenants


async def enqueue(database: Database, tenants: Sequence[TenantId], jobs: int) -> float:
    """Enqueue `jobs` dealt out among the tenants and return jobs per second."""
    each = jobs // len(tenants)
    began = time.perf_counter()
    async with database.crossing("bench") as session:
        payloads = {tenant: ({"number": n} for n in range(each)) for tenant in tenants}
        await enqueue_fan_out(session, TASK, payloads)
    return jobs / (time.perf_counter() - began)


async def dispatcher_of(database: Database, carrier: Nobody | Publisher) -> Dispatcher:
    """Return a dispatcher that knows of all work, as a leader does."""
    dispatcher = Dispatcher(database, carrier, BATCH)
    await dispatcher.flows.weigh()
    await dispatcher.flows.look()
    await dispatcher.standing.read()
    return dispatcher


async def dispatch(dispatcher: Dispatcher, jobs: int) -> float:
    """Dispatch `jobs` and return how many a second."""
    began = time.perf_counter()
    done = await dispatcher.fill(jobs)
    return done.published / (time.perf_counter() - began)


def megabytes(place: Place) -> float:
    """Return the size of waiting jobs with their indexes."""
    with psycopg.connect(place.urls.database_url) as owner:
        found = owner.execute(_BYTES).fetchone()
    return int(found[0]) / 1e6 if found else 0.0


def size_of_rows(place: Place, jobs: int) -> float:
    """Return the megabytes of a million single rows, counted from `jobs` of them."""
    with psycopg.connect(place.urls.database_url) as owner:
        owner.execute("TRUNCATE platform.job, platform.job_pack, platform.job_slice")
    with psycopg.connect(place.urls.crossing_url) as crossing:
        crossing.execute(_ROWS, [jobs, TENANTS])
    return megabytes(place) * JOBS / jobs


def naive(place: Place, batches: int = 300) -> float:
    """Return the rate of the query that serves the oldest first."""
    with psycopg.connect(place.urls.database_url, autocommit=True) as owner:
        owner.execute(_NAIVE)
        owner.execute("SET synchronous_commit = off")
        began = time.perf_counter()
        for _ in range(batches):
            owner.execute(_NAIVE_TAKE)
        return batches * 100 / (time.perf_counter() - began)


async def enqueue_rate(peer: Peer, jobs: int) -> float:
    """Return how many jobs a second a peer enqueues; its start is measured and taken off."""
    times = []
    for count in (1, jobs):
        began = time.perf_counter()
        await peer.prepare("touch", count)
        times.append(time.perf_counter() - began)
    return (jobs - 1) / max(times[1] - times[0], 1e-3)


async def measure(place: Place, *, full: bool) -> dict[str, float]:
    """Measure everything and return the figures of the last line."""
    rates, some = Rates(), JOBS if full else 200_000
    database, tenants = await prepare(place)
    enqueued = rates.add("Myriad, enqueue in bulk", await enqueue(database, tenants, JOBS))
    async with database.crossing("bench") as session:
        connection = await session.connection()
        await connection.exec_driver_sql("UPDATE platform.job_task SET mean_seconds = 0.001")
    packs = rates.add("Myriad, a million jobs in packs", megabytes(place), "MB")
    dispatcher = await dispatcher_of(database, Nobody())
    dispatched = rates.add("Myriad, dispatch, 100 to a commit", await dispatch(dispatcher, some))
    await _measure_publishing(place, database, tenants, rates, full=full)
    rows = await asyncio.to_thread(size_of_rows, place, JOBS if full else 100_000)
    rates.add("Myriad, a million single jobs", rows, "MB")
    dispatcher = await dispatcher_of(database, Nobody())
    rates.add("Myriad, dispatch of single jobs", await dispatch(dispatcher, 20_000))
    await database.close()
    rates.add("oldest first, SKIP LOCKED, 100 to a commit", await asyncio.to_thread(naive, place))
    await _measure_peers(place, rates, 100_000 if full else 20_000)
    return {"dispatch_per_s": dispatched, "enqueue_per_s": enqueued, "mb_per_million": packs}


async def _measure_publishing(
    place: Place, database: Database, tenants: Sequence[TenantId], rates: Rates, *, full: bool
) -> None:
    if full:
        await enqueue(database, tenants, JOBS)
    publisher = Publisher(create_celery(place.urls.broker_url))
    dispatcher = await dispatcher_of(database, publisher)
    rates.add("Myriad, dispatch with publishing", await dispatch(dispatcher, 100_000))
    publisher.forget(["bench"])
    publisher.close()


async def _measure_peers(place: Place, rates: Rates, jobs: int) -> None:
    forms = (
        celery("celery", "Celery 5.7, kombu's Producer.batch", "prefork", 2),
        procrastinate("procrastinate", "Procrastinate 3.10, batch_defer", 2),
    )
    for form in forms:
        rate = await enqueue_rate(Peer(form, place), jobs)
        rates.add(f"{form.label}, enqueue", rate)


def main(argv: list[str]) -> int:
    """Print the table and the line of results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="dispatch and count the whole million")
    options = parser.parse_args(argv)
    logs.configure("bench", level="WARNING")
    with running_place() as place:
        found = asyncio.run(measure(place, full=options.full))
    print("RESULT jobs-dispatch " + " ".join(f"{key}={value:.1f}" for key, value in found.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
