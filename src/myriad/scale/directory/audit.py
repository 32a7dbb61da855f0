"""The audit log: what somebody did in a tenant, written in the transaction that did it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import select

from myriad.scale.data import ReadSession, Session
from myriad.scale.directory.models import AuditEvent
from myriad.scale.directory.principal import Principal
from myriad.scale.tenancy import TenantId

ActorKind = Literal["user", "key", "system"]


def record_event(
    session: Session,
    tenant_id: TenantId,
    action: str,
    *,
    actor: Principal | None = None,
    subject: str = "",
    **detail: Any,
) -> None:
    """Write one event, such as `api_key.revoked`; `subject` names the thing it was done to.

    Without an actor the system itself did it. `detail` takes JSON values and no secrets.
    """
    kind: ActorKind = actor.kind if actor else "system"
    session.add(
        AuditEvent(
            tenant_id=tenant_id,
            actor_kind=kind,
            actor_id=actor.id if actor else None,
            action=action,
            subject=subject,
            detail=detail,
        )
    )


async def list_events(
    session: ReadSession, *, limit: int = 50, before: UUID | None = None
) -> Sequence[AuditEvent]:
    """Return the tenant's newest events first, those before `before` only."""
    query = select(AuditEvent).order_by(AuditEvent.id.desc()).limit(limit)
    if before is not None:
        query = query.where(AuditEvent.id < before)
    return (await session.scalars(query)).all()
