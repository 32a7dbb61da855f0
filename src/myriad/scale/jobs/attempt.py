"""One attempt at one claimed job: run its handler, and end it in the way that it has earned."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from typing import Any, Literal

from myriad.kit.clock import utc_now
from myriad.scale.jobs.affinity import DEFAULT_SECONDS
from myriad.scale.jobs.backoff import Verdict, judge
from myriad.scale.jobs.errors import DeadlinePassedError, JobTimeoutError, LeaseLostError
from myriad.scale.jobs.events import JobEvent, publish
from myriad.scale.jobs.faults import describe
from myriad.scale.jobs.job import Job
from myriad.scale.jobs.leases import Lease, Leases
from myriad.scale.jobs.ledger import End, end_columns
from myriad.scale.jobs.measures import ATTEMPT_SECONDS, ATTEMPTS
from myriad.scale.jobs.steps import as_result
from myriad.scale.jobs.store import as_json, run
from myriad.scale.jobs.tally import Tally
from myriad.scale.observe.logs import get_logger
from myriad.scale.tenancy import acting_for

Outcome = Literal[
    "succeeded",
    "duplicate",
    "retry",
    "later",
    "budget",
    "dead",
    "lost",
    "cancelled",
    "given_back",
    "unreached",
]

GRACE_SECONDS = 30.0
# Nobody follows a shorter job live, unless it told of its progress.
WATCHED_SECONDS = 0.5
_STATES = {
    "succeeded": "succeeded",
    "retry": "waiting",
    "later": "waiting",
    "budget": "waiting",
    "dead": "dead",
    "cancelled": "cancelled",
    "given_back": "queued",
}
_log = get_logger(__name__)


class Attempt:
    """Runs a job that was claimed. `handled` is done as soon as its handler has ended."""

    def __init__(self, job: Job, leases: Leases, tally: Tally) -> None:
        self.job = job
        self.handled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._leases = leases
        self._tally = tally
        self._began = time.monotonic()
        timeout = job.definition.timeout_seconds
        deadline = self._began + timeout + GRACE_SECONDS
        self._lease = Lease(job.claim.ref, job.fence, job.definition.lease_seconds, deadline)
        leases.add(self._lease)

    async def run(self, *, gives_back: bool = False) -> Outcome:
        """Run the handler and return how the attempt ended; `gives_back` says not to begin it."""
        self._began = time.monotonic()
        self._lease.deadline = self._began + self.job.definition.timeout_seconds + GRACE_SECONDS
        if gives_back:
            self._lease.stopped = self._lease.stopped or "shutdown"
        try:
            with acting_for(self.job.tenant_id):
                outcome = await self._run()
        finally:
            self._end_handler()
            self._leases.drop(self._lease)
            await self.job.discard()
        await self._tell(outcome)
        return outcome

    async def _tell(self, outcome: Outcome) -> None:
        """Count the attempt, and tell watchers of a job that somebody may be watching."""
        job, seconds = self.job, time.monotonic() - self._began
        ATTEMPTS.labels(job.task, outcome).inc()
        ATTEMPT_SECONDS.labels(job.task).observe(seconds)
        state = _STATES.get(outcome)
        if state is not None and (job.has_told or seconds > WATCHED_SECONDS):
            event = JobEvent("state", state, job.attempt)
            await publish(job.runtime.cache, job.tenant_id, job.id, event)

    def _end_handler(self) -> None:
        self._lease.watch(None)
        if not self.handled.done():
            self.handled.set_result(None)
            claim, seconds = self.job.claim, time.monotonic() - self._began
            cost = seconds if self.job.cost is None else self.job.cost
            self.job.cost = cost
            # The dispatcher takes a task that it does not know yet to last this long.
            estimate = DEFAULT_SECONDS if claim.estimate is None else claim.estimate
            self._tally.add(claim.ref, cost=cost, estimate=estimate, seconds=seconds)

    async def _run(self) -> Outcome:
        job = self.job
        try:
            result = await self._call()
            self._end_handler()
            await self._finish(None if result is None else as_result(result))
        except LeaseLostError:
            _log.warning("job_lease_lost", job_id=str(job.id), task=job.task)
            return "cancelled" if self._lease.stopped == "cancelled" else "lost"
        except asyncio.CancelledError:
            if self._lease.stopped is None:
                raise
            self._forget_cancellation()
            return await self._stopped()
        except Exception as error:  # noqa: BLE001 - a handler may raise anything; the row keeps it
            self._end_handler()
            return await self._failed(error)
        _log.debug("job_succeeded", job_id=str(job.id), task=job.task, attempt=job.attempt)
        return "succeeded"

    async def _call(self) -> Any:
        """Run the handler in this very task, which only a stop of its lease may cancel."""
        if self._lease.stopped is not None:
            raise asyncio.CancelledError
        job, seconds = self.job, self._seconds_left()
        self._lease.watch(asyncio.current_task())
        try:
            async with asyncio.timeout(seconds) as limit:
                return await job.definition.handler(job, job.claim.payload)
        except TimeoutError:
            if not limit.expired():
                raise
            raise self._out_of_time(seconds) from None
        finally:
            self._lease.watch(None)

    def _seconds_left(self) -> float:
        """Return how long the handler may run, or raise DeadlinePassedError."""
        timeout, deadline = self.job.definition.timeout_seconds, self.job.deadline_at
        if deadline is None:
            return timeout
        left = _seconds_until(deadline)
        if left <= 0:
            raise DeadlinePassedError(f"{self.job.task} was to be done by {deadline.isoformat()}")
        return min(timeout, left)

    def _out_of_time(self, seconds: float) -> Exception:
        deadline = self.job.deadline_at
        if deadline is not None and _seconds_until(deadline) <= 0:
            return DeadlinePassedError(f"{self.job.task} was not done by {deadline.isoformat()}")
        message = f"{self.job.task} took longer than {seconds:g} s"
        return JobTimeoutError(message, timeout_seconds=seconds)

    def _forget_cancellation(self) -> None:
        """Let this task go on: it was cancelled only to interrupt the handler."""
        self._end_handler()
        task = asyncio.current_task()
        while task is not None and task.cancelling():
            task.uncancel()

    async def _finish(self, result: str | None) -> None:
        """Commit the handler's effects and the job's end as one, or raise LeaseLostError."""
        job = self.job
        end = End(job.claim.ref, job.fence, job.cost or 0.0, result)
        is_alone = job.claim.graph_id is None
        if is_alone and not job.has_effects and await job.ledger.finish(end):
            return
        if not is_alone:
            # Its children go in the transaction that ends it; its own row is locked before theirs,
            # as by whoever cancels it.
            await job.hold(job.session)
            await run(job.session, "release_children", end_columns([end]))
        await job.commit_with("finish_job", job.key | {"cost": end.cost, "result": result})

    async def _stopped(self) -> Outcome:
        """Roll back a handler that was told to stop; at shutdown the job goes back to the queue."""
        job, why = self.job, self._lease.stopped
        await job.discard()
        _log.info("job_stopped", job_id=str(job.id), task=job.task, why=why)
        if why != "shutdown":
            return "cancelled" if why == "cancelled" else "lost"
        return "given_back" if await job.ledger.change("give_back_job", job.key) else "lost"

    async def _failed(self, error: Exception) -> Outcome:
        job = self.job
        await job.discard()
        verdict = judge(error, job.attempt, job.definition.permanent)
        is_last = verdict.costs_an_attempt and job.attempt >= job.claim.max_attempts
        facts = job.key | {"error": as_json(describe(error))}
        _log.warning(
            "job_failed",
            job_id=str(job.id),
            task=job.task,
            attempt=job.attempt,
            verdict=verdict.kind,
            error=type(error).__name__,
            exc_info=error,
        )
        if verdict.kind == "permanent" or is_last:
            return "dead" if await job.ledger.change("bury_job", facts) else "lost"
        return await self._postpone(verdict, facts)

    async def _postpone(self, verdict: Verdict, facts: dict[str, Any]) -> Outcome:
        outcome: Outcome = "retry" if verdict.kind == "permanent" else verdict.kind
        facts |= {
            "delay_seconds": verdict.delay_seconds,
            "attempts_back": 0 if verdict.costs_an_attempt else 1,
            "outcome": outcome,
        }
        return outcome if await self.job.ledger.change("postpone_job", facts) else "lost"


def _seconds_until(moment: datetime) -> float:
    return (moment - utc_now()).total_seconds()
