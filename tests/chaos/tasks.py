"""The handlers of the ledger; importing this registers them, so only worker processes do."""

from __future__ import annotations

import asyncio
import os
from functools import partial
from typing import Any

from sqlalchemy import text

from myriad.scale.jobs import Job, enqueue, task
from myriad.scale.jobs.errors import PermanentJobError, RetryLaterError
from tests.chaos import ledger
from tests.chaos.ledger import Transfer

LEASE_SECONDS = 3.0
LONG_SECONDS = 2 * LEASE_SECONDS
_ATTEMPTS = 60
_LIMITS: dict[str, Any] = {"max_attempts": _ATTEMPTS, "lease_seconds": LEASE_SECONDS}
_MOVE = text("UPDATE ledger.account SET cents = cents + :cents WHERE number = :number")
_NOTE = text(
    "INSERT INTO ledger.entry (tenant_id, label, source, target, cents, job_id, worker) "
    "VALUES (:tenant, :label, :source, :target, :cents, :job, :worker)"
)
_KNOWN = text("SELECT count(*) FROM ledger.entry WHERE label = :label")


async def move(job: Job, label: str) -> int:
    """Move the money of `label` and note it, in the job's transaction; return the cents."""
    transfer = Transfer.of(label)
    legs = {transfer.source: -transfer.cents, transfer.target: transfer.cents}
    for number, cents in sorted(legs.items()):
        await job.session.execute(_MOVE, {"number": number, "cents": cents})
    facts = transfer.payload | {"tenant": job.tenant_id, "job": job.id}
    worker = os.environ.get("MYRIAD_WORKER__NAME")
    await job.session.execute(_NOTE, facts | {"worker": worker})
    return transfer.cents


@task(ledger.TRANSFER, **_LIMITS)
async def do(job: Job, payload: dict[str, Any]) -> int:
    """Move money once; the moments of waiting let kills fall into the middle."""
    await asyncio.sleep(payload.get("seconds_before", 0.0))
    cents = await move(job, payload["label"])
    await asyncio.sleep(payload.get("seconds_after", 0.005))
    return cents


@task(ledger.SWIFT, **_LIMITS)
async def swift(job: Job, payload: dict[str, Any]) -> None:
    """Move money once and wait for nothing."""
    await move(job, payload["label"])


@task(ledger.CHECKPOINT, **_LIMITS)
async def two_parts(job: Job, payload: dict[str, Any]) -> None:
    """Move twice in two transactions; the first counts as done when it stands in the books."""
    first = f"{payload['label']}.a"
    if not (await job.session.execute(_KNOWN, {"label": first})).scalar_one():
        await move(job, first)
    await job.checkpoint()
    await asyncio.sleep(0.01)
    await move(job, f"{payload['label']}.b")


@task(ledger.STEPS, **_LIMITS)
async def steps(job: Job, payload: dict[str, Any]) -> int:
    """Move three times in memoised steps whose results must be what was moved."""
    total = 0
    for name in "abc":
        total += await job.step(name, partial(move, job, f"{payload['label']}.{name}"))
        await asyncio.sleep(0.01)
    expected = sum(Transfer.of(f"{payload['label']}.{name}").cents for name in "abc")
    if total != expected:
        raise PermanentJobError(f"the steps said {total}, not {expected}")
    return total


@task(ledger.LONG, **_LIMITS)
async def long(job: Job, payload: dict[str, Any]) -> None:
    """Run twice as long as the lease."""
    await asyncio.sleep(LONG_SECONDS)
    await move(job, payload["label"])


@task(ledger.FLAKY, **_LIMITS)
async def flaky(job: Job, payload: dict[str, Any]) -> None:
    """Fail after the effect, the first time."""
    await move(job, payload["label"])
    if job.attempt == 1:
        message = "the first attempt fails"
        raise ConnectionError(message)


@task(ledger.LATER, **_LIMITS)
async def later(job: Job, payload: dict[str, Any]) -> None:
    """Be told to wait after the effect, once."""
    await move(job, payload["label"])
    if await _is_first(job, payload["label"]):
        raise RetryLaterError(0.2)


async def _is_first(job: Job, label: str) -> bool:
    key = f"chaos:{job.tenant_id}:{label}"
    return bool(await job.runtime.cache.set(key, "1", nx=True, ex=600))


@task(ledger.DOOMED, **_LIMITS)
async def doomed(job: Job, payload: dict[str, Any]) -> None:
    """Fail for good after the effect, which must so not happen."""
    await move(job, payload["label"])
    message = "planned"
    raise PermanentJobError(message)


@task(ledger.PARENT, **_LIMITS)
async def parent(job: Job, payload: dict[str, Any]) -> None:
    """Move, and enqueue more in the same transaction."""
    await move(job, payload["label"])
    for n in range(ledger.CHILDREN):
        await enqueue(job.session, ledger.TRANSFER, {"label": f"{payload['label']}.{n}"})


@task(ledger.SUM, **_LIMITS)
async def add_up(job: Job, payload: dict[str, Any]) -> None:
    """Move when both parents have, with what they returned."""
    results = await job.results()
    base = payload["label"].removesuffix(".sum")
    expected = {name: Transfer.of(f"{base}.{name}").cents for name in ("left", "right")}
    if results != expected:
        raise PermanentJobError(f"the parents said {results}, not {expected}")
    await move(job, payload["label"])


@task(ledger.BATCH, batch=ledger.BATCHING, **_LIMITS)
async def batch(job: Job, payload: dict[str, Any]) -> None:
    """Move for every item of the batch."""
    for item in await job.take_items():
        await move(job, item["label"])


@task(ledger.LIGHT, **_LIMITS)
async def light(job: Job, payload: dict[str, Any]) -> None:
    """Do nothing in the database; the job's end is all there is."""
    await asyncio.sleep(0.001)
