"""Opening a programme: its operator's tenant, with everything that runs by itself."""

from __future__ import annotations

from myriad.products.kamioi.manifest import PRODUCT
from myriad.scale.data import Session
from myriad.scale.directory.opening import open_tenant
from myriad.scale.runtime import Runtime
from myriad.scale.schedule import ensure_schedules
from myriad.scale.tenancy import TenantId


async def open_programme(
    runtime: Runtime, *, slug: str, name: str, timezone: str, owner_email: str | None = None
) -> TenantId:
    """Return the programme's tenant, made if it is missing; its schedules stand in any case."""
    tenant_id = await open_tenant(
        runtime.database, slug=slug, name=name, timezone=timezone, owner_email=owner_email
    )
    async with runtime.database.session(tenant_id) as session:
        await ensure_running(session, tenant_id)
    return tenant_id


async def ensure_running(session: Session, tenant_id: TenantId) -> None:
    """Let everything run by itself that a programme needs; may be called again."""
    await ensure_schedules(session, tenant_id, PRODUCT.schedules)
