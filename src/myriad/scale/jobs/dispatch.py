"""The dispatcher: keeps a short window of jobs with the workers and the rest in PostgreSQL."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from myriad.kit.errors import UnavailableError
from myriad.kit.waiting import wait_within
from myriad.scale.data import Database
from myriad.scale.jobs.broker import Bundle
from myriad.scale.jobs.flight import WRITERS, Flight
from myriad.scale.jobs.flows import Flows, Pace
from myriad.scale.jobs.leader import Leadership, leading
from myriad.scale.jobs.lines import Line, Lines
from myriad.scale.jobs.measures import DISPATCHED, LEADING, ROUND_SECONDS
from myriad.scale.jobs.pauses import IDLE_SECONDS, Pauses
from myriad.scale.jobs.slices import FEWEST_FOR_SLICE, open_slices, refs_of, unpack_slices
from myriad.scale.jobs.standing import BUNDLE_JOBS, BUNDLE_SECONDS, Standing
from myriad.scale.jobs.store import columns_of, run
from myriad.scale.jobs.taking import Ask, Batch, take
from myriad.scale.observe.logs import get_logger

BATCH_JOBS = 100
PROMOTE_LIMIT = 1000
BURY_LIMIT = 1000
STEAL_LIMIT = 200
STEAL_SECONDS = 1.0
_RETRY_SECONDS = 1.0
_HIGH = 1
_NO_LIMIT = 1 << 60
_log = get_logger(__name__)


class Carrier(Protocol):
    """What takes bundles to workers; `publish` blocks and raises UnavailableError."""

    def publish(self, bundles: Sequence[Bundle], /) -> None:
        """Send the bundles."""


@dataclass(frozen=True)
class Dispatched:
    """What one round did; `is_full` says that more may wait behind full workers or limits."""

    published: int
    is_full: bool


@dataclass
class Dispatcher:
    """Moves jobs from the tables to the workers; several at once are harmless, one leads."""

    database: Database
    publisher: Carrier
    batch_jobs: int = BATCH_JOBS
    flows: Flows = field(init=False)
    lines: Lines = field(init=False)
    standing: Standing = field(init=False)
    _promoting: Pace = field(default_factory=lambda: Pace(0.2, share=0.2))
    _burying: Pace = field(default_factory=lambda: Pace(1.0))
    _woken: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        url = self.database.settings.crossing
        self.lines = self.database.shared(Lines, lambda: Lines.to(url, WRITERS))
        self.flows = Flows(self.lines.beside)
        self.standing = Standing(self.lines.of(0), self.flows.queue)

    async def dispatch(self, limit: int | None = None) -> Dispatched:
        """Look at everything anew and fill the workers' windows once, by at most `limit` jobs.

        Raises UnavailableError, with the jobs back in the queue, when the broker is away.
        """
        await self.promote()
        await self.bury_overdue()
        await self.flows.weigh()
        await self.flows.look()
        await self.standing.read()
        await self.standing.count()
        return await self.fill(limit)

    async def promote(self) -> int:
        """Queue waiting jobs whose time has come and return how many."""
        rows = await self.standing.line.rows("promote_due", limit=PROMOTE_LIMIT)
        for row in rows:
            self.flows.add(row.tenant_id, row.job_class, row.task_id, False, row.since)
        self._promoting.ended()
        return sum(row.jobs for row in rows)

    async def bury_overdue(self) -> int:
        """Make dead letters of jobs that were not started by their deadline."""
        buried = await self.lines.beside.rows("bury_overdue", limit=BURY_LIMIT)
        self._burying.ended()
        return len(buried)

    async def steal(self) -> int:
        """Take back what waits at full workers while others have free slots; return how much."""
        stalled, ranks = self.standing.stalled, self.standing.floor.classes_with_room()
        if not stalled or not ranks:
            return 0
        facts = {"worker_ids": stalled, "job_classes": ranks, "seconds": STEAL_SECONDS}
        async with self.database.crossing("take waiting jobs from full workers") as session:
            await unpack_slices(
                session,
                worker_ids=stalled,
                job_classes=ranks,
                stale_seconds=STEAL_SECONDS,
                limit=STEAL_LIMIT // FEWEST_FOR_SLICE,
            )
            rows = list(await run(session, "steal_waiting", {**facts, "limit": STEAL_LIMIT}))
        for row in rows:
            self.flows.add(row.tenant_id, row.job_class, row.task_id, False, time.time())
        return len(rows)

    async def fill(self, limit: int | None = None) -> Dispatched:
        """Choose, mark and publish until nothing more may go.

        While two batches are being written the next is chosen, and the one before is published.
        """
        left, flight = _NO_LIMIT if limit is None else limit, Flight()
        try:
            while True:
                batch = self.standing.choose(min(self.batch_jobs, left), time.time())
                left -= batch.jobs
                is_last = not flight.writing and not batch.jobs
                while flight.must_land_before(batch):
                    left += await self._land(flight)
                if is_last:
                    return Dispatched(await flight.sent(), len(self.flows.queue) > 0)
                if batch.jobs:
                    flight.begin(batch, self._take(batch, self.lines.of(flight.begun)))
                # The statement has to be on its way before this thread chooses again.
                await asyncio.sleep(0)
        finally:
            await self._abandon(flight)

    async def _land(self, flight: Flight) -> int:
        """Await the oldest batch and begin to publish it; return how many jobs were missing."""
        taken = await flight.written()
        await flight.sent()
        flight.send(self._publish)
        return self._settle(taken)

    async def _abandon(self, flight: Flight) -> None:
        """Put back what an interrupted round marked without publishing it."""
        for taken in await flight.abandoned():
            self._settle(taken)
            await self._take_back(bundle(taken))

    async def _take(self, batch: Batch, line: Line) -> Batch:
        try:
            return await take(await line.connected(), batch)
        except BaseException:
            # Nothing is known of these jobs, so they are as if they had not been chosen.
            for ask in batch.asks:
                ask.forget()
            self._settle(batch)
            raise

    def _settle(self, taken: Batch) -> int:
        """Correct what was estimated by what was found; return how many jobs were missing."""
        for ask in taken.asks:
            flow = ask.lane.flow
            self.flows.served[flow.tenant_id, flow.job_class] = flow
        return sum(map(self.standing.settle, taken.asks))

    async def _publish(self, taken: Batch) -> int:
        bundles = bundle(taken)
        try:
            await asyncio.to_thread(self.publisher.publish, bundles)
        except UnavailableError:
            await self._take_back(bundles)
            raise
        jobs = sum(each.jobs for each in bundles)
        DISPATCHED.inc(jobs)
        return jobs

    async def _take_back(self, bundles: Sequence[Bundle]) -> None:
        refs = [ref for each in bundles for member in each.members for ref in refs_of(member)]
        async with self.database.crossing("take back undelivered jobs") as session:
            await open_slices(session, [member for each in bundles for member in each.members])
            await run(session, "take_back", columns_of(refs))
        self.flows.looking.hurry()
        self.standing.counting.hurry()

    async def serve(self) -> None:
        """Dispatch until cancelled, whenever this process leads; outages are outlived."""
        while True:
            try:
                async with leading(self.database.settings.crossing) as leadership:
                    await self._lead(leadership)
            except* Exception as errors:  # noqa: BLE001 - leading is tried again after any outage
                _log.warning("dispatcher_interrupted", error=str(errors.exceptions[0]))
            finally:
                LEADING.set(0)
            await asyncio.sleep(_RETRY_SECONDS)

    async def _lead(self, leadership: Leadership) -> None:
        LEADING.set(1)
        _log.info("dispatcher_leads")
        await self.flows.restore()
        async with asyncio.TaskGroup() as group:
            group.create_task(leadership.listen(self._hear))
            for pace, work in self._chores():
                group.create_task(_repeat(pace, work))
            group.create_task(self._serve_rounds())

    def _chores(self) -> list[tuple[Pace, Callable[[], Awaitable[object]]]]:
        return [
            (self.flows.weighing, self.flows.weigh),
            (self.flows.looking, self._look),
            (self.flows.keeping, self.flows.keep),
            (self._burying, self.bury_overdue),
        ]

    async def _look(self) -> None:
        await self.flows.look()
        self._woken.set()

    def _hear(self, payload: str) -> None:
        self.flows.hear(payload)
        self._woken.set()

    async def _serve_rounds(self) -> None:
        pauses = Pauses()
        while True:
            self._woken.clear()
            try:
                done = await self._round()
            except Exception as error:  # noqa: BLE001 - the loop outlives any outage
                _log.warning("dispatch_failed", error=str(error))
                self.standing.reading.hurry()
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            is_pressing = self.flows.queue.has_work_up_to(_HIGH)
            pause = pauses.after(done.published, is_full=done.is_full, is_pressing=is_pressing)
            await wait_within(self._woken, pause)

    async def _round(self) -> Dispatched:
        standing = self.standing
        with ROUND_SECONDS.time():
            if self._promoting.is_due():
                await self.promote()
            if standing.reading.is_due():
                await standing.read()
                await standing.count()
                await self.steal()
            elif len(self.flows.queue) and standing.counting.is_due():
                await standing.count()
            return await self.fill()


async def _repeat(pace: Pace, work: Callable[[], Awaitable[object]]) -> None:
    while True:
        if pace.is_due():
            try:
                await work()
            except Exception as error:  # noqa: BLE001 - the loop outlives any outage
                _log.warning("dispatcher_chore_failed", error=str(error))
                pace.ended()
        await asyncio.sleep(IDLE_SECONDS)


def bundle(taken: Batch) -> list[Bundle]:
    """Return the jobs in bundles for one worker and class, each short or of one job."""
    bundles: list[Bundle] = []
    filling: dict[tuple[str, int], Bundle] = {}
    for ask, ids in taken.found():
        flow, name = ask.lane.flow, ask.worker.name
        jobs = ask.found if ask.is_slice else len(ids)
        key, seconds = (name, flow.job_class), ask.cost_each * jobs
        current = filling.get(key)
        if current is None or _is_full(current, jobs, seconds):
            current = filling[key] = Bundle(name, flow.job_class)
            bundles.append(current)
        current.members += _members(ask, ids)
        current.jobs += jobs
        current.seconds += seconds
    return bundles


def _members(ask: Ask, ids: Sequence[str]) -> list[list[Any]]:
    flow, task_id = ask.lane.flow, ask.lane.task_id
    tenant_id, places = str(flow.tenant_id), [ask.places] if ask.is_slice else []
    return [[tenant_id, job_id, flow.job_class, task_id, *places] for job_id in ids]


def _is_full(current: Bundle, jobs: int, seconds: float) -> bool:
    return current.jobs + jobs > BUNDLE_JOBS or current.seconds + seconds > BUNDLE_SECONDS + 1e-9
