"""Deciding on a pair of profiles: the decision at once, what follows from it as a job."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from myriad.products.keeper.repository.accounts import set_setting
from myriad.products.keeper.repository.history import lock_account
from myriad.products.keeper.repository.identities import apply_components
from myriad.products.keeper.repository.links import note_decision, rebuild_visits_of_account
from myriad.scale.data import Session
from myriad.scale.directory.audit import record_event
from myriad.scale.directory.principal import Principal
from myriad.scale.jobs.enqueue import enqueue
from myriad.scale.tenancy import current_tenant

APPLY_TASK = "keeper.links.apply"
# Decisions that follow each other quickly are applied together.
_SETTLE_SECONDS = 0.5

Decision = Literal["linked", "rejected", "undone"]


async def decide_pair(
    session: Session, link_id: UUID, decision: Decision, actor: Principal | None
) -> UUID | None:
    """Keep what somebody decided on a pair, note who, and queue the joining; return the job.

    None when nothing has to be joined anew. Raises NotFoundError, LinkDecisionError.
    """
    user_id = actor.id if actor else None
    if not await note_decision(session, link_id, decision, user_id):
        return None
    record_event(session, current_tenant(), f"pair.{decision}", actor=actor, subject=str(link_id))
    job_id = await enqueue(
        session,
        APPLY_TASK,
        {},
        dedup_key="links",
        debounce_seconds=_SETTLE_SECONDS,
        job_class="interactive",
    )
    await set_setting(session, "job_id", str(job_id))
    return job_id


async def apply_decisions(session: Session) -> None:
    """Make persons, search terms and visits what the decided pairs say."""
    await lock_account(session)
    await apply_components(session)
    await rebuild_visits_of_account(session)
