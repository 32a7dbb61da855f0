"""Jobs of sessions: what is old is let go."""

from __future__ import annotations

from typing import Any

from myriad.products.upswitch.queueing import SESSIONS_TIDY_TASK
from myriad.products.upswitch.repository.sessions import tidy_sessions
from myriad.products.upswitch.settings import UpswitchSettings
from myriad.scale.jobs import Job, task


@task(SESSIONS_TIDY_TASK, max_attempts=5, lease_seconds=60, timeout_seconds=300, job_class="low")
async def tidy_old_sessions(job: Job, payload: dict[str, Any]) -> None:
    """Forget conversations a day after their last use, and sessions beyond their retention."""
    days = job.runtime.settings_of(UpswitchSettings).keep_sessions_days
    await tidy_sessions(job.session, days)
