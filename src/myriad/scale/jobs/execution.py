"""Running jobs: claim, run, and let effect and end commit together."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from myriad.kit.errors import UnavailableError
from myriad.scale.jobs.attempt import Attempt, Outcome
from myriad.scale.jobs.errors import UnknownTaskError
from myriad.scale.jobs.job import Job
from myriad.scale.jobs.leases import Leases
from myriad.scale.jobs.ledger import Ask, Claim, Ledger
from myriad.scale.jobs.registry import REGISTRY, Payload, Registry, Task
from myriad.scale.jobs.slices import Member
from myriad.scale.jobs.store import JobRef
from myriad.scale.jobs.tally import Tally
from myriad.scale.observe.logs import get_logger
from myriad.scale.runtime import Runtime

# A member of a bundle waits for the one before, but not for a long one.
STAGGER_SECONDS = 0.1
# A row that somebody else keeps locked for longer is left to the reaper.
_PAUSES = (0.0, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
_log = get_logger(__name__)


async def _refuse(job: Job, _: Payload) -> None:
    raise UnknownTaskError(f"no task named {job.task!r} is registered", task=job.task)


@dataclass
class Executor:
    """Runs jobs for one worker; several may share a process. `busy` bundles are under way."""

    runtime: Runtime
    registry: Registry = REGISTRY
    worker_id: UUID = field(default_factory=uuid4)
    leases: Leases = field(default_factory=Leases)
    tally: Tally = field(default_factory=Tally)
    is_draining: bool = False
    busy: int = 0
    _names: dict[int, str] = field(default_factory=dict)
    _suspects: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))

    @property
    def ledger(self) -> Ledger:
        """The process's way to the queue's table."""
        return Ledger.of(self.runtime.database)

    async def execute(self, refs: Sequence[JobRef], slices: Sequence[Member] = ()) -> list[Outcome]:
        """Run one attempt at each job of a bundle that nobody else runs, and say how each ended.

        `slices` are what of the bundle came as slices; their jobs are among `refs`.
        They run one after another, but the next one waits at most 0.1 s for the one before. When
        the database cannot be reached their outcome is "unreached", and leases run out by
        themselves.
        """
        reserved = {ref.job_id for ref in refs if self.leases.reserve(ref.job_id)}
        mine = list({ref.job_id: ref for ref in refs if ref.job_id in reserved}.values())
        self.busy += 1
        try:
            outcomes = await self._execute(mine, slices)
        except UnavailableError as error:
            _log.warning("jobs_unreached", jobs=len(mine), error=str(error))
            outcomes = dict.fromkeys(reserved, "unreached")
        finally:
            self.busy -= 1
            for job_id in reserved:
                self.leases.release(job_id)
        return [outcomes.get(ref.job_id, "duplicate") for ref in refs]

    async def _execute(
        self, refs: Sequence[JobRef], slices: Sequence[Member]
    ) -> dict[UUID, Outcome]:
        if self.is_draining or not refs:
            return {ref.job_id: "given_back" for ref in refs}
        tasks = await self._tasks_of(refs)
        await self.ledger.open(slices)
        claims = await self.ledger.claim([self._ask(ref, tasks[ref.task_id]) for ref in refs])
        attempts = [self._attempt(claim, tasks) for claim in claims if claim is not None]
        outcomes = await self._run_staggered(attempts)
        left = [ref for ref, claim in zip(refs, claims, strict=True) if claim is None]
        if left:
            outcomes |= await self._run_stubborn(left, tasks)
        return outcomes

    async def _run_staggered(self, attempts: Sequence[Attempt]) -> dict[UUID, Outcome]:
        if len(attempts) == 1:
            return {attempts[0].job.id: await self._run(attempts[0])}
        running = []
        for attempt in attempts:
            running.append(asyncio.create_task(self._run(attempt)))
            await asyncio.wait([attempt.handled], timeout=STAGGER_SECONDS)
        ended = await asyncio.gather(*running)
        return {a.job.id: outcome for a, outcome in zip(attempts, ended, strict=True)}

    async def _run(self, attempt: Attempt) -> Outcome:
        try:
            return await attempt.run(gives_back=self.is_draining)
        finally:
            self.leases.release(attempt.job.id)

    async def _run_stubborn(
        self, refs: Sequence[JobRef], tasks: dict[int, Task]
    ) -> dict[UUID, Outcome]:
        """Run, one at a time, jobs that were locked, or that lost two workers and may lose a third."""
        waiting = await self.ledger.find_claimable(refs)
        outcomes: dict[UUID, Outcome] = {}
        for ref in refs:
            if ref.job_id in waiting:
                async with self._suspects:
                    outcomes[ref.job_id] = await self._run_alone(ref, tasks)
        return outcomes

    async def _run_alone(self, ref: JobRef, tasks: dict[int, Task]) -> Outcome:
        for pause in _PAUSES:
            await asyncio.sleep(pause)
            if self.is_draining:
                return "given_back"
            ask = self._ask(ref, tasks[ref.task_id], is_alone=True)
            claim = (await self.ledger.claim([ask]))[0]
            if claim is not None:
                return await self._run(self._attempt(claim, tasks))
        return "duplicate"

    def _ask(self, ref: JobRef, task: Task, *, is_alone: bool = False) -> Ask:
        return Ask(ref, self.worker_id, task.lease_seconds, task.max_attempts, is_alone)

    def _attempt(self, claim: Claim, tasks: dict[int, Task]) -> Attempt:
        job = Job(self.runtime, tasks[claim.ref.task_id], claim, self.ledger)
        return Attempt(job, self.leases, self.tally)

    async def _tasks_of(self, refs: Iterable[JobRef]) -> dict[int, Task]:
        wanted = {ref.task_id for ref in refs}
        if not wanted <= self._names.keys():
            rows = await self.ledger.note("list_tasks", {})
            self._names = {row.id: row.name for row in rows}
        return {task_id: self._task_of(task_id) for task_id in wanted}

    def _task_of(self, task_id: int) -> Task:
        name = self._names.get(task_id, f"task {task_id}")
        return self.registry.find(name) or Task(name, _refuse)

    def drain(self) -> None:
        """Begin no further job; bundles under way give back what has not begun."""
        self.is_draining = True

    def stop(self) -> None:
        """Stop every handler; their jobs go back to the queue. Safe from any thread."""
        self.is_draining = True
        for lease in self.leases.all():
            with contextlib.suppress(RuntimeError):
                lease.stop("shutdown")
