"""Streams that end with the right to see them.

A guard looks once, when a stream begins. Who is signed out, whose key is revoked, or whose
membership is taken away while it is open must be sent nothing more:

    yield while_let_in(request, caller.tenant_id, events)

Nothing is asked while nothing is sent, so an idle page costs nothing.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

from starlette.requests import Request

from myriad.scale.directory import (
    Principal,
    find_principal_by_key,
    find_principal_by_session,
)
from myriad.scale.http.answers import ServerSentEvent
from myriad.scale.http.cookies import find_session_token
from myriad.scale.http.guards import runtime_of
from myriad.scale.tenancy import TenantId

# What is sent within so long of a look is sent without another: progress comes in quick succession.
TRUSTED_SECONDS = 1.0


async def while_let_in(
    request: Request,
    tenant_id: TenantId,
    events: AsyncGenerator[ServerSentEvent],
    *,
    trusted_seconds: float = TRUSTED_SECONDS,
) -> AsyncGenerator[ServerSentEvent]:
    """Yield events until they end, or the request's credentials open the tenant no more."""
    looked_at = time.monotonic()
    async with aclosing(events):
        async for event in events:
            if time.monotonic() - looked_at >= trusted_seconds:
                if not await _is_let_in(request, tenant_id):
                    return
                looked_at = time.monotonic()
            yield event


async def _is_let_in(request: Request, tenant_id: TenantId) -> bool:
    found = await _identify(request)
    tenant = found.tenant if found is not None else None
    return tenant is not None and tenant.id == tenant_id and not tenant.is_suspended


async def _identify(request: Request) -> Principal | None:
    database = runtime_of(request).database
    given = request.headers.get("authorization")
    if given is not None:
        return await find_principal_by_key(database, given.partition(" ")[2].strip())
    token = find_session_token(request)
    return None if token is None else await find_principal_by_session(database, token)
