"""Upswitch's jobs: a number in, one call."""

from __future__ import annotations

from typing import Any

import httpx

# Importing them registers their jobs.
from myriad.products.upswitch import register_tasks as register_tasks
from myriad.products.upswitch import session_tasks as session_tasks
from myriad.products.upswitch import valuation_tasks as valuation_tasks
from myriad.products.upswitch.queueing import FILINGS_TASK, enqueue_watch
from myriad.products.upswitch.registry.filings import refresh_filings
from myriad.products.upswitch.registry.nbb.client import NbbClient
from myriad.products.upswitch.registry.nbb.errors import NbbAnswerError, NbbKeyError
from myriad.products.upswitch.settings import UpswitchSettings
from myriad.scale.jobs import Job, task


@task(
    FILINGS_TASK,
    max_attempts=5,
    lease_seconds=60,
    timeout_seconds=120,
    job_class="interactive",
    permanent=(NbbKeyError, NbbAnswerError),
)
async def read_filings(job: Job, payload: dict[str, Any]) -> None:
    """Read the accounts that a company has filed."""
    settings = job.runtime.settings_of(UpswitchSettings)
    if settings.nbb_key is None:
        raise NbbKeyError("No key for the National Bank: set MYRIAD_UPSWITCH__NBB_KEY.")
    async with httpx.AsyncClient(timeout=settings.timeout_seconds) as http:
        client = NbbClient(http, settings.nbb_key, settings.nbb_base_url)
        found = await refresh_filings(job.runtime.database, client, int(payload["number"]))
    if found.read:
        await enqueue_watch(job.session, int(payload["number"]))
