"""Jobs about members: an invitation's mail, the banks of who has left."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from myriad.products.kamioi.member.inviting import INVITATION_TASK, mail_invitation
from myriad.products.kamioi.member.leaving import LET_GO_TASK, let_bank_go
from myriad.scale.jobs import Job, task


@task(INVITATION_TASK, job_class="high", max_attempts=12, lease_seconds=60, timeout_seconds=180)
async def mail(job: Job, payload: dict[str, Any]) -> bool:
    """Mail an invitation to the person whom it lets in."""
    return await mail_invitation(job, payload["sealed"])


@task(LET_GO_TASK, max_attempts=12, lease_seconds=60, timeout_seconds=180)
async def let_go(job: Job, payload: dict[str, Any]) -> None:
    """Let a bank go of a member who has left."""
    await let_bank_go(job, UUID(payload["member_id"]), UUID(payload["item_id"]))
