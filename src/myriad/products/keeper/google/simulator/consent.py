"""OAuth's pages and endpoints, as Google runs them."""

from __future__ import annotations

import hmac
from html import escape
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from myriad.products.keeper.google.simulator.state import (
    GoogleFaultError,
    GoogleSimulator,
)
from myriad.scale.simulator.answers import json_response

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Simulated Google: give access</title>
<style>body{{font:16px/1.5 system-ui;max-width:34rem;margin:4rem auto;padding:0 1rem}}
button{{font:inherit;padding:.6rem 1.2rem;margin:.25rem 0}}</style></head><body>
<h1>Simulated Google</h1><p>Keeper asks to see and answer the reviews of {titles}.</p>
<form method="get" action="{path}">{hidden}
<button name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Deny</button></form></body></html>"""
_YEARS = 10 * 365 * 86_400.0


async def authorize(request: Request) -> Response:
    """GET /o/oauth2/v2/auth: a consent page; `auto=1` approves at once, for scripts."""
    simulator = GoogleSimulator.of(request)
    asked = request.query_params
    if asked.get("client_id") != simulator.settings.client_id or not asked.get("redirect_uri"):
        raise GoogleFaultError(400, "INVALID_ARGUMENT", "invalid_client or no redirect_uri")
    if asked.get("decision") == "deny":
        return _redirect(request, {"error": "access_denied"})
    if asked.get("decision") != "allow" and asked.get("auto") != "1":
        return HTMLResponse(_consent_page(simulator, request))
    code = simulator.issue("code", simulator.settings.code_life_seconds)
    return _redirect(request, {"code": code, "scope": asked.get("scope", "")})


def _redirect(request: Request, values: dict[str, str]) -> Response:
    target, state = request.query_params["redirect_uri"], request.query_params.get("state")
    query = urlencode(values | ({"state": state} if state is not None else {}))
    return RedirectResponse(f"{target}{'&' if '?' in target else '?'}{query}", 302)


def _consent_page(simulator: GoogleSimulator, request: Request) -> str:
    kept = ((k, v) for k, v in request.query_params.items() if k != "decision")
    return _PAGE.format(
        titles=escape(", ".join(item.title for item in simulator.world.businesses.values())),
        path=escape(request.url.path),
        hidden="".join(
            f'<input type="hidden" name="{escape(k)}" value="{escape(v)}">' for k, v in kept
        ),
    )


async def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await request.body()).decode("utf-8", "replace")))


async def token(request: Request) -> Response:
    """POST /token: a code or a refresh token for an access token of an hour."""
    simulator = GoogleSimulator.of(request)
    form = await _form(request)
    known = form.get("client_id") == simulator.settings.client_id and hmac.compare_digest(
        form.get("client_secret", "").encode(), simulator.settings.client_secret.encode()
    )
    if not known:
        return _refuse("invalid_client", "The OAuth client was not found.", 401)
    if form.get("grant_type") == "authorization_code":
        return _redeem(simulator, form.get("code", ""))
    if simulator.read(form.get("refresh_token", ""), "refresh") is None:
        return _refuse("invalid_grant", "Token has been expired or revoked.")
    return json_response(_access(simulator))


def _redeem(simulator: GoogleSimulator, code: str) -> Response:
    grant = simulator.read(code, "code")
    if grant is None or grant.number in simulator.used_codes:
        return _refuse("invalid_grant", "Malformed auth code.")
    simulator.used_codes.add(grant.number)
    return json_response(_access(simulator) | {"refresh_token": simulator.issue("refresh", _YEARS)})


def _access(simulator: GoogleSimulator) -> dict[str, object]:
    life = simulator.settings.token_life_seconds
    return {
        "access_token": simulator.issue("access", life),
        "expires_in": int(life),
        "token_type": "Bearer",
        "scope": "https://www.googleapis.com/auth/business.manage",
    }


def _refuse(error: str, description: str, status: int = 400) -> Response:
    return json_response({"error": error, "error_description": description}, status)


async def revoke(request: Request) -> Response:
    """POST /revoke: ends the permission."""
    simulator = GoogleSimulator.of(request)
    given = (await _form(request)).get("token", "")
    if simulator.read(given, "refresh") is None and simulator.read(given, "access") is None:
        return _refuse("invalid_token", "Token expired or revoked")
    simulator.revoke()
    return json_response({})
