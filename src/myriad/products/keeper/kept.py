"""What an account's lookers are shown alike is made once and kept until the account changes.

Kept under the account, the role, the day in the account's zone and what was asked. Any committed
change of the account's rows makes it unfindable (see scale/cache, namespaces that follow a tenant).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable
from typing import TypeVar

from myriad.kit.clock import local_date, utc_now
from myriad.scale.cache import Namespace
from myriad.scale.data import ReadSession
from myriad.scale.directory import Principal
from myriad.scale.http import Paging
from myriad.scale.runtime import Runtime

Asked = tuple[Hashable, ...]
ValueT = TypeVar("ValueT")


async def get_kept(
    runtime: Runtime,
    caller: Principal,
    namespace: Namespace[ValueT],
    asked: Asked,
    make: Callable[[ReadSession], Awaitable[ValueT]],
) -> ValueT:
    """Return what `make` reads in a session of its own, unless it is kept; raises what `make` does.

    `asked` is all that makes one answer differ from another beside account, role, zone and day.
    """
    tenant_id, zone = caller.tenant_id, caller.tenant.timezone if caller.tenant else "UTC"

    async def load() -> ValueT:
        async with runtime.database.brief_session(tenant_id) as session:
            return await make(session)

    day = local_date(utc_now(), zone).isoformat()
    return await runtime.caches.get(
        namespace, tenant_id, (str(caller.role), zone, day, *asked), load
    )


def asked_of(paging: Paging) -> Asked:
    """Return what a page of a list was asked: its filters, how much, and after which row."""
    return (*sorted(paging.filters.items()), paging.limit, paging.after_key)
