"""The demo's accounts: the spa, and a purchase log as of its last day."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from secrets import token_hex

import pytest

from myriad.apps import demo
from myriad.products.keeper.google.opening import speaking_google
from myriad.products.keeper.repository import get_account, get_connections
from myriad.products.keeper.square.simulator.server import build_world
from myriad.scale.directory.tenants import find_tenant_by_slug
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId
from tests.products.keeper.google.conftest import running_google
from tests.products.keeper.square.accounts import runtime_of
from tests.products.keeper.square.conftest import running_square

LOG = "customer_id,date,quantity,amount\nada,19970103,2,29.33\nbo,1997-02-10,1,12.00\n"


def test_without_a_log_there_is_the_spa_alone() -> None:
    assert demo.accounts(None) == [demo.Account(demo.SPA_SLUG, demo.SPA_NAME)]


def test_a_log_is_an_account_as_of_its_last_day(tmp_path: Path) -> None:
    log = tmp_path / "My purchases.csv"
    log.write_text(LOG)
    spa, purchases = demo.accounts(log)
    assert spa.as_of is None
    assert (purchases.slug, purchases.as_of) == ("my-purchases", date(1997, 2, 10))
    assert purchases.merchant_id


def test_a_log_that_cannot_be_used_ends_with_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "log.csv"
    log.write_text("customer_id,date\nada,19970103\n")
    monkeypatch.setattr(demo.logs, "configure", lambda _process: None)
    assert demo.main(["--purchases", str(log)]) == 2
    assert "missing: quantity, amount" in capsys.readouterr().err


async def test_filling_twice_makes_one_account(runtime: Runtime, tmp_path: Path) -> None:
    log = tmp_path / f"log {token_hex(4)}.csv"
    log.write_text(LOG)
    (_, account) = demo.accounts(log)
    with running_square(build_world(purchases=log, spa=False, seed=1, customers=1)) as square:
        reachable = runtime_of(runtime, square)
        for _ in range(2):
            await demo.fill(reachable, account)
    async with runtime.database.crossing("test looks for the account") as session:
        tenant = await find_tenant_by_slug(session, account.slug)
    assert tenant is not None
    async with runtime.database.read_session(TenantId(tenant.id)) as session:
        found = await get_account(session)
        view = await get_connections(session)
    assert found.as_of == date(1997, 2, 10)
    assert found.job_id is not None
    assert [card.merchant_id for card in view.connections] == [account.merchant_id]


async def test_the_spa_is_connected_to_google_by_the_consent_that_owners_give(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its reviews come through the connection; a second start connects again and adds none."""
    monkeypatch.setattr(demo, "SPA_SLUG", f"spa-{token_hex(4)}")
    account = demo.Account(demo.SPA_SLUG, demo.SPA_NAME)
    world = build_world(purchases=None, spa=True, seed=1, customers=1)
    with running_square(world) as square, running_google() as google:
        google.write(3)
        reachable = speaking_google(runtime_of(runtime, square), google.url)
        for _ in range(2):
            await demo.fill(reachable, account)
    async with runtime.database.crossing("test looks for the account") as session:
        tenant = await find_tenant_by_slug(session, account.slug)
    assert tenant is not None
    stored = await runtime.database.reader.rows(
        TenantId(tenant.id), "SELECT source, count(*) AS n FROM keeper.review GROUP BY source", {}
    )
    assert stored == [{"source": "google", "n": 3}]
    connected = "SELECT status FROM keeper.connection WHERE provider = 'google'"
    rows = await runtime.database.reader.rows(TenantId(tenant.id), connected, {})
    assert [row["status"] for row in rows] == ["active"]
