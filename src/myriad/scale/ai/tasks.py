"""The job that hands batches to providers and asks after them; imported by workers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from myriad.scale.ai.batch_run import advance
from myriad.scale.ai.gateway import Gateway
from myriad.scale.ai.nightly import POLL_TASK
from myriad.scale.ai.outcome import CallFailedError
from myriad.scale.jobs import Job, RetryLaterError, task


@task(POLL_TASK, job_class="low")
async def poll_batch(job: Job, payload: dict[str, Any]) -> None:
    """Bring the batch one step on, and come back until it has ended."""
    gateway = Gateway.of(job.runtime)
    seconds = gateway.settings.batch_poll_seconds
    try:
        has_ended = await advance(gateway, job, UUID(payload["batch_id"]))
    except CallFailedError as error:
        raise RetryLaterError(seconds, error.detail) from None
    if not has_ended:
        # What was handed over is kept before anything can go wrong.
        await job.checkpoint()
        raise RetryLaterError(seconds, "the provider is still at it")
