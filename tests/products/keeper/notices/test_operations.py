"""Operations: load of ten thousand accounts, bounds as the alerts say them, and what accounts cost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import prometheus_client
import pytest
from redis.asyncio import Redis

from myriad.kit.clock import utc_now
from myriad.products.keeper.operations.measuring import MEASURED, export, measure, sum_costs
from myriad.products.keeper.operations.prices import (
    CRITICAL_SHARE,
    WARN_SHARE,
    Price,
    PriceError,
    account_cost,
    load_prices,
    price_on,
)
from myriad.products.keeper.pages import operation_words
from myriad.products.keeper.repository.operations import load_week, load_work
from myriad.products.keeper.views.operations import (
    Accuracy,
    Drift,
    Load,
    Operations,
    OperationsView,
    Syncs,
    Week,
)
from myriad.scale.cache import EVERYBODY
from myriad.scale.data import Database
from myriad.scale.directory import Role
from myriad.scale.limits.refusals import list_refusals, note_refusal
from myriad.scale.runtime import Runtime, cache_client
from tests.fixtures.app import LiveApp, create_person
from tests.products.keeper.ledger import Shop
from tests.scale.http.test_events import NOWHERE

TENANTS = 10_000
PRICE = load_prices()[0]
_NO_MODEL = {"model_usd_micros": 0.0}
_MODEL_WORK = (("calm", 1_490_000.0), ("warm", 1_510_000.0), ("dear", 2_010_000.0))
_SPENT = (
    "INSERT INTO platform.ai_spend (tenant_id, day, product, task, provider, model, mode, "
    "price_version, model_class, calls, input_tokens, cached_tokens, output_tokens, "
    "cost_usd_micros) VALUES (%s, %s, %s, %s, 'none', 'none', 'live', '1', "
    "'small', 1, 1, 0, 1, 1500000)"
)

_SEED = """
WITH made AS (
    INSERT INTO platform.tenant (slug, name, timezone)
    SELECT 'opscrowd-' || n, 'Crowd ' || n, (ARRAY['America/New_York', 'Europe/Berlin'])[1 + n %% 2]
    FROM generate_series(1, %(tenants)s) AS n RETURNING id, slug
), numbered AS (SELECT id, substr(slug, 10)::int AS n FROM made)
INSERT INTO platform.schedule
    (tenant_id, name, task, every, slot, second, weekday, next_fire_at, size_seconds)
SELECT id, every, 'keeper.account.' || every, every, n %% 96, 0, n %% 7,
       date_trunc('day', now()) + interval '1 day' + n %% 6 * interval '1 hour', 2
FROM numbered, unnest(ARRAY['nightly', 'hourly', 'weekly']) AS every
"""


async def execute(database: Database, sql: str, **parameters: Any) -> None:
    """Run a statement over every tenant."""
    async with database.crossing("test seeds a crowd") as session:
        connection = await session.connection()
        await connection.exec_driver_sql(sql, parameters or None)


@pytest.fixture
async def crowd(runtime: Runtime) -> AsyncIterator[Week]:
    """Ten thousand tenants whose schedules fill the week; returns the week as it was before them."""
    before = await load_week(runtime.database)
    await execute(runtime.database, _SEED, tenants=TENANTS)
    await forget_measurement(runtime)
    yield before
    await execute(
        runtime.database, "DELETE FROM platform.tenant WHERE starts_with(slug, 'opscrowd-')"
    )
    await forget_measurement(runtime)


async def forget_measurement(runtime: Runtime) -> None:
    """Let the next page measure anew: all processes share a measurement for five minutes."""
    for _ in range(200):
        if await runtime.caches.invalidate(MEASURED, EVERYBODY):
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the cache did not answer for 20 seconds")


async def test_ten_thousand_accounts_are_a_map_for_operators_and_nobody_else(
    crowd: Week, runtime: Runtime, live_app: LiveApp
) -> None:
    """Nightly ones count on each day, weekly ones on theirs, hourly ones in each hour."""
    week = await load_week(runtime.database)
    assert len(week.slots) == 7 * 96
    nightly = sum(load.accounts for (day, _), load in week.slots.items() if day == 0)
    assert nightly >= TENANTS + TENANTS // 7
    loads = [
        load.accounts - crowd.slots.get(place, Load()).accounts
        for place, load in week.slots.items()
    ]
    assert max(loads) < 2 * sum(loads) / (7 * 96)
    assert all(load.accounts >= TENANTS for load in week.hours.values())
    assert week.slots[0, 0].seconds >= 2 * (TENANTS // 96)
    first = live_app.first
    operator = await create_person(runtime, first.tenant_id, Role.OWNER, is_operator=True)
    async with httpx.AsyncClient(
        base_url=live_app.url, trust_env=False, timeout=60, follow_redirects=True
    ) as browser:
        page = await browser.get("/login")
        token = page.text.partition('name="csrf_token" value="')[2].partition('"')[0]
        form = {
            "email": operator.email,
            "password": operator.password,
            "csrf_token": token,
            "next": "/",
        }
        await browser.post("/login", data=form)
        shown = await browser.get("/keeper/ops?by=seconds")
        assert shown.status_code == 200
        assert shown.text.count('class="c-cell') == 7 * 96 + 7 * 24
        assert "Mon 00:00: " in shown.text
        assert "/keeper/ops" in (await browser.get("/settings")).text
    async with httpx.AsyncClient(base_url=live_app.url, trust_env=False) as client:
        for person in (first.owner, first.staff):
            refused = await client.get("/keeper/ops", headers=person.bearer)
            assert refused.status_code == 403


async def test_everything_is_measured_and_exported(shop: Shop) -> None:
    yesterday = utc_now().date() - timedelta(days=1)
    await shop.insert(
        "day_total",
        [
            {
                "tenant_id": shop.tenant_id,
                "location_ext_id": "L1",
                "local_date": yesterday - timedelta(days=age),
                "ours": 100,
                "square": 100 - drift,
                "drift": drift,
            }
            for age, drift in ((0, 5), (10, -7), (11, 0))
        ],
    )
    for number, right in enumerate((True, True, False)):
        await shop.change(
            "INSERT INTO keeper.insight (tenant_id, business_date, kind, claim, horizon_date, "
            "graded_at, correct, dedup_key) VALUES (%s, current_date, 'x', 'x', current_date, "
            "now(), %s, %s)",
            (shop.tenant_id, right, str(number)),
        )
    found = await measure(shop.runtime.database)
    assert found.accounts >= 1
    assert found.drift.cents >= 7
    assert found.drift.accounts >= 1
    assert found.accuracy.graded >= 3
    assert found.costs.currency == "USD"
    assert any(row.plan == "standard" for row in found.costs.rows)
    sample = prometheus_client.REGISTRY.get_sample_value
    assert sample("myriad_keeper_drift_cents") == found.drift.cents
    assert sample("myriad_keeper_accounts") == found.accounts


async def test_days_that_may_still_change_are_no_drift(shop: Shop) -> None:
    """An offline sale arrives up to 72 hours late."""
    before = (await measure(shop.runtime.database)).drift.cents
    for age in range(3):
        day = utc_now().date() - timedelta(days=age)
        await shop.insert(
            "day_total",
            [
                {
                    "tenant_id": shop.tenant_id,
                    "location_ext_id": "L1",
                    "local_date": day,
                    "ours": 1,
                    "square": 0,
                    "drift": 1,
                }
            ],
        )
    assert (await measure(shop.runtime.database)).drift.cents == before


def _found(**changes: Any) -> Operations:
    from_nothing = sum_costs([], 0.0, PRICE)
    quiet = Operations(
        at=utc_now(),
        accounts=3,
        week=_EMPTY_WEEK,
        syncs=Syncs(10, 119.0, 0),
        drift=Drift(30, 0, 0),
        accuracy=Accuracy(100, 75),
        costs=replace(from_nothing, mean_share=WARN_SHARE),
    )
    return replace(quiet, **changes)


_EMPTY_WEEK: Any = None


@pytest.mark.parametrize(
    ("changes", "levels"),
    [
        ({}, []),
        ({"syncs": Syncs(10, 121.0, 1)}, ["warning"]),
        ({"drift": Drift(30, 1, 1)}, ["danger"]),
        ({"accuracy": Accuracy(100, 74)}, ["warning"]),
        ({"accuracy": Accuracy(0, 0)}, []),
        ({"costs": 0.0151}, ["warning"]),
        ({"costs": 0.0201}, ["danger"]),
    ],
)
def test_the_screen_speaks_up_where_an_alert_would(
    changes: dict[str, Any], levels: list[str]
) -> None:
    if "costs" in changes:
        changes = {"costs": replace(_found().costs, mean_share=changes["costs"])}
    view = OperationsView(_found(**changes), (), ())
    assert [level for _, _, level in operation_words.faults(view)] == levels


def test_what_nobody_has_measured_sets_off_no_alert() -> None:
    export(_found(syncs=Syncs(), accuracy=Accuracy(), costs=sum_costs([], 0.0, PRICE)))
    for name in ("sync_p95_seconds", "insight_accuracy_ratio", "cost_share_ratio"):
        value = prometheus_client.REGISTRY.get_sample_value(f"myriad_keeper_{name}")
        assert value != value, name


def test_an_account_costs_its_seconds_its_bytes_and_its_language_models() -> None:
    """A slot that is busy all month costs its part of a worker; a gigabyte its price."""
    price = Price(
        date(2026, 1, 1), "USD", 3_200.0, 32, 12.5, {"gold": 10_000.0}, "a bill of the test"
    )
    used = {"seconds_a_day": 86_400, "size_bytes": 2e9, "model_usd_micros": 750_000}
    cost = account_cost(price, name="A", plan="gold", **used)
    assert cost.work_cents == pytest.approx(100.0)
    assert cost.storage_cents == pytest.approx(25.0)
    assert cost.model_cents == pytest.approx(75.0)
    assert cost.cents == pytest.approx(200.0)
    assert cost.share == pytest.approx(0.02)
    abroad = msgspec.structs.replace(price, currency="EUR", cents_per_usd=90.0)
    assert abroad.model_cents(750_000) == pytest.approx(67.5)
    other = account_cost(price, name="B", plan="unknown", seconds_a_day=0, size_bytes=0)
    assert other.share is None


async def test_what_models_cost_an_account_is_that_of_keepers_last_thirty_days(
    shop: Shop, other_shop: Shop
) -> None:
    """Older days, other products and other tenants are not counted."""
    today = utc_now().date()
    spent = [(today, "keeper"), (today - timedelta(days=29), "keeper")]
    spent += [(today - timedelta(days=30), "keeper"), (today, "kamioi")]
    rows = [(shop.tenant_id, day, product, f"{product}.say") for day, product in spent]
    await shop.change(_SPENT, rows)
    work = await load_work(shop.runtime.database, utc_now())
    found = {row["tenant_id"]: row["model_usd_micros"] for row in work}
    assert found[shop.tenant_id] == 2 * 1_500_000
    assert found[other_shop.tenant_id] == 0


def test_models_alone_can_take_an_account_over_its_share_of_the_plan() -> None:
    work = {"plan": "standard", "seconds": 0.0, "rows": 0.0}
    dear = [{"name": name, "model_usd_micros": used, **work} for name, used in _MODEL_WORK]
    costs = sum_costs(dear, 0.0, PRICE)
    assert (costs.warn, costs.critical) == (1, 1)
    assert [row.name for row in costs.rows] == ["dear", "warm", "calm"]
    assert costs.rows[0].model_cents == pytest.approx(201.0)


def test_storage_is_shared_out_by_rows_and_the_dearest_comes_first() -> None:
    work = [
        {"name": "small", "plan": "standard", "seconds": 10.0, "rows": 1.0, **_NO_MODEL},
        {"name": "large", "plan": "standard", "seconds": 10.0, "rows": 3.0, **_NO_MODEL},
    ]
    costs = sum_costs(work, 8e9, PRICE)
    assert [row.name for row in costs.rows] == ["large", "small"]
    assert costs.rows[0].storage_cents == pytest.approx(3 * costs.rows[1].storage_cents)
    assert sum(row.storage_cents for row in costs.rows) == pytest.approx(PRICE.storage_cents(8e9))


def test_a_share_of_the_plan_warns_at_one_and_a_half_and_alarms_at_two_percent() -> None:
    seconds = PRICE.plan_month_cents["standard"] / PRICE.work_cents(30)
    work = [
        {"name": str(share), "plan": "standard", "seconds": seconds * share, "rows": 0.0}
        | _NO_MODEL
        for share in (WARN_SHARE - 1e-6, WARN_SHARE + 1e-6, CRITICAL_SHARE + 1e-6)
    ]
    costs = sum_costs(work, 0.0, PRICE)
    assert (costs.warn, costs.critical) == (1, 1)


def test_prices_hold_from_their_day_on(tmp_path: Path) -> None:
    table = tmp_path / "prices.json"
    text = (Path(load_prices.__code__.co_filename).parent / "prices.json").read_text()
    table.write_text(
        f"[{text.strip()[1:-1]}, {text.strip()[1:-1].replace('2026-01-01', '2027-01-01')}]"
    )
    prices = load_prices(table)
    assert price_on(prices, date(2026, 12, 31)).since == date(2026, 1, 1)
    assert price_on(prices, date(2027, 1, 1)).since == date(2027, 1, 1)
    assert price_on(prices, date(2020, 1, 1)).since == date(2026, 1, 1)


@pytest.mark.parametrize("text", ["", "[]", "{}", '[{"since": "tomorrow"}]', None])
def test_a_price_table_that_is_none_is_refused(tmp_path: Path, text: str | None) -> None:
    table = tmp_path / "prices.json"
    if text is not None:
        table.write_text(text)
    with pytest.raises(PriceError, match=r"prices\.json"):
        load_prices(table)


def test_prices_in_another_currency_say_what_a_dollar_is(tmp_path: Path) -> None:
    table = tmp_path / "prices.json"
    own = msgspec.structs.replace(PRICE, currency="EUR")
    table.write_bytes(msgspec.json.encode([own]))
    with pytest.raises(PriceError, match="cents_per_usd"):
        load_prices(table)
    table.write_bytes(msgspec.json.encode([msgspec.structs.replace(own, cents_per_usd=90.0)]))
    assert load_prices(table)[0].model_cents(1e6) == pytest.approx(90.0)


async def test_refusals_are_counted_by_seller(patient: Redis) -> None:
    for seller in ("a", "b", "b"):
        await note_refusal(patient, f"test:seller:{seller}")
    assert await list_refusals(patient, "test:seller:") == [
        ("test:seller:b", 2),
        ("test:seller:a", 1),
    ]
    deaf = cache_client(NOWHERE)
    await note_refusal(deaf, "test:seller:a")
    assert await list_refusals(deaf, "test:seller:") == []
