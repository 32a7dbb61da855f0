"""How long 500,000 watched things that are due take to become jobs.

A million things of 10,000 tenants, half of them due, tenant sizes lognormal (sigma 1.5). One sweep
makes a job for each bundle of at most 100 things of a tenant; the bench then reads every bundle's
stretch of the due order and counts that each due thing lies in exactly one. The figures are
medians of several sweeps, each rolled back to the same state but the last; `cpu_seconds` is what
PostgreSQL worked for one, whatever else the machine did meanwhile. The table is vacuumed before,
as autovacuum leaves it, so that the index alone answers.

Peer: the loop that is usually written, through SQLAlchemy's ORM: read the due objects in pages,
insert a job object for each, move each object on. It runs over fewer things and is compared by
the thing.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
import psycopg
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from myriad.apps.products import migration_locations
from myriad.scale.data import NamedQueries
from myriad.scale.data.database import sqlalchemy_url
from myriad.scale.data.migrations import upgrade
from myriad.scale.embedded.servers import running_servers

QUERIES = NamedQueries.load("myriad.scale.schedule")
TASK = "bench.page.scan"
PAGE = 1000
DUE_SHARE = 0.5

_TENANTS = """
INSERT INTO platform.tenant (id, slug, name, timezone)
SELECT uuidv7(), 't' || n, 'Tenant', 'UTC' FROM generate_series(1, %(tenants)s) AS n
"""
_PLANS = """
INSERT INTO platform.watch_plan (tenant_id, kind, task)
SELECT id, 'page', %(task)s FROM platform.tenant
"""
_THINGS = """
WITH sized AS (
    SELECT tenant_id, exp(1.5 * random_normal()) AS size FROM platform.watch_plan
), share AS (
    SELECT tenant_id, greatest(1, round(%(things)s * size / sum(size) OVER ())) AS things
    FROM sized
)
INSERT INTO platform.watch (tenant_id, kind, item_id, added_at, last_seen_at, next_due_at)
SELECT tenant_id, 'page', gen_random_uuid(), now() - interval '40 days',
    now() - interval '7 days', now() + (random() - %(due)s) * interval '7 days'
FROM share, generate_series(1, share.things::integer)
"""
_COVERED = """
WITH job AS (
    SELECT tenant_id, (payload ->> 'from_at')::timestamptz AS from_at,
        (payload ->> 'from_item')::uuid AS from_item,
        (payload ->> 'until_at')::timestamptz AS until_at,
        (payload ->> 'until_item')::uuid AS until_item
    FROM platform.job
)
SELECT count(*) AS things, count(DISTINCT watch.item_id) AS distinct_things
FROM job JOIN platform.watch ON watch.tenant_id = job.tenant_id AND watch.kind = 'page'
    AND (watch.next_due_at, watch.item_id) >= (job.from_at, job.from_item)
    AND watch.next_due_at <= job.until_at
    AND (job.until_item IS NULL
        OR (watch.next_due_at, watch.item_id) < (job.until_at, job.until_item))
"""


@dataclass(frozen=True)
class Swept:
    """What the sweeps came to: medians of their seconds, things due, things in jobs, jobs."""

    seconds: float
    cpu_seconds: float
    due: int
    covered: int
    jobs: int


def fill(urls: Any, tenants: int, things: int) -> None:
    """Make tenants, plans and things, and let PostgreSQL tidy up as autovacuum does."""
    with psycopg.connect(urls.crossing_url) as connection:
        connection.execute(_TENANTS, {"tenants": tenants})
        connection.execute(_PLANS, {"task": TASK})
        connection.execute("SELECT platform.job_task_id(%s)", [TASK])
        connection.execute(_THINGS, {"things": things, "due": DUE_SHARE})
    with psycopg.connect(urls.database_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE platform.watch")
        connection.execute("VACUUM ANALYZE platform.watch_plan")


def sweep_often(url: str, rounds: int) -> Swept:
    """Sweep several times from the same state, the last time for good, and check the jobs."""
    seconds, cpu_seconds = [], []
    with psycopg.connect(url) as connection:
        backend = psutil.Process(connection.info.backend_pid)
        now: datetime = _one(connection, "SELECT clock_timestamp()")
        due = _one(connection, "SELECT count(*) FROM platform.watch WHERE next_due_at <= %s", [now])
        connection.commit()
        for number in range(rounds):
            began, worked = time.perf_counter(), sum(backend.cpu_times()[:2])
            jobs = _one(connection, QUERIES["sweep"], {"now": now, "before": now})
            is_last = number == rounds - 1
            connection.commit() if is_last else connection.rollback()
            seconds.append(time.perf_counter() - began)
            cpu_seconds.append(sum(backend.cpu_times()[:2]) - worked)
        covered, distinct = connection.execute(_COVERED).fetchone() or (0, 0)
    if covered != distinct:
        sys.exit(f"schedule-due: {covered - distinct} things lie in two jobs")
    return Swept(statistics.median(seconds), statistics.median(cpu_seconds), due, covered, jobs)


def _one(connection: psycopg.Connection, sql: str, parameters: Any = None) -> Any:
    row = connection.execute(sql, parameters).fetchone()
    if row is None:
        raise LookupError(sql)
    return row[0]


class Base(DeclarativeBase):
    """The peer's tables."""


class PeerThing(Base):
    """A watched thing, as an ORM model."""

    __tablename__ = "peer_thing"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    next_due_at: Mapped[datetime] = mapped_column(index=True)


class PeerJob(Base):
    """A job for one thing, as an ORM model."""

    __tablename__ = "peer_job"
    id: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    thing_id: Mapped[UUID]
    state: Mapped[str]


def sweep_by_orm(url: str, things: int) -> float:
    """Return the seconds that the ORM's loop takes over `things` due things."""
    engine = create_engine(sqlalchemy_url(url))
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE SCHEMA peer")
        connection.exec_driver_sql("SET LOCAL search_path = peer")
        Base.metadata.create_all(connection)
        connection.exec_driver_sql(
            "INSERT INTO peer_thing SELECT gen_random_uuid(), gen_random_uuid(), "
            f"now() - interval '1 hour' FROM generate_series(1, {things})"
        )
    with Session(engine) as session:
        session.connection().exec_driver_sql("SET search_path = peer")
        began, done = time.perf_counter(), 0
        while page := session.scalars(
            select(PeerThing)
            .where(PeerThing.next_due_at <= datetime.now())  # noqa: DTZ005 - a naive column
            .limit(PAGE)
        ).all():
            for thing in page:
                session.add(PeerJob(tenant_id=thing.tenant_id, thing_id=thing.id, state="queued"))
                thing.next_due_at += timedelta(days=7)
            session.commit()
            done += len(page)
        return time.perf_counter() - began if done == things else float("nan")


def main(argv: list[str]) -> int:
    """Print the table and the line of results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="two million things, a million due")
    options = parser.parse_args(argv)
    things, tenants = (2_000_000, 10_000) if options.full else (1_000_000, 10_000)
    peer_things = 50_000 if options.full else 20_000
    with (
        tempfile.TemporaryDirectory(prefix="myriad-due-") as folder,
        running_servers(Path(folder)) as urls,
    ):
        upgrade(urls.database_url, migration_locations())
        print(f"filling {things:,} things of {tenants:,} tenants ...", flush=True)
        fill(urls, tenants, things)
        ours = sweep_often(urls.crossing_url, rounds=5)
        peer_seconds = sweep_by_orm(urls.database_url, peer_things)
    show(ours, peer_things, peer_seconds)
    return 0 if ours.covered == ours.due else 1


def show(ours: Swept, peer_things: int, peer_seconds: float) -> None:
    """Print the table and the line of results."""
    each, peer_each = ours.seconds / ours.due * 1e6, peer_seconds / peer_things * 1e6
    print(f"{'way':34}{'due':>10}{'jobs':>9}{'seconds':>9}{'cpu':>9}{'us/thing':>10}")
    print(
        f"{'one sweep, bundles of 100':34}{ours.due:10,}{ours.jobs:9,}{ours.seconds:9.3f}"
        f"{ours.cpu_seconds:9.3f}{each:10.2f}"
    )
    print(
        f"{'a loop through an ORM, job by job':34}{peer_things:10,}{peer_things:9,}"
        f"{peer_seconds:9.3f}{'':9}{peer_each:10.2f}"
    )
    print(f"{ours.covered:,} of {ours.due:,} due things lie in exactly one job")
    print(
        f"RESULT schedule-due items={ours.due} seconds={ours.seconds:.3f} jobs={ours.jobs}"
        f" cpu_seconds={ours.cpu_seconds:.3f} covered={ours.covered} seconds_per_item_ratio={each / peer_each:.5f}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
