"""The account's settings: its name and zone, its people, its API keys; and the API's reference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from myriad.apps.console.people import let_go
from myriad.kit.errors import InvalidInputError
from myriad.scale.data import ReadSession
from myriad.scale.directory import (
    Principal,
    Role,
    issue_api_key,
    list_api_keys,
    list_members,
    revoke_api_key,
    update_tenant,
)
from myriad.scale.directory.principal import READ, SCOPES
from myriad.scale.http import (
    CurrentRuntime,
    MaybeCaller,
    Owner,
    Router,
    Staff,
    TenantReadSession,
    TenantSession,
)
from myriad.scale.http import public as public_route
from myriad.scale.ui import PageContext, Renderer
from myriad.scale.ui.page import CurrentPage, member_page, visitor_page

SETTINGS = "/settings"
_SEE_OTHER = 303
_KEY_DAYS = timedelta(days=365)

router = Router(tags=["settings"])
_renderer = Renderer(Path(__file__).parent / "templates")

Text = Annotated[str, Form(min_length=1, max_length=200)]


@dataclass(frozen=True)
class Operation:
    """One line of the API's reference."""

    method: str
    path: str
    summary: str
    statuses: tuple[str, ...]


@router.get(SETTINGS)
async def show_settings(
    caller: Staff,
    page: CurrentPage,
    session: TenantReadSession,
    done: Literal["", "removed"] = "",
) -> Response:
    """Show the account, its people and, to an owner, its API keys."""
    return await _draw(page, caller, session, done=done)


@router.post(f"{SETTINGS}/account")
async def change_account(
    caller: Owner, page: CurrentPage, session: TenantSession, name: Text, timezone: Text
) -> Response:
    """Rename the account or move it to another time zone."""
    try:
        await update_tenant(session, caller, name=name, timezone=timezone)
    except InvalidInputError as error:
        return await _draw(page, caller, session, status=422, fault=error.detail)
    return _back()


@router.post(f"{SETTINGS}/keys")
async def issue_key(
    caller: Owner,
    page: CurrentPage,
    session: TenantSession,
    name: Text,
    scope: Annotated[str, Form(pattern="^(read|all)$")] = READ,
) -> Response:
    """Issue an API key and show it this once."""
    scopes = [READ] if scope == READ else SCOPES
    issued = await issue_api_key(
        session,
        caller.tenant_id,
        name=name,
        role=Role.STAFF,
        scopes=scopes,
        lifetime=_KEY_DAYS,
        actor=caller,
    )
    return await _draw(page, caller, session, token=issued.token)


@router.post(f"{SETTINGS}/keys/{{api_key_id}}/revoke")
async def revoke_key(caller: Owner, session: TenantSession, api_key_id: UUID) -> Response:
    """Revoke an API key at once."""
    await revoke_api_key(session, caller, api_key_id)
    return _back()


@router.post(f"{SETTINGS}/people/{{user_id}}/remove")
async def remove_person(
    caller: Owner,
    runtime: CurrentRuntime,
    user_id: UUID,
    keys: Annotated[Literal["", "revoke"], Form()] = "",
) -> Response:
    """Take a person's membership away at once; what they did stays."""
    await let_go(runtime.database, caller, user_id, revokes_keys=keys == "revoke")
    return RedirectResponse(f"{SETTINGS}?done=removed", _SEE_OTHER)


@router.get("/api/docs", dependencies=[public_route("the API's reference names no tenant")])
async def show_reference(request: Request, caller: MaybeCaller) -> Response:
    """Show every operation of the API on one page."""
    page = visitor_page(request) if caller is None else member_page(request, caller)
    operations = list(_operations(request.app.openapi()))
    return _renderer.respond(page, "console/reference.html", operations=operations)


def _operations(document: dict[str, Any]) -> Iterator[Operation]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            summary = operation.get("description") or operation.get("summary", "")
            statuses = tuple(sorted(operation["responses"]))
            yield Operation(method.upper(), path, summary.splitlines()[0], statuses)


async def _draw(
    page: PageContext,
    caller: Principal,
    session: ReadSession,
    *,
    status: int = 200,
    token: str = "",
    fault: str = "",
    done: str = "",
) -> Response:
    members = await list_members(session, caller.tenant_id)
    keys = await list_api_keys(session) if caller.is_owner else []
    return _renderer.respond(
        page,
        "console/settings.html",
        status=status,
        is_owner=caller.is_owner,
        members=members,
        owners=sum(1 for one in members if one.role is Role.OWNER),
        keys=keys,
        issued=Counter(key.created_by for key in keys if key.revoked_at is None),
        token=token,
        fault=fault,
        done=done,
    )


def _back() -> Response:
    return RedirectResponse(SETTINGS, _SEE_OTHER)
