"""Transactions in an endpoint's signature: one request is one transaction, committed at the edge.

`scope="function"` ends the dependency when the endpoint has returned and before the answer leaves,
so a caller who reads an answer reads committed facts, and a failing commit becomes an error answer.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends
from starlette.requests import Request

from myriad.scale.data import ReadSession, Session
from myriad.scale.http import idempotency
from myriad.scale.http.guards import Belonging, CurrentRuntime, Staff
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId


async def tenant_session(
    request: Request, runtime: CurrentRuntime, caller: Staff
) -> AsyncIterator[Session]:
    """One transaction for the caller's tenant; also where an Idempotency-Key takes effect."""
    async with runtime.database.session(caller.tenant_id) as session:
        await idempotency.begin(request, session, caller)
        yield session


async def tenant_read_session(runtime: CurrentRuntime, caller: Staff) -> AsyncIterator[ReadSession]:
    """One read-only transaction for the caller's tenant."""
    async with runtime.database.read_session(caller.tenant_id) as session:
        yield session


@dataclass(frozen=True)
class BoundReader:
    """Named SQL for the caller's tenant: one round trip, rows as dictionaries."""

    runtime: Runtime
    tenant_id: TenantId

    async def rows(
        self, sql: str, parameters: Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """Return the rows of `sql` as the caller's tenant sees them."""
        return await self.runtime.database.reader.rows(self.tenant_id, sql, parameters)

    async def row(
        self, sql: str, parameters: Mapping[str, Any] | None = None
    ) -> dict[str, Any] | None:
        """Return the first row of `sql`, or None."""
        return await self.runtime.database.reader.row(self.tenant_id, sql, parameters)


async def tenant_reader(runtime: CurrentRuntime, caller: Staff) -> BoundReader:
    """Return the hot-read path for the caller's tenant."""
    return BoundReader(runtime, caller.tenant_id)


async def own_session(
    request: Request, runtime: CurrentRuntime, caller: Belonging
) -> AsyncIterator[Session]:
    """One transaction for whoever belongs to the tenant; an Idempotency-Key is the person's own.

    Row security parts tenants, not people: what such a route reads and writes it binds to the
    caller itself.
    """
    async with runtime.database.session(caller.tenant_id) as session:
        await idempotency.begin(request, session, caller, is_own=True)
        yield session


async def own_reader(runtime: CurrentRuntime, caller: Belonging) -> BoundReader:
    """Return the hot-read path for whoever belongs to the tenant; see `own_session`."""
    return BoundReader(runtime, caller.tenant_id)


TenantSession = Annotated[Session, Depends(tenant_session, scope="function")]
TenantReadSession = Annotated[ReadSession, Depends(tenant_read_session, scope="function")]
TenantReader = Annotated[BoundReader, Depends(tenant_reader)]
OwnSession = Annotated[Session, Depends(own_session, scope="function")]
OwnReader = Annotated[BoundReader, Depends(own_reader)]
