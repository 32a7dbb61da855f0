"""The page behind an invitation's link: a password for who is new, one button for who is known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from myriad.apps.console.signing import LOGIN
from myriad.kit.errors import InvalidInputError
from myriad.scale.directory import (
    OpenInvitation,
    Principal,
    accept_as,
    accept_as_new,
    get_invitation,
    sign_in,
    switch_tenant,
)
from myriad.scale.http import (
    CurrentRuntime,
    MaybeCaller,
    Router,
    check_csrf,
    find_session_token,
    public,
    set_session_cookie,
)
from myriad.scale.runtime import Runtime
from myriad.scale.ui import Renderer
from myriad.scale.ui.page import visitor_page

_SEE_OTHER = 303
_WHY_OPEN = "who is invited has no way to sign in yet; the link's secret says who they are"

router = Router(tags=["signing"])
_renderer = Renderer(Path(__file__).parent / "templates")


@router.get("/join/{token}", dependencies=[public(_WHY_OPEN)])
async def show_invitation(
    request: Request, runtime: CurrentRuntime, caller: MaybeCaller, token: str
) -> Response:
    """Show who invites whom, and what to do."""
    found = await get_invitation(runtime.database, token)
    return _draw(request, found, caller, token)


@router.post("/join/{token}", dependencies=[public(_WHY_OPEN)])
async def join(
    request: Request,
    runtime: CurrentRuntime,
    caller: MaybeCaller,
    token: str,
    password: Annotated[str, Form(max_length=320)] = "",
) -> Response:
    """Take the invitation, as a new user with this password or as who is signed in."""
    await check_csrf(request)
    found = await get_invitation(runtime.database, token)
    if caller is not None and caller.email == found.email:
        await accept_as(runtime.database, token, caller)
        await switch_tenant(
            runtime.database, find_session_token(request) or "", caller, found.tenant_id
        )
        return RedirectResponse("/", _SEE_OTHER)
    if found.is_known:
        return _draw(request, found, caller, token)
    try:
        await accept_as_new(runtime.database, token, password)
    except InvalidInputError as error:
        return _draw(request, found, caller, token, fault=error.detail)
    return await _signed_in(request, runtime, found, password)


async def _signed_in(
    request: Request, runtime: Runtime, found: OpenInvitation, password: str
) -> Response:
    signed_in = await sign_in(
        runtime.database, found.email, password, replacing=find_session_token(request)
    )
    response = RedirectResponse("/", _SEE_OTHER)
    set_session_cookie(request, response, signed_in.token, signed_in.expires_at)
    return response


def _draw(
    request: Request,
    found: OpenInvitation,
    caller: Principal | None,
    token: str,
    *,
    fault: str = "",
) -> Response:
    return _renderer.respond(
        visitor_page(request),
        "console/join.html",
        status=422 if fault else 200,
        invitation=found,
        is_me=caller is not None and caller.email == found.email,
        is_another=caller is not None and caller.email != found.email,
        here=f"/join/{token}",
        login=LOGIN,
        fault=fault,
    )
