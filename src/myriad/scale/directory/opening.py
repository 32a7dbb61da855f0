"""Opening an account from the command line and in the demo: the tenant, and who owns it."""

from __future__ import annotations

import re

from myriad.scale.data import Database
from myriad.scale.directory.principal import Role
from myriad.scale.directory.tenants import create_tenant, find_tenant_by_slug
from myriad.scale.directory.users import add_member, find_user_by_email
from myriad.scale.tenancy import TenantId


async def open_tenant(
    database: Database, *, slug: str, name: str, timezone: str, owner_email: str | None = None
) -> TenantId:
    """Return the tenant of that slug, made if it is missing, with the owner as its member."""
    async with database.crossing("open an account") as session:
        known = await find_tenant_by_slug(session, slug)
        if known is not None:
            return TenantId(known.id)
        tenant_id = await create_tenant(session, slug=slug, name=name, timezone=timezone)
        owner = await find_user_by_email(session, owner_email) if owner_email else None
        if owner is not None:
            await add_member(session, tenant_id, owner.id, Role.OWNER)
    return tenant_id


def slug_of(name: str, otherwise: str) -> str:
    """Return a slug for a name: small letters, digits and hyphens; `otherwise` where none is left."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60] or otherwise
