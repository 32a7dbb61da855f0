"""The simulated Plaid as one Starlette application: the requests of our client, in Plaid's shapes."""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from myriad.products.kamioi.plaid.simulator import hosted
from myriad.products.kamioi.plaid.simulator.state import (
    KEY_ID,
    PlaidFaultError,
    PlaidFaults,
    PlaidSimulator,
)
from myriad.products.kamioi.plaid.simulator.world import Bank, PlaidWorld
from myriad.scale.simulator.answers import json_response
from myriad.scale.simulator.faults import whole_seconds

Json = dict[str, Any]
_Handler = Callable[[PlaidSimulator, Json], Awaitable[Json]]
_MOST = 500


async def link_token(simulator: PlaidSimulator, asked: Json) -> Json:
    """Answer /link/token/create."""
    if "hosted_link" in asked:
        return hosted.begin(simulator, asked)
    expires = datetime.now(UTC) + timedelta(hours=4)
    person = asked["user"]["client_user_id"]
    return {"link_token": f"link-sandbox-{person}", "expiration": expires.isoformat()}


async def sandbox_public_token(simulator: PlaidSimulator, asked: Json) -> Json:
    """Answer /sandbox/public_token/create: a persona, or a member who has lived for a while."""
    persona = simulator.world.personas.get(
        str((asked.get("options") or {}).get("override_username"))
    )
    if persona is not None:
        persona.needs_login = False
        return {"public_token": simulator.world.public_token(persona)}
    bank = simulator.world.link(
        institution=asked.get("institution_id") or "Chase", mask=asked.get("mask") or "4242"
    )
    today = datetime.now(UTC).date()
    bank.live(simulator.world.seed, today - timedelta(days=int(asked.get("days") or 90)), today)
    return {"public_token": simulator.world.public_token(bank)}


async def exchange(simulator: PlaidSimulator, asked: Json) -> Json:
    """Answer /item/public_token/exchange: a public token is good for one exchange."""
    bank = simulator.world.public_tokens.get(asked["public_token"])
    if bank is None:
        message = "provided public token is in an invalid format or expired"
        raise PlaidFaultError(400, "INVALID_INPUT", "INVALID_PUBLIC_TOKEN", message)
    simulator.world.public_tokens[asked["public_token"]] = None
    return {"access_token": bank.access_token, "item_id": bank.item_id}


async def accounts(simulator: PlaidSimulator, asked: Json) -> Json:
    """Answer /accounts/get."""
    bank = _bank(simulator, asked)
    return {"accounts": [bank.account()], "item": {"item_id": bank.item_id}}


async def sync(simulator: PlaidSimulator, asked: Json) -> Json:
    """Answer /transactions/sync: the log from the cursor on."""
    bank = _bank(simulator, asked)
    if life := simulator.world.lives.get(bank.access_token):
        life.live_until(bank, datetime.now(UTC).date())
    count = int(asked.get("count", 100))
    if not 1 <= count <= _MOST:
        raise PlaidFaultError(400, "INVALID_REQUEST", "INVALID_FIELD", "count must be 1 to 500")
    begin = _position(bank, asked.get("cursor", ""))
    faults = simulator.weather.faults
    end = min(begin + count, len(bank.events))
    if faults.mutations > 0 and 0 < begin < len(bank.events):
        faults.mutations -= 1
        simulator.weather.count("mutations")
        code = "TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION"
        raise PlaidFaultError(400, "TRANSACTIONS_ERROR", code, "begin the loop again")
    answer: Json = {"added": [], "modified": [], "removed": []}
    for kind, told in bank.events[begin:end]:
        answer[kind].append(told)
    return {
        **answer,
        "accounts": [bank.account()],
        "next_cursor": _cursor(bank, end),
        "has_more": end < len(bank.events),
        "transactions_update_status": "HISTORICAL_UPDATE_COMPLETE",
    }


async def webhook_key(simulator: PlaidSimulator, asked: Json) -> Json:
    """Answer /webhook_verification_key/get."""
    if asked["key_id"] != KEY_ID:
        message = "invalid key_id provided"
        raise PlaidFaultError(400, "INVALID_INPUT", "INVALID_WEBHOOK_VERIFICATION_KEY_ID", message)
    return {"key": simulator.public_key()}


def _bank(simulator: PlaidSimulator, asked: Json) -> Bank:
    bank = simulator.world.banks.get(asked["access_token"])
    if bank is None:
        message = "provided access token is in an invalid format"
        raise PlaidFaultError(400, "INVALID_INPUT", "INVALID_ACCESS_TOKEN", message)
    if bank.needs_login:
        message = "the login details of this item have changed"
        raise PlaidFaultError(400, "ITEM_ERROR", "ITEM_LOGIN_REQUIRED", message)
    return bank


def _cursor(bank: Bank, position: int) -> str:
    return base64.b64encode(f"{bank.item_id}:{position}".encode()).decode()


def _position(bank: Bank, cursor: str) -> int:
    if not cursor:
        return 0
    try:
        owner, _, position = base64.b64decode(cursor, validate=True).decode().rpartition(":")
        if owner == bank.item_id:
            return int(position)
    except ValueError:
        pass
    raise PlaidFaultError(400, "INVALID_INPUT", "INVALID_FIELD", "cursor not associated with item")


async def set_faults(simulator: PlaidSimulator, asked: Json) -> Json:
    """Bring trouble."""
    simulator.weather.set(PlaidFaults(**asked), None)
    return {}


async def settle(simulator: PlaidSimulator, asked: Json) -> Json:
    """Let everything that is pending post, and tell it."""
    day = date.fromisoformat(asked["day"]) if "day" in asked else datetime.now(UTC).date()
    posted = 0
    for bank in simulator.world.banks.values():
        posted += bank.settle(day)
        simulator.tell(bank, "TRANSACTIONS", "SYNC_UPDATES_AVAILABLE")
    return {"posted": posted}


async def end_login(simulator: PlaidSimulator, asked: Json) -> Json:
    """Let a persona's bank ask for a new login, and tell it."""
    bank = simulator.world.personas[asked["username"]]
    bank.needs_login = True
    code = "ITEM_LOGIN_REQUIRED"
    simulator.tell(bank, "ITEM", "ERROR", error={"error_code": code, "error_type": "ITEM_ERROR"})
    return {}


_PUBLIC: dict[str, _Handler] = {
    "/link/token/create": link_token,
    "/sandbox/public_token/create": sandbox_public_token,
    "/item/public_token/exchange": exchange,
    "/accounts/get": accounts,
    "/transactions/sync": sync,
    "/webhook_verification_key/get": webhook_key,
    "/link/token/get": hosted.sessions,
    "/item/remove": hosted.remove,
}
_CONTROL: dict[str, _Handler] = {
    "/_control/faults": set_faults,
    "/_control/settle": settle,
    "/_control/end_login": end_login,
}


def create_app(world: PlaidWorld, *, webhook_url: str = "") -> Starlette:
    """Return the application that serves `world`."""
    simulator = PlaidSimulator(world, webhook_url)
    routes = [
        Route(path, _told(simulator, call, is_public=True), methods=["POST"])
        for path, call in _PUBLIC.items()
    ]
    routes += [
        Route(path, _told(simulator, call, is_public=False), methods=["POST"])
        for path, call in _CONTROL.items()
    ]
    app = Starlette(routes=[*routes, *hosted.routes(simulator)])
    app.state.simulator = simulator
    return app


def _told(
    simulator: PlaidSimulator, handler: _Handler, *, is_public: bool
) -> Callable[[Request], Awaitable[Response]]:
    async def call(request: Request) -> Response:
        try:
            asked = json.loads(await request.body() or b"{}")
            if is_public:
                simulator.seen_at = str(request.base_url).rstrip("/")
                await _admit(simulator, asked)
            return json_response({**await handler(simulator, asked), "request_id": "simulated"})
        except PlaidFaultError as refusal:
            return refusal.response()
        except (KeyError, TypeError, ValueError) as fault:
            kind, code = "INVALID_REQUEST", "MISSING_FIELDS"
            return PlaidFaultError(400, kind, code, repr(fault)).response()

    return call


async def _admit(simulator: PlaidSimulator, asked: Json) -> None:
    await simulator.weather.suffer(_too_many, _broken)
    if (asked.get("client_id"), asked.get("secret")) != (simulator.client_id, simulator.secret):
        message = "invalid client_id or secret provided"
        raise PlaidFaultError(400, "INVALID_INPUT", "INVALID_API_KEYS", message)


def _too_many(seconds: float) -> Exception:
    headers = {"retry-after": whole_seconds(seconds)}
    kind, code = "RATE_LIMIT_EXCEEDED", "TRANSACTIONS_SYNC_LIMIT"
    return PlaidFaultError(429, kind, code, "rate limit exceeded", headers)


def _broken() -> Exception:
    message = "an unexpected error occurred"
    return PlaidFaultError(500, "API_ERROR", "INTERNAL_SERVER_ERROR", message)
