"""Banks and a broker are simulated beside the demo, unless somebody has their own."""

from __future__ import annotations

import argparse
from datetime import date
from decimal import Decimal
from pathlib import Path
from secrets import token_hex

import pytest
from starlette.testclient import TestClient

from myriad.apps.cli import prepare
from myriad.apps.cli.plan import Demo, Plan, has_own_broker, has_own_plaid
from myriad.apps.simulators import create_banks
from myriad.products.kamioi.broker.simulator import KEY_ID, SECRET_KEY
from myriad.products.kamioi.demo.people import PEOPLE
from myriad.products.kamioi.settings import SIMULATED_PLAID
from myriad.scale.directory.sessions import sign_in
from myriad.scale.embedded.state import ServerUrls
from myriad.scale.runtime import Runtime

SINCE = date(2026, 10, 18)


@pytest.mark.parametrize("has_key", [False, True], ids=["simulated", "own"])
def test_plaid_and_alpaca_are_simulated_unless_there_are_keys(
    has_key: bool, database_urls: ServerUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PLAID_CLIENT_ID", "ALPACA_KEY_ID"):
        monkeypatch.delenv(f"MYRIAD_KAMIOI__{name}", raising=False)
        if has_key:
            monkeypatch.setenv(f"MYRIAD_KAMIOI__{name}", "mine")
    assert has_own_plaid() is has_own_broker() is has_key
    plaid, alpaca = (None, None) if has_key else (3, 4)
    demo = Demo(1, None, plaid_port=plaid, alpaca_port=alpaca, since=SINCE.isoformat())
    plan = Plan(tmp_path, 8000, database_urls, demo)
    simulated = [
        value for name, value in plan.environment.items()
        if name.startswith("MYRIAD_KAMIOI__") and name.endswith("_BASE_URL")
    ]  # fmt: skip
    assert simulated == ([] if has_key else ["http://127.0.0.1:3", "http://127.0.0.1:4"])
    (simulators,) = (part for part in plan.background(1) if part.name == "simulators")
    assert ("plaid" in simulators.detail) is ("alpaca" in simulators.detail) is not has_key


def test_simulators_that_are_started_again_tell_the_same() -> None:
    asked = argparse.Namespace(plaid=2, alpaca=3, since=SINCE, plaid_webhook_url="")
    first, second = (_told(create_banks(asked)[2]) for _ in range(2))
    assert first == second
    assert len(first["added"]) > 30
    broker = TestClient(create_banks(asked)[3])
    keys = {"APCA-API-KEY-ID": KEY_ID, "APCA-API-SECRET-KEY": SECRET_KEY}
    order = {
        "symbol": "SBUX", "notional": "5", "side": "buy", "type": "market",
        "time_in_force": "day", "client_order_id": "one",
    }  # fmt: skip
    assert broker.post("/v2/orders", json=order, headers=keys).status_code == 200
    look = ("/v2/orders:by_client_order_id?client_order_id=one", keys)
    answers = [broker.get(look[0], headers=look[1]).json() for _ in range(2)]
    assert [answer["status"] for answer in answers] == ["accepted", "filled"]
    assert Decimal(answers[1]["filled_qty"]) * Decimal(answers[1]["filled_avg_price"]) <= 5


def _told(app: object) -> dict[str, list[object]]:
    """Link the first of the demo's people and return the first page of their account."""
    client = TestClient(app)  # type: ignore[arg-type]
    keys = {
        "client_id": SIMULATED_PLAID["plaid_client_id"],
        "secret": SIMULATED_PLAID["plaid_secret"],
    }
    persona = {"options": {"override_username": PEOPLE[0].username}}
    token = client.post("/sandbox/public_token/create", json=keys | persona).json()["public_token"]
    item = client.post("/item/public_token/exchange", json=keys | {"public_token": token}).json()
    asked = keys | {"access_token": item["access_token"], "count": 500}
    page: dict[str, list[object]] = client.post("/transactions/sync", json=asked).json()
    return {"added": page["added"], "removed": page["removed"]}


async def test_the_demos_member_gets_a_login_once(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The password opens the account of somebody who belongs to nothing yet."""
    email = f"member-{token_hex(4)}@example.com"
    monkeypatch.setattr(prepare, "MEMBER_EMAIL", email)
    made = await prepare.make_member_login(runtime)
    assert made is not None
    assert made["email"] == email
    signed_in = await sign_in(runtime.database, email, made["password"])
    assert signed_in.token
    assert await prepare.make_member_login(runtime) is None
