"""Telling open pages of a notice: its id goes through the stream, the words stay in the row."""

from __future__ import annotations

from uuid import UUID

from myriad.scale import live
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId


def stream_of(tenant_id: TenantId | UUID) -> str:
    """Return the name of the account's stream; the tenant stands in it, as in every key."""
    return f"keeper:{tenant_id}:notices"


async def announce(runtime: Runtime, tenant_id: TenantId | UUID, notice_id: UUID) -> bool:
    """Tell the account's open pages, and return whether Redis took it; never an error."""
    return await live.publish(runtime.cache, stream_of(tenant_id), {"notice_id": str(notice_id)})
