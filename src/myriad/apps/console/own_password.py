"""The page on which whoever is signed in gives themselves another password."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from myriad.kit.errors import InvalidInputError, MyriadError, NotFoundError, TooManyRequestsError
from myriad.scale.directory import Principal, WrongCredentialsError, change_password
from myriad.scale.http import Caller, CurrentRuntime, Router, set_session_cookie
from myriad.scale.http.problem import of_myriad_error
from myriad.scale.ui import Renderer
from myriad.scale.ui.page import YOU, member_page

_SEE_OTHER = 303
_UNPROCESSABLE = 422

router = Router(tags=["signing"])
_renderer = Renderer(Path(__file__).parent / "templates")

Secret = Annotated[str, Form(max_length=320)]


@router.get(YOU)
async def show_own_password(request: Request, caller: Caller, done: bool = False) -> Response:
    """Show the form."""
    _ensure_person(caller)
    return _draw(request, caller, is_done=done)


@router.post(YOU)
async def renew_own_password(
    request: Request,
    runtime: CurrentRuntime,
    caller: Caller,
    old: Secret,
    new: Secret,
) -> Response:
    """Give the caller the new password; every other browser of theirs is signed out."""
    _ensure_person(caller)
    came_from = request.client.host if request.client else ""
    try:
        signed_in = await change_password(runtime.database, caller, old, new, came_from=came_from)
    except (WrongCredentialsError, InvalidInputError, TooManyRequestsError) as error:
        return _draw(request, caller, fault=error)
    response = RedirectResponse(f"{YOU}?done=true", _SEE_OTHER)
    set_session_cookie(request, response, signed_in.token, signed_in.expires_at)
    return response


def _ensure_person(caller: Principal) -> None:
    if caller.kind != "user":
        raise NotFoundError("only a person who signed in has a password")


def _draw(
    request: Request, caller: Principal, *, fault: MyriadError | None = None, is_done: bool = False
) -> Response:
    # A wrong password here is a fault of the form: who asks is signed in, so it is no 401.
    is_of_form = isinstance(fault, WrongCredentialsError)
    status = 200 if fault is None else _UNPROCESSABLE if is_of_form else fault.status
    page = _renderer.respond(
        member_page(request, caller),
        "console/password.html",
        status=status,
        fault_old=fault.detail if fault is not None and is_of_form else "",
        fault_new=fault.detail if isinstance(fault, InvalidInputError) else "",
        wait=fault.detail if isinstance(fault, TooManyRequestsError) else "",
        is_done=is_done,
    )
    if isinstance(fault, TooManyRequestsError):
        page.headers.update(of_myriad_error(fault).headers)
    return page
