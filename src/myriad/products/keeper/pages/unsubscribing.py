"""Stopping e-mails from a link in one of them, without a login.

Looking at the page changes nothing, because mail programs open links by themselves; the button and
the one-click request of RFC 8058 do.
"""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Literal

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from myriad.products.keeper.errors import NoAccountError
from myriad.products.keeper.notify.unsubscribing import (
    LONGEST_TOKEN,
    Subscription,
    UnsubscribeLinkError,
    switch,
    unseal,
)
from myriad.products.keeper.pages.preferring import KIND_WORDS
from myriad.scale import ui
from myriad.scale.http import CurrentRuntime, Router, public
from myriad.scale.runtime import Runtime
from myriad.scale.ui.page import visitor_page

Token = Annotated[str, Query(alias="t", max_length=LONGEST_TOKEN)]
Step = Literal["asked", "stopped", "resumed", "broken"]

router = Router(tags=["keeper"])
_RENDERER = ui.Renderer(Path(__file__).parents[1] / "templates")
_SEALED = "the link in a message is sealed for one member and can only stop or resume e-mails"


@router.get("/unsubscribe", dependencies=[public(_SEALED)])
async def ask(request: Request, runtime: CurrentRuntime, token: Token = "") -> Response:
    """Say which e-mails would stop; nothing changes."""
    try:
        return _draw(request, "asked", token, unseal(runtime.vault, token))
    except UnsubscribeLinkError as error:
        return _draw(request, "broken", fault=error.detail)


@router.post("/unsubscribe", dependencies=[public(_SEALED)])
async def stop(request: Request, runtime: CurrentRuntime, token: Token = "") -> Response:
    """Stop the e-mails: by the page's button, or by a mail program's one click."""
    return await _switch(request, runtime, token, on=False)


@router.post("/unsubscribe/undo", dependencies=[public(_SEALED)])
async def undo(request: Request, runtime: CurrentRuntime, token: Token = "") -> Response:
    """Let the e-mails come again."""
    return await _switch(request, runtime, token, on=True)


async def _switch(request: Request, runtime: Runtime, token: str, *, on: bool) -> Response:
    try:
        found = unseal(runtime.vault, token)
        async with runtime.database.session(found.tenant_id) as session:
            account = await switch(session, found, on=on)
    except UnsubscribeLinkError as error:
        return _draw(request, "broken", fault=error.detail)
    except NoAccountError:
        return _draw(request, "broken", fault="this account is gone, and its e-mails with it")
    return _draw(request, "resumed" if on else "stopped", token, found, account)


def _draw(
    request: Request,
    step: Step,
    token: str = "",
    found: Subscription | None = None,
    account: str = "",
    fault: str = "",
) -> Response:
    kinds = [KIND_WORDS[kind] for kind in found.kinds] if found else []
    response = _RENDERER.respond(
        visitor_page(request),
        "keeper/unsubscribe.html",
        status=HTTPStatus.BAD_REQUEST if step == "broken" else HTTPStatus.OK,
        step=step,
        token=token,
        kinds=kinds,
        account=account,
        fault=fault,
    )
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response
