"""Which tenant this code acts for. Fails closed: no tenant, no answer.

The context variable serves logs, cache keys and assertions. What rows a query may see is decided
by PostgreSQL from the transaction's own setting (see `myriad.scale.data`), never by this variable.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NewType
from uuid import UUID

from myriad.kit.errors import MyriadError

TenantId = NewType("TenantId", UUID)

_current: ContextVar[TenantId | None] = ContextVar("myriad_tenant", default=None)


class NoTenantError(MyriadError):
    """Code that needs a tenant ran outside `acting_for`."""

    code = "no_tenant"
    title = "No tenant"


@contextmanager
def acting_for(tenant_id: TenantId) -> Iterator[TenantId]:
    """Act for `tenant_id` inside the block; blocks nest and restore the outer tenant."""
    token = _current.set(tenant_id)
    try:
        yield tenant_id
    finally:
        _current.reset(token)


def find_tenant() -> TenantId | None:
    """Return the tenant that this code acts for, or None."""
    return _current.get()


def current_tenant() -> TenantId:
    """Return the tenant that this code acts for, or raise NoTenantError."""
    tenant_id = _current.get()
    if tenant_id is None:
        raise NoTenantError("no tenant is set; wrap the call in acting_for(tenant_id)")
    return tenant_id
