"""OAuth's pages and endpoints."""

from __future__ import annotations

from html import escape
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from myriad.products.keeper.square.simulator.answers import bad_request
from myriad.products.keeper.square.simulator.records import Json
from myriad.products.keeper.square.simulator.state import Simulator
from myriad.products.keeper.square.simulator.world import Seller
from myriad.scale.simulator.answers import json_response

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Simulated Square: give access</title>
<style>body{{font:16px/1.5 system-ui;max-width:34rem;margin:4rem auto;padding:0 1rem}}
button{{font:inherit;padding:.6rem 1.2rem;margin:.25rem 0}}li{{color:#555}}</style></head><body>
<h1>Simulated Square</h1><p><strong>{application}</strong> asks to read:</p><ul>{scopes}</ul>
<form method="get" action="{path}">{hidden}{buttons}
<button name="decision" value="deny">Deny</button></form></body></html>"""


def _choose(simulator: Simulator, request: Request) -> Seller:
    seller = simulator.world.seller(request.query_params.get("merchant_id"))
    if seller is None:
        raise bad_request("NOT_FOUND", "There is no such merchant.", "merchant_id")
    return seller


async def authorize(request: Request) -> Response:
    """GET /oauth2/authorize: a consent page; `auto=1` approves at once, for scripts."""
    simulator = Simulator.of(request)
    asked = request.query_params
    if asked.get("client_id") != simulator.settings.application_id:
        raise bad_request("INVALID_VALUE", "There is no such application.", "client_id")
    if asked.get("decision") == "deny":
        return _redirect(request, {"error": "access_denied", "error_description": "user_denied"})
    if asked.get("decision") != "allow" and asked.get("auto") != "1":
        return HTMLResponse(_consent_page(simulator, request))
    return _redirect(request, {"code": _code(simulator, request), "response_type": "code"})


def _code(simulator: Simulator, request: Request) -> str:
    scopes = tuple(request.query_params.get("scope", "").split())
    life = simulator.settings.code_life_seconds
    merchant_id = _choose(simulator, request).merchant_id
    return simulator.issuer.issue("code", merchant_id, scopes, simulator.now(), life)


def _redirect(request: Request, values: dict[str, str]) -> Response:
    target = request.query_params.get("redirect_uri")
    if not target:
        raise bad_request("MISSING_REQUIRED_PARAMETER", "Name a redirect_uri.", "redirect_uri")
    state = request.query_params.get("state")
    query = urlencode(values | ({"state": state} if state is not None else {}))
    return RedirectResponse(f"{target}{'&' if '?' in target else '?'}{query}", 302)


def _consent_page(simulator: Simulator, request: Request) -> str:
    asked = request.query_params
    kept = {k: v for k, v in asked.items() if k not in ("decision", "merchant_id")}
    hidden = "".join(
        f'<input type="hidden" name="{escape(k)}" value="{escape(v)}">' for k, v in kept.items()
    )
    hidden += '<input type="hidden" name="decision" value="allow">'
    buttons = "".join(
        f'<p><button name="merchant_id" value="{escape(seller.merchant_id)}">'
        f"Allow for {escape(str(seller.merchant['business_name']))}</button></p>"
        for seller in simulator.world.sellers.values()
    )
    return _PAGE.format(
        application=escape(simulator.settings.application_id),
        scopes="".join(f"<li>{escape(s)}</li>" for s in asked.get("scope", "").split()),
        path=escape(request.url.path),
        hidden=hidden,
        buttons=buttons,
    )


async def _json(request: Request) -> Json:
    try:
        decoded = msgspec.json.decode(await request.body() or b"{}", type=dict[str, object])
    except msgspec.DecodeError:
        raise bad_request("EXPECTED_JSON_BODY", "The body must be a JSON object.") from None
    return dict(decoded)


async def token(request: Request) -> Response:
    """POST /oauth2/token."""
    simulator = Simulator.of(request)
    return json_response(simulator.issuer.token_response(await _json(request), simulator.now()))


async def status(request: Request) -> Response:
    """POST /oauth2/token/status."""
    simulator = Simulator.of(request)
    header = request.headers.get("authorization")
    grant = simulator.issuer.authenticate(header, simulator.now())
    return json_response(simulator.issuer.status(grant))


async def revoke(request: Request) -> Response:
    """POST /oauth2/revoke: ends every token of the merchant and says so by webhook."""
    simulator = Simulator.of(request)
    simulator.issuer.check_secret(request.headers.get("authorization"))
    merchant_id = simulator.issuer.merchant_of(await _json(request))
    revoke_merchant(simulator, merchant_id)
    return json_response({"success": True})


def revoke_merchant(simulator: Simulator, merchant_id: str) -> None:
    """Withdraw the permission of a merchant and send oauth.authorization.revoked."""
    simulator.issuer.revoke(merchant_id, simulator.now())
    simulator.webhooks.send(
        simulator.webhooks.event(
            merchant_id,
            "oauth.authorization.revoked",
            "revocation",
            {"id": merchant_id, "revoker_type": "MERCHANT"},
            simulator.world.clock(),
        )
    )
