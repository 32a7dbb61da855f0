"""Tenants: made by an operator or the command line, seen and renamed by their owner."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import exists, insert, select, update
from sqlalchemy.exc import IntegrityError

from myriad.kit.clock import get_zone, utc_now
from myriad.kit.errors import InvalidInputError, NotFoundError
from myriad.kit.ids import new_id
from myriad.scale.data import ReadSession, Session
from myriad.scale.directory.audit import record_event
from myriad.scale.directory.errors import AlreadyExistsError
from myriad.scale.directory.models import Tenant
from myriad.scale.directory.principal import Principal
from myriad.scale.tenancy import TenantId


async def create_tenant(
    session: Session, *, slug: str, name: str, timezone: str = "UTC", plan: str = "standard"
) -> TenantId:
    """Make a tenant and return its id; needs a crossing session.

    Raises InvalidInputError for an unknown zone or a slug of other than small letters, digits and
    hyphens, AlreadyExistsError for a slug that is taken.
    """
    get_zone(timezone)
    tenant_id = TenantId(new_id())
    values = {"id": tenant_id, "slug": slug, "name": name, "timezone": timezone, "plan": plan}
    try:
        async with session.begin_nested():
            await session.execute(insert(Tenant).values(**values))
    except IntegrityError as error:
        raise _explain(error, slug) from None
    record_event(session, tenant_id, "tenant.created", subject=slug)
    await session.flush()
    return tenant_id


def _explain(error: IntegrityError, slug: str) -> AlreadyExistsError | InvalidInputError:
    name = getattr(getattr(error.orig, "diag", None), "constraint_name", "") or ""
    if name == "uq_tenant_slug":
        return AlreadyExistsError(f"a tenant with the slug {slug!r} exists already")
    rule = "2 to 63 small letters, digits and hyphens" if "slug" in name else "1 to 200 characters"
    field = "slug" if "slug" in name else "name"
    return InvalidInputError(f"a tenant's {field} has {rule}", [(f"/{field}", rule)])


async def find_tenant_by_slug(session: ReadSession, slug: str) -> Tenant | None:
    """Return the tenant of this slug, or None; needs a crossing session."""
    return (await session.scalars(select(Tenant).where(Tenant.slug == slug))).one_or_none()


async def has_tenants(session: ReadSession) -> bool:
    """Return whether this installation has any tenant; needs a crossing session."""
    return bool(await session.scalar(select(exists(select(Tenant.id)))))


async def list_tenants(
    session: ReadSession, *, limit: int | None = None, after: UUID | None = None
) -> list[Tenant]:
    """Return tenants in the order of their making, those after `after`; needs a crossing session."""
    query = select(Tenant).order_by(Tenant.id).limit(limit)
    if after is not None:
        query = query.where(Tenant.id > after)
    return list((await session.scalars(query)).all())


async def get_tenant(session: ReadSession, tenant_id: TenantId) -> Tenant:
    """Return the tenant, or raise NotFoundError; another tenant's id is not found."""
    tenant = (await session.scalars(select(Tenant).where(Tenant.id == tenant_id))).one_or_none()
    if tenant is None:
        raise NotFoundError("there is no such account")
    return tenant


async def update_tenant(
    session: Session, principal: Principal, *, name: str | None = None, timezone: str | None = None
) -> None:
    """Rename the caller's tenant or move it to another time zone."""
    changes: dict[str, Any] = {"name": name, "timezone": timezone}
    given = {key: value for key, value in changes.items() if value is not None}
    if timezone is not None:
        get_zone(timezone)
    await session.execute(
        update(Tenant).where(Tenant.id == principal.tenant_id).values(**given, updated_at=utc_now())
    )
    record_event(session, principal.tenant_id, "tenant.updated", actor=principal, **given)


async def set_status(
    session: Session, tenant_id: TenantId, *, is_suspended: bool, reason: str = ""
) -> bool:
    """Suspend a tenant or let it in again; return False when it stands so already.

    Needs a crossing session. A suspended tenant's people and keys are refused at their next
    request, its jobs wait within a second, and its schedules pass without jobs; nothing is lost.
    """
    status = "suspended" if is_suspended else "active"
    if (await get_tenant(session, tenant_id)).status == status:
        return False
    await session.execute(
        update(Tenant).where(Tenant.id == tenant_id).values(status=status, updated_at=utc_now())
    )
    facts: dict[str, Any] = {"reason": reason} if reason else {}
    record_event(session, tenant_id, f"tenant.{status}", **facts)
    await session.flush()
    return True
