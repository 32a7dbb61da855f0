"""The noisy neighbour: 200,000 jobs of one tenant at once, and 9,999 tenants with one job each.

The small jobs arrive over 1,000 s at a server of 200 jobs a second. Dispatcher, fair queue and
PostgreSQL are the real ones; only time is simulated, because a real run would take a quarter of an
hour: each step inserts what has arrived, lets the dispatcher fill the worker's window, and serves
the worker's queue in its order. A wait runs from the arrival to the start, the time in the worker's
own queue included. The window is the real one (20 slots of 0.1 s jobs: 120 jobs).

First in, first out is the same engine with every job in one tenant's lane, where order is by age.
That is also what a queue of Celery, Dramatiq, Taskiq or Procrastinate does: none of them knows
tenants, so their line is this one.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import psycopg
from job_peers.harness import Place, running_place
from job_peers.myriad_peer import database_settings

from myriad.apps.products import migration_locations
from myriad.kit.ids import new_id
from myriad.scale.data import Database
from myriad.scale.data.migrations import upgrade
from myriad.scale.jobs.broker import Bundle
from myriad.scale.jobs.dispatch import Dispatcher
from myriad.scale.observe import logs

BIG_JOBS = 200_000
SMALL_TENANTS = 9_999
SECONDS = 1_000
PER_SECOND = 200
JOB_SECONDS = 0.1
_TASK_ID = 1
_CLASS = 2
_WORKER = (
    "INSERT INTO platform.job_worker (id, host, pid, slots, name, seen_at) "
    "VALUES (gen_random_uuid(), 'bench', 1, %s, 'bench', now() + interval '1 day')"
)
_TASK = "INSERT INTO platform.job_task (name, mean_seconds) VALUES ('bench.thing.do', %s)"
_BACKLOG = """
INSERT INTO platform.job (tenant_id, id, state, job_class, task_id, payload)
SELECT %s, uuidv7(), 'queued', 2, 1, '{}' FROM generate_series(1, %s)
"""
_ARRIVE = """
INSERT INTO platform.job (tenant_id, id, state, job_class, task_id, payload)
SELECT tenant_id, id, 'queued', 2, 1, '{}'
FROM unnest(%s::uuid[], %s::uuid[]) AS arrived (tenant_id, id)
"""
_END = """
DELETE FROM platform.job USING unnest(%s::uuid[], %s::uuid[]) AS ended (tenant_id, id)
WHERE job.tenant_id = ended.tenant_id AND job.state = 'dispatched' AND job.job_class = 2
    AND job.task_id = 1 AND job.id = ended.id
"""


@dataclass(frozen=True)
class World:
    """One run: who has how much, how fast the server is, and how far time goes in a step."""

    is_fair: bool
    big_jobs: int
    small_tenants: int
    seconds: int
    step_seconds: float

    @property
    def slots(self) -> int:
        """As many as the rate needs; at least a step's work must fit into the window."""
        return max(round(PER_SECOND * JOB_SECONDS), round(PER_SECOND * self.step_seconds / 4))


@dataclass
class Server:
    """A worker in simulated time: takes bundles in their order, `PER_SECOND` jobs a second."""

    waiting: deque[tuple[UUID, UUID]] = field(default_factory=deque)
    served: int = 0

    def publish(self, bundles: Sequence[Bundle]) -> None:
        """Queue the jobs of the bundles."""
        for bundle in bundles:
            self.waiting += [(UUID(member[0]), UUID(member[1])) for member in bundle.members]

    def serve(self, now: float, seconds: float) -> list[tuple[UUID, UUID, float]]:
        """Return tenant, job and start of what is served from `now` on for so long."""
        most = round(PER_SECOND * seconds)
        taken = [self.waiting.popleft() for _ in range(min(most, len(self.waiting)))]
        self.served += len(taken)
        return [(*job, now + place / PER_SECOND) for place, job in enumerate(taken)]


@dataclass(frozen=True)
class Waits:
    """How long the small tenants' jobs waited, and what the big tenant got."""

    p50: float
    p99: float
    longest: float
    big_served: int
    used_share: float
    wall_seconds: float


async def simulate(place: Place, world: World) -> Waits:
    """Run a world on an empty queue and return the waits of the small jobs."""
    began = time.perf_counter()
    database = Database(database_settings(place.urls))
    big, arrivals = new_id(), _arrivals(world)
    async with await psycopg.AsyncConnection.connect(
        place.urls.database_url, autocommit=True
    ) as owner:
        await owner.execute(
            "TRUNCATE platform.job, platform.job_pack, platform.job_slice, platform.job_flow"
        )
        await owner.execute("TRUNCATE platform.job_worker")
    crossing = await psycopg.AsyncConnection.connect(place.urls.crossing_url, autocommit=True)
    async with crossing:
        await crossing.execute("SET synchronous_commit = off; SET enable_seqscan = off")
        await crossing.execute(_WORKER, [world.slots])
        await crossing.execute(_BACKLOG, [big, world.big_jobs])
        server = Server()
        dispatcher = Dispatcher(database, server)
        await dispatcher.flows.look()
        await dispatcher.standing.read()
        run = Run(world, crossing, dispatcher, server, big, arrivals)
        await run.to_end()
    await database.close()
    return run.waits_after(time.perf_counter() - began)


def _arrivals(world: World) -> deque[float]:
    dice = random.Random(7)
    return deque(sorted(dice.uniform(0, world.seconds) for _ in range(world.small_tenants)))


@dataclass
class Run:
    """The steps of a world."""

    world: World
    crossing: psycopg.AsyncConnection[tuple[object, ...]]
    dispatcher: Dispatcher
    server: Server
    big: UUID
    arrivals: deque[float]
    now: float = 0.0
    steps: int = 0
    arrived_at: dict[UUID, float] = field(default_factory=dict)
    waits: list[float] = field(default_factory=list)
    big_served: int = 0

    async def to_end(self) -> None:
        """Step until every small job has started."""
        while len(self.waits) < self.world.small_tenants:
            await self._arrive()
            await self.dispatcher.standing.count()
            await self.dispatcher.fill()
            started = self.server.serve(self.now, self.world.step_seconds)
            self._note(started)
            await self._end(started)
            if self.steps % 400 == 0:
                print(
                    f"  {self.now:6.0f} s, {len(self.waits)} small jobs",
                    file=sys.stderr,
                    flush=True,
                )
            self.now += self.world.step_seconds
            self.steps += 1

    async def _arrive(self) -> None:
        tenants, ids = [], []
        while self.arrivals and self.arrivals[0] <= self.now:
            job_id = new_id()
            self.arrived_at[job_id] = self.arrivals.popleft()
            tenants.append(new_id() if self.world.is_fair else self.big)
            ids.append(job_id)
        if ids:
            await self.crossing.execute(_ARRIVE, [tenants, ids])
        for tenant in tenants:
            self.dispatcher.flows.add(tenant, _CLASS, _TASK_ID, False, time.time())

    def _note(self, started: list[tuple[UUID, UUID, float]]) -> None:
        for _, job_id, start in started:
            arrived = self.arrived_at.pop(job_id, None)
            if arrived is None:
                self.big_served += 1
            else:
                self.waits.append(start - arrived)

    async def _end(self, started: list[tuple[UUID, UUID, float]]) -> None:
        if started:
            tenants, ids = [each[0] for each in started], [each[1] for each in started]
            await self.crossing.execute(_END, [tenants, ids])

    def waits_after(self, wall_seconds: float) -> Waits:
        """Return the figures of this run."""
        ordered = sorted(self.waits)
        capacity = PER_SECOND * self.world.step_seconds * self.steps
        return Waits(
            ordered[len(ordered) // 2],
            ordered[int(len(ordered) * 0.99)],
            ordered[-1],
            self.big_served,
            self.server.served / capacity,
            wall_seconds,
        )


def _print(label: str, waits: Waits) -> None:
    print(
        f"{label:46} {waits.p50:9.2f} {waits.p99:9.2f} {waits.longest:9.2f} "
        f"{waits.big_served:10,} {waits.used_share:7.1%} {waits.wall_seconds:7.0f}",
        flush=True,
    )


async def measure(place: Place, *, full: bool) -> tuple[Waits, Waits]:
    """Run both orders and print them."""
    upgrade(place.urls.database_url, migration_locations())
    with psycopg.connect(place.urls.crossing_url) as crossing:
        crossing.execute(_TASK, [JOB_SECONDS])
    size = (BIG_JOBS, SMALL_TENANTS, SECONDS)
    print(
        f"{'order':46} {'p50 s':>9} {'p99 s':>9} {'max s':>9} {'big served':>10} {'used':>7} "
        f"{'took s':>7}"
    )
    fair = await simulate(place, World(True, *size, 0.1 if full else 0.25))
    _print("Myriad, fair", fair)
    fifo = await simulate(place, World(False, *size, 1.0 if full else 2.5))
    _print("first in, first out, the same engine", fifo)
    print(
        "Celery, Dramatiq, Taskiq, Procrastinate: one queue, first in, first out, as the line above"
    )
    return fair, fifo


def main(argv: list[str]) -> int:
    """Print the table and the line of results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="steps of 0.1 s instead of 0.25 s")
    options = parser.parse_args(argv)
    logs.configure("bench", level="WARNING")
    with running_place() as place:
        fair, fifo = asyncio.run(measure(place, full=options.full))
    print(f"RESULT jobs-fair small_p99_seconds={fair.p99:.3f} fifo_p99_seconds={fifo.p99:.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
