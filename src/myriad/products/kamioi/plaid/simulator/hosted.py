"""Plaid's own pages for linking (Hosted Link): choose a bank, sign in, come back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html import escape
from secrets import token_hex
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from myriad.products.kamioi.plaid.simulator.state import PlaidFaultError, PlaidSimulator
from myriad.products.kamioi.plaid.simulator.world import Bank

Json = dict[str, Any]
PATH = "/hosted/{link_token}"
_BANKS = ("Chase", "Bank of America", "Citibank Online", "Wells Fargo", "Capital One")
_DAYS = 90
_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Simulated Plaid: link a bank</title>
<style>body{{font:16px/1.5 system-ui;max-width:34rem;margin:4rem auto;padding:0 1rem}}
button{{font:inherit;padding:.6rem 1.2rem;margin:.25rem 0;display:block}}</style></head><body>
<h1>Simulated Plaid</h1><p>{lead}</p><form method="post">{buttons}</form></body></html>"""


def begin(simulator: PlaidSimulator, asked: Json) -> Json:
    """Return the additions to a link token whose pages are hosted, and keep what was asked."""
    token = f"link-sandbox-{token_hex(12)}"
    expires = datetime.now(UTC) + timedelta(hours=4)
    simulator.visits[token] = {
        "back_to": asked["hosted_link"].get("completion_redirect_uri", ""),
        "access_token": asked.get("access_token", ""),
        "webhook": asked.get("webhook", ""),
        "sessions": [],
    }
    return {
        "link_token": token,
        "expiration": expires.isoformat(),
        "hosted_link_url": simulator.seen_at + PATH.format(link_token=token),
    }


async def sessions(simulator: PlaidSimulator, asked: Json) -> Json:
    """Answer /link/token/get."""
    visit = simulator.visits.get(asked["link_token"])
    if visit is None:
        message = "the provided link token is not known"
        raise PlaidFaultError(400, "INVALID_INPUT", "INVALID_LINK_TOKEN", message)
    return {"link_token": asked["link_token"], "link_sessions": visit["sessions"]}


async def remove(simulator: PlaidSimulator, asked: Json) -> Json:
    """Answer /item/remove."""
    if simulator.world.banks.pop(asked["access_token"], None) is None:
        message = "provided access token is in an invalid format"
        raise PlaidFaultError(400, "INVALID_INPUT", "INVALID_ACCESS_TOKEN", message)
    return {}


def routes(simulator: PlaidSimulator) -> list[Route]:
    """Return the pages that people see."""

    async def show(request: Request) -> Response:
        visit = simulator.visits.get(request.path_params["link_token"])
        if visit is None:
            return HTMLResponse("<h1>This link is not known</h1>", 404)
        if request.method == "GET":
            return HTMLResponse(_page(simulator, visit))
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        _finish(simulator, visit, form)
        simulator.tell_visit(request.path_params["link_token"])
        return RedirectResponse(visit["back_to"], 303)

    return [Route(PATH, show, methods=["GET", "POST"])]


def _page(simulator: PlaidSimulator, visit: Json) -> str:
    bank = simulator.world.banks.get(visit["access_token"])
    names = (bank.institution,) if bank else _BANKS
    lead = "Sign in to your bank again." if bank else "Kamioi asks to read your transactions."
    buttons = "".join(
        f'<button name="bank" value="{escape(name)}">Sign in to {escape(name)}</button>'
        for name in names
    )
    return _PAGE.format(
        lead=lead, buttons=buttons + '<button name="leave" value="1">Leave</button>'
    )


def _finish(simulator: PlaidSimulator, visit: Json, form: dict[str, str]) -> None:
    now = datetime.now(UTC).isoformat()
    told: Json = {"link_session_id": token_hex(8), "started_at": now, "finished_at": now}
    if "leave" in form:
        visit["sessions"].append({**told, "exit": {"error": None}, "results": None})
        return
    bank = simulator.world.banks.get(visit["access_token"])
    if bank is not None:
        bank.needs_login = False
    else:
        bank = _open(simulator, form.get("bank", _BANKS[0]))
    result = {
        "public_token": simulator.world.public_token(bank),
        "institution": {"name": bank.institution, "institution_id": "ins_simulated"},
        "accounts": [bank.account()],
    }
    visit["sessions"].append({**told, "exit": None, "results": {"item_add_results": [result]}})


def _open(simulator: PlaidSimulator, institution: str) -> Bank:
    mask = f"{len(simulator.world.banks) % 10_000:04d}"
    bank = simulator.world.link(
        institution=institution, mask=mask, salt=token_hex(4), kind="checking"
    )
    today = datetime.now(UTC).date()
    bank.live(simulator.world.seed, today - timedelta(days=_DAYS), today)
    return bank
