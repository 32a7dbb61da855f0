"""The account that a command means by a word."""

from __future__ import annotations

from uuid import UUID

from myriad.kit.errors import NotFoundError
from myriad.scale.data import ReadSession
from myriad.scale.directory.tenants import find_tenant_by_slug, get_tenant
from myriad.scale.tenancy import TenantId


async def get_account_id(crossing: ReadSession, word: str) -> TenantId:
    """Return the account of that slug or id, or raise NotFoundError."""
    try:
        return TenantId((await get_tenant(crossing, TenantId(UUID(word)))).id)
    except ValueError:
        found = await find_tenant_by_slug(crossing, word)
    except NotFoundError:
        found = None
    if found is None:
        raise NotFoundError(f"there is no account {word!r}; give its slug or its id")
    return TenantId(found.id)
