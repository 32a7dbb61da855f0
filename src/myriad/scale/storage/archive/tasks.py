"""The job that keeps months; imported by workers."""

from __future__ import annotations

from typing import Any

from myriad.scale.jobs import Job, RetryLaterError, task
from myriad.scale.storage.archive.errors import MonthBusyError
from myriad.scale.storage.archive.keeping import keep_months
from myriad.scale.storage.archive.measuring import MONTHS_TASK
from myriad.scale.storage.settings import StorageSettings
from myriad.scale.storage.store import Store
from myriad.scale.storage.tenant_files import TenantFiles

_BUSY_SECONDS = 300.0
_SIX_HOURS = 6 * 3600.0


@task(MONTHS_TASK, job_class="low", max_attempts=6, lease_seconds=120, timeout_seconds=_SIX_HOURS)
async def keep(job: Job, payload: dict[str, Any]) -> None:
    """Make months ahead; archive and drop those that are over."""
    store = Store.open(job.runtime.settings_of(StorageSettings))
    try:
        kept = await keep_months(job.runtime.database, TenantFiles(store, job.runtime.vault))
    except MonthBusyError as error:
        raise RetryLaterError(_BUSY_SECONDS, error.detail) from None
    done = kept.made + len(kept.dropped)
    await job.progress(done, done, f"{kept.made} made, {len(kept.dropped)} archived")
