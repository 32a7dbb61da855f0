"""The API of the platform itself: the caller, members, API keys, the audit log, tenants."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from myriad.apps.console.people import let_go
from myriad.scale.directory import (
    Role,
    issue_api_key,
    list_api_keys,
    list_events,
    list_members,
    list_tenants,
    revoke_api_key,
)
from myriad.scale.http import (
    Caller,
    CurrentRuntime,
    Operator,
    OperatorPageRequest,
    Owner,
    Page,
    PageRequest,
    Router,
    Staff,
    TenantReadSession,
    TenantSession,
)

router = Router(tags=["platform"])

_STAYS: dict[int | str, dict[str, Any]] = {
    409: {"description": "The person is the account's last owner."}
}
Scope = Literal["read", "write"]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class _Read(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class MeRead(_Read):
    """Who calls, and for which account."""

    kind: Literal["user", "key"]
    id: UUID
    name: str
    tenant_id: UUID | None
    tenant_name: str | None
    timezone: str | None
    role: Role | None
    is_operator: bool


class MemberRead(_Read):
    """A person of the account."""

    user_id: UUID
    email: str
    name: str
    role: Role


class ApiKeyRead(_Read):
    """An API key without its secret."""

    id: UUID
    name: str
    prefix: str
    role: Role
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


class ApiKeyCreate(BaseModel):
    """What a new key is for, what it may do, and for how many days."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    role: Literal[Role.STAFF, Role.OWNER] = Role.STAFF
    scopes: Annotated[set[Scope], Field(min_length=1)] = {"read", "write"}
    days: Annotated[int, Field(ge=1, le=3650)] = 365


class ApiKeyIssued(BaseModel):
    """A new key; its token is shown this once."""

    id: UUID
    token: str


class AuditEventRead(_Read):
    """Something that somebody did in the account."""

    id: UUID
    occurred_at: datetime
    actor_kind: Literal["user", "key", "system"]
    actor_id: UUID | None
    action: str
    subject: str
    detail: dict[str, Any]


class TenantRead(_Read):
    """A tenant as the operator of the installation sees it."""

    id: UUID
    slug: str
    name: str
    timezone: str
    plan: str
    status: Literal["active", "suspended"]
    created_at: datetime


@router.get("/me")
async def me(caller: Caller) -> MeRead:
    """Say who calls."""
    tenant = caller.tenant
    return MeRead(
        kind=caller.kind,
        id=caller.id,
        name=caller.name,
        tenant_id=tenant.id if tenant else None,
        tenant_name=tenant.name if tenant else None,
        timezone=tenant.timezone if tenant else None,
        role=caller.role,
        is_operator=caller.is_operator,
    )


@router.get("/members")
async def members(caller: Staff, session: TenantReadSession) -> list[MemberRead]:
    """List who runs the account, by name."""
    found = await list_members(session, caller.tenant_id)
    return [MemberRead.model_validate(member) for member in found]


@router.delete("/members/{user_id}", status_code=204, responses=_STAYS)
async def remove_member(
    caller: Owner, runtime: CurrentRuntime, user_id: UUID, keep_keys: bool = False
) -> None:
    """Take a person's membership away at once, and the keys that they issued; their work stays."""
    await let_go(runtime.database, caller, user_id, revokes_keys=not keep_keys)


@router.get("/api-keys")
async def api_keys(_caller: Owner, session: TenantReadSession) -> list[ApiKeyRead]:
    """List the account's API keys, newest first."""
    return [ApiKeyRead.model_validate(key) for key in await list_api_keys(session)]


@router.post("/api-keys", status_code=201)
async def create_api_key(caller: Owner, session: TenantSession, body: ApiKeyCreate) -> ApiKeyIssued:
    """Issue an API key; the answer is the only place where its token appears."""
    issued = await issue_api_key(
        session,
        caller.tenant_id,
        name=body.name,
        role=body.role,
        scopes=body.scopes,
        lifetime=timedelta(days=body.days),
        actor=caller,
    )
    return ApiKeyIssued(id=issued.id, token=issued.token)


@router.delete("/api-keys/{api_key_id}", status_code=204)
async def delete_api_key(caller: Owner, session: TenantSession, api_key_id: UUID) -> None:
    """Revoke an API key at once."""
    await revoke_api_key(session, caller, api_key_id)


@router.get("/audit-events", response_model=Page[AuditEventRead])
async def audit_events(_caller: Owner, session: TenantReadSession, paging: PageRequest) -> Response:
    """List what was done in the account, newest first."""
    before = UUID(paging.after[0]) if paging.after else None
    events = await list_events(session, limit=paging.fetch, before=before)
    rows = [AuditEventRead.model_validate(event).model_dump() for event in events]
    return paging.answer(rows, position=lambda row: (row["id"],))


@router.get("/tenants", response_model=Page[TenantRead])
async def tenants(
    _caller: Operator, runtime: CurrentRuntime, paging: OperatorPageRequest
) -> Response:
    """List the tenants of the installation in the order of their making; for its operators."""
    after = UUID(paging.after[0]) if paging.after else None
    async with runtime.database.crossing("an operator lists the tenants") as session:
        found = await list_tenants(session, limit=paging.fetch, after=after)
        rows = [TenantRead.model_validate(tenant).model_dump() for tenant in found]
    return paging.answer(rows, position=lambda row: (row["id"],))
