"""The account's settings: its name and zone, its API keys; and the API's reference."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from fastapi import Form
from starlette.requests import Request
from starlette.responses import Response

from myriad.apps.console.settings_view import (
    SETTINGS,
    Done,
    Told,
    back,
    draw_settings,
)
from myriad.kit.errors import InvalidInputError
from myriad.scale.directory import (
    Role,
    issue_api_key,
    revoke_api_key,
    update_tenant,
)
from myriad.scale.directory.principal import READ, SCOPES
from myriad.scale.http import (
    MaybeCaller,
    Owner,
    Router,
    Staff,
    TenantReadSession,
    TenantSession,
)
from myriad.scale.http import public as public_route
from myriad.scale.ui import Renderer
from myriad.scale.ui.page import CurrentPage, member_page, visitor_page

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
    done: Done = "",
) -> Response:
    """Show the account, its people and, to an owner, its API keys."""
    return await draw_settings(page, caller, session, Told(done=done))


@router.post(f"{SETTINGS}/account")
async def change_account(
    caller: Owner, page: CurrentPage, session: TenantSession, name: Text, timezone: Text
) -> Response:
    """Rename the account or move it to another time zone."""
    try:
        await update_tenant(session, caller, name=name, timezone=timezone)
    except InvalidInputError as error:
        return await draw_settings(page, caller, session, Told(fault=error.detail), status=422)
    return back()


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
    return await draw_settings(page, caller, session, Told(token=issued.token))


@router.post(f"{SETTINGS}/keys/{{api_key_id}}/revoke")
async def revoke_key(caller: Owner, session: TenantSession, api_key_id: UUID) -> Response:
    """Revoke an API key at once."""
    await revoke_api_key(session, caller, api_key_id)
    return back()


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
