"""The jobs that keep an account in order: connecting, joining profiles, erasing, letting go."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from myriad.kit.errors import NotFoundError
from myriad.products.keeper import connecting
from myriad.products.keeper.connecting import CONNECT_TASK, DISCONNECT_TASK
from myriad.products.keeper.deciding import APPLY_TASK, apply_decisions
from myriad.products.keeper.erasing import ERASE_TASK, erase_person
from myriad.products.keeper.repository.accounts import find_account
from myriad.products.keeper.tidying import erase_deleted, tidy
from myriad.scale.jobs import Job, task


@task(ERASE_TASK, max_attempts=8, lease_seconds=60, timeout_seconds=900, job_class="interactive")
async def erase(job: Job, payload: dict[str, Any]) -> None:
    """Erase one person; somebody who is gone already is erased."""
    await job.progress(0, None, "Erasing")
    try:
        await erase_person(job.session, job.runtime.vault, UUID(payload["person_id"]), "asked")
    except NotFoundError:
        return


@task(CONNECT_TASK, max_attempts=5, lease_seconds=60, timeout_seconds=120, job_class="interactive")
async def connect(job: Job, payload: dict[str, Any]) -> None:
    """Exchange Square's code for a permission; the first sync follows."""
    await job.progress(0, None, "Asking Square")
    await connecting.finish(job.session, job.runtime, UUID(payload["consent_id"]))


@task(
    DISCONNECT_TASK, max_attempts=5, lease_seconds=60, timeout_seconds=120, job_class="interactive"
)
async def disconnect(job: Job, payload: dict[str, Any]) -> None:
    """Give the permission back to Square."""
    await job.progress(0, None, "Telling Square")
    await connecting.give_back(job.session, job.runtime, UUID(payload["connection_id"]))


@task(APPLY_TASK, max_attempts=8, lease_seconds=60, timeout_seconds=600, job_class="interactive")
async def apply_links(job: Job, payload: dict[str, Any]) -> None:
    """Make persons and visits what all decided pairs say."""
    await job.progress(0, None, "Joining profiles")
    await apply_decisions(job.session)


@task("keeper.account.tidy", max_attempts=5, lease_seconds=60, timeout_seconds=900, job_class="low")
async def tidy_account(job: Job, payload: dict[str, Any]) -> None:
    """Every night: let go of what is older than is stated, and erase whom Square deleted."""
    if await find_account(job.session) is None:
        return
    await tidy(job.session)
    await job.checkpoint()
    await erase_deleted(job.session, job.runtime.vault)
