"""Synchronisation end to end: a real simulator, a real database, two tenants."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from secrets import randbelow
from typing import Any

import pytest

from myriad.kit.clock import utc_now
from myriad.products.keeper.repository.today import get_today
from myriad.products.keeper.square.errors import RepeatedCursorError
from myriad.products.keeper.square.simulator.purchases import purchases_seller
from myriad.products.keeper.square.simulator.records import Json, timestamp
from myriad.products.keeper.square.simulator.spa import spa_seller
from myriad.products.keeper.square.simulator.world import World
from myriad.products.keeper.square.sync import sync_account
from myriad.products.keeper.square.work import DirectWork, direct_work
from myriad.products.keeper.views import Notice
from myriad.scale.runtime import Runtime
from tests.fixtures.database import TwoTenants
from tests.products.keeper.square.accounts import Shop, connect
from tests.products.keeper.square.conftest import LOG, RunningSquare, running_square


@pytest.fixture
def square(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[RunningSquare]:
    """A small spa and a shop with sales of 1997 and 1998, in one simulated Square."""
    world, customers = World(), getattr(request, "param", 25)
    world.add(spa_seller(seed=randbelow(10**9), customers=customers, now=utc_now()))
    log = tmp_path / f"log-{randbelow(10**9)}.csv"
    log.write_text(LOG)
    world.add(purchases_seller(log))
    with running_square(world, seller_rate=500, seller_burst=500) as running:
        yield running


@pytest.fixture
async def spa(runtime: Runtime, tenants: TwoTenants, square: RunningSquare) -> Shop:
    """The first tenant, connected to the spa, nothing read yet."""
    return await connect(runtime, tenants.first, square)


@pytest.fixture
async def old_shop(runtime: Runtime, tenants: TwoTenants, square: RunningSquare) -> Shop:
    """The second tenant, connected to the purchase log."""
    return await connect(runtime, tenants.second, square, list(square.world.sellers)[1])


def visible(shop: Shop, kind: str) -> list[Json]:
    seller = shop.square.world.sellers[shop.merchant_id]
    now = shop.square.simulator.now()
    return [r.decode() for r in seller.tables[kind].records.values() if r.visible_at <= now]


COUNTS = {
    "customer": "customer",
    "payment": "payment",
    "refund": "refund",
    "order": "sales_order",
    "team_member": "team_member",
}


async def test_first_sync_brings_everything(spa: Shop, old_shop: Shop) -> None:
    """Every object of a spa arrives once, to the cent, and the other tenant sees none of it."""
    report = await spa.sync()
    for kind, table in COUNTS.items():
        assert await spa.value(f"SELECT count(*) FROM keeper.{table}") == len(visible(spa, kind))
        assert await old_shop.value(f"SELECT count(*) FROM keeper.{table}") == 0
    paid = sum(p["total_money"]["amount"] for p in visible(spa, "payment"))
    assert await spa.value("SELECT sum(amount + tip)::bigint FROM keeper.payment") == paid
    lines = sum(len(o["line_items"]) for o in visible(spa, "order"))
    assert await spa.value("SELECT count(*) FROM keeper.order_line") == lines
    year_ago = utc_now() - timedelta(days=365)
    recent = [b for b in visible(spa, "booking") if b["start_at"] > timestamp(year_ago)]
    assert await spa.value("SELECT count(*) FROM keeper.booking") == len(recent)
    assert report.days.days == 31
    assert report.days.cents_off == 0
    assert (
        await spa.value("SELECT count(*) FROM keeper.sync_cursor WHERE phase <> 'increment'") == 0
    )


async def test_backfill_reaches_the_first_row_of_an_old_log(old_shop: Shop, spa: Shop) -> None:
    """Sales of 1997 are found although Square's lists default to a year, with their own days."""
    await old_shop.sync()
    rows = await old_shop.rows(
        "SELECT customer_ext_id, local_date, amount FROM keeper.payment ORDER BY 2, 1, 3"
    )
    found = [(r["customer_ext_id"], r["local_date"].isoformat(), r["amount"]) for r in rows]
    assert found == [
        ("ada", "1997-01-03", 2933),
        ("bo", "1997-01-03", 550),
        ("ada", "1997-02-10", 1200),
        ("bo", "1998-06-30", 0),
        ("cy", "1998-06-30", 10001),
    ]
    assert await old_shop.value("SELECT sum(abs(drift))::bigint FROM keeper.day_total") == 0
    assert await spa.value("SELECT count(*) FROM keeper.payment") == 0


async def test_a_second_sync_changes_nothing(spa: Shop) -> None:
    """Reading the same again writes no row."""
    await spa.sync()
    before = await spa.rows("SELECT ext_id, updated_at FROM keeper.payment ORDER BY ext_id")
    report = await spa.sync()
    assert await spa.rows("SELECT ext_id, updated_at FROM keeper.payment ORDER BY ext_id") == before
    assert report.tally.changed == 0


async def test_increment_brings_what_changed(spa: Shop) -> None:
    """A sale, a refund, a new customer, a renamed one and a booking arrive with the next sync."""
    await spa.sync()
    seller = spa.square.world.sellers[spa.merchant_id]
    customer_id = next(iter(seller.tables["customer"].records))
    sale = spa.square.control("payments", {"amount": 4200, "tip": 800})["payment"]
    spa.square.control("refunds", {"payment_id": sale["id"], "amount": 1000})
    spa.square.control("update", {"kind": "customer", "id": customer_id, "given_name": "Zoë"})
    new = spa.square.control("customers", {"given_name": "Ann", "birthday": "0000-02-29"})
    booked = spa.square.control("bookings", {"customer_id": customer_id})["booking"]
    await spa.sync()
    row = (await spa.rows("SELECT * FROM keeper.payment WHERE ext_id = %(i)s", i=sale["id"]))[0]
    assert (row["amount"], row["tip"], row["refunded"]) == (4200, 800, 1000)
    assert (
        await spa.value(
            "SELECT given_name FROM keeper.customer WHERE ext_id = %(i)s", i=customer_id
        )
        == "Zoë"
    )
    born = (
        await spa.rows(
            "SELECT birth_year, birth_month, birth_day FROM keeper.customer WHERE ext_id = %(i)s",
            i=new["customer"]["id"],
        )
    )[0]
    assert tuple(born.values()) == (None, 2, 29)
    sql = "SELECT count(*) FROM keeper.booking WHERE ext_id = %(i)s"
    assert await spa.value(sql, i=booked["id"]) == 1


async def test_a_late_offline_sale_is_found_at_night(spa: Shop) -> None:
    """A sale that appears 50 hours late, with its old times, comes with the 96-hour re-read."""
    await spa.sync()
    sold = timestamp(utc_now() - timedelta(hours=50))
    late = spa.square.control("payments", {"amount": 999, "created_at": sold, "offline": True})
    sql = "SELECT count(*) FROM keeper.payment WHERE ext_id = %(i)s"
    await spa.sync()
    assert await spa.value(sql, i=late["payment"]["id"]) == 0
    await spa.sync("nightly")
    assert await spa.value(sql, i=late["payment"]["id"]) == 1


async def test_a_sale_that_came_later_than_expected_shows_and_mends_as_drift(spa: Shop) -> None:
    """A closed day that Square changed afterwards is read again and agrees to the cent."""
    await spa.sync()
    sold = utc_now() - timedelta(days=6)
    body = {"amount": 12345, "created_at": timestamp(sold), "offline": True}
    late = spa.square.control("payments", body)["payment"]
    report = await spa.sync()
    assert report.days.cents_off == 0
    sql = "SELECT count(*) FROM keeper.payment WHERE ext_id = %(i)s"
    assert await spa.value(sql, i=late["id"]) == 1


async def test_a_closed_day_that_differs_is_told_once(spa: Shop) -> None:
    """A sale that Square knows nothing of reaches the owner, and not again with each sync."""
    sold = {"amount": 12345, "created_at": timestamp(utc_now() - timedelta(days=6))}
    sale = spa.square.control("payments", sold)["payment"]
    await spa.sync()
    async with spa.runtime.database.session(spa.tenant_id) as session:
        connection = await session.connection()
        await connection.exec_driver_sql(
            "UPDATE keeper.payment SET ext_id = 'unknown' WHERE ext_id = %s", (sale["id"],)
        )
    for _ in range(2):
        assert (await spa.sync()).days.cents_off == 12345
    told = await spa.rows("SELECT kind, audience, title FROM keeper.notice")
    assert [tuple(row.values()) for row in told] == [
        ("accuracy", "owner", "A closed day differs from Square")
    ]


async def test_429_storm_only_that_seller_slows(spa: Shop, old_shop: Shop) -> None:
    """One seller's refusals do not keep another from being read."""
    faults = {"rate_429": 0.4, "seed": 2, "only_merchant": spa.merchant_id}
    spa.square.control("faults", faults)
    started = utc_now()
    await old_shop.sync()
    quick = utc_now() - started
    spa.square.control("faults", {"rate_429": 0.05, "seed": 2, "only_merchant": spa.merchant_id})
    await spa.sync()
    assert await spa.value("SELECT count(*) FROM keeper.payment") == len(visible(spa, "payment"))
    assert quick < timedelta(seconds=20)


async def test_token_revoked_stops_with_a_banner_and_keeps_the_data(spa: Shop) -> None:
    """A withdrawn permission ends the connection; what was read stays."""
    await spa.sync()
    before = await spa.value("SELECT count(*) FROM keeper.payment")
    spa.square.control("faults", {"revoke": True})
    report = await spa.sync()
    assert report.is_revoked
    connection = (await spa.rows("SELECT * FROM keeper.connection"))[0]
    assert connection["status"] == "revoked"
    assert "Connect again" in connection["notice"]
    assert connection["access_token_enc"] is None
    assert await spa.value("SELECT count(*) FROM keeper.payment") == before
    assert (await spa.sync()).tally.pages == 0
    told = await spa.rows("SELECT kind, audience, title FROM keeper.notice")
    assert [tuple(row.values()) for row in told] == [
        ("connection", "owner", "Square no longer lets Keeper read")
    ]


@pytest.mark.parametrize("plan", ["free", "refused"])
async def test_a_missing_plan_leaves_payments_only_with_a_notice(spa: Shop, plan: str) -> None:
    """Without Appointments Plus everything else is read, and the screen says what is missing."""
    spa.square.control("plan", {"plan": plan})
    await spa.sync()
    flags = await spa.value("SELECT plan_flags FROM keeper.connection")
    assert flags["bookings"] == "none"
    assert "Appointments Plus" in flags["notice"]
    assert await spa.value("SELECT count(*) FROM keeper.payment") > 0
    spa.square.control("plan", {"plan": "paid"})
    await spa.sync("full")
    assert await spa.value("SELECT plan_flags FROM keeper.connection") == {"bookings": "all"}


# So many that their time cards do not fit a page.
@pytest.mark.parametrize("square", [120], indirect=True)
async def test_page_with_repeated_cursor_aborts_after_2(spa: Shop) -> None:
    """A list that goes in circles is left, noted, and read whole by the next sync."""
    spa.square.control("faults", {"repeat_cursor": True})
    with pytest.raises(RepeatedCursorError):
        await spa.sync()
    sql = "SELECT count(*) FROM keeper.sync_cursor WHERE error LIKE '%%repeated%%'"
    assert await spa.value(sql) >= 1
    spa.square.control("faults", {})
    await spa.sync()
    assert await spa.value(sql) == 0
    assert await spa.value("SELECT count(*) FROM keeper.payment") == len(visible(spa, "payment"))


def odd(kind: str, **fields: Any) -> tuple[str, Json]:
    return kind, fields


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"refunded_money": {"amount": 5000, "currency": "USD"}}, "refund_above_payment"),
        ({"amount_money": {"amount": -1, "currency": "USD"}}, "negative_amount"),
        ({"tip_money": {"amount": 5, "currency": "EUR"}}, "mixed_currency"),
        ({"amount_money": {"amount": "much", "currency": "USD"}}, "malformed"),
    ],
)
async def test_nonsense_money_is_quarantined_with_a_notice(
    spa: Shop, fields: Json, reason: str
) -> None:
    """A payment that makes no sense is kept apart with its reason; the others are read."""
    sale = spa.square.control("payments", {"amount": 1000})["payment"]
    good = dict(sale)
    spa.square.control("update", {"kind": "payment", "id": sale["id"], **fields})
    await spa.sync()
    kept = (await spa.rows("SELECT object, ext_id, reason FROM keeper.quarantine"))[0]
    assert tuple(kept.values()) == ("payment", sale["id"], reason)
    assert "makes no sense" in (await told_today(spa))[0].detail
    assert (
        await spa.value("SELECT count(*) FROM keeper.payment") == len(visible(spa, "payment")) - 1
    )
    restored = {"kind": "payment", "id": sale["id"]} | {k: good.get(k) for k in fields}
    spa.square.control("update", {k: v for k, v in restored.items() if v is not None})
    if reason in ("negative_amount", "malformed"):
        await spa.sync()
        assert await spa.value("SELECT count(*) FROM keeper.quarantine") == 0
        assert await told_today(spa) == ()


async def told_today(spa: Shop) -> tuple[Notice, ...]:
    async with spa.runtime.database.read_session(spa.tenant_id) as session:
        return (await get_today(session)).notices


async def test_a_refund_above_its_payment_is_quarantined(spa: Shop) -> None:
    """A refund object larger than its payment is kept apart, whichever arrives first."""
    sale = spa.square.control("payments", {"amount": 1000})["payment"]
    refund = spa.square.control("refunds", {"payment_id": sale["id"], "amount": 1000})["refund"]
    body = {"kind": "refund", "id": refund["id"]}
    spa.square.control("update", body | {"amount_money": {"amount": 3000, "currency": "USD"}})
    await spa.sync()
    kept = await spa.rows("SELECT object, reason FROM keeper.quarantine")
    assert [tuple(row.values()) for row in kept] == [("refund", "refund_above_payment")]


async def test_unknown_enum_is_stored_raw_and_counted(spa: Shop) -> None:
    """A status that nobody told us of is kept as it is."""
    from prometheus_client import REGISTRY  # noqa: PLC0415

    name, labels = "myriad_keeper_square_unknown_values_total", {"field": "payment.status"}
    before = REGISTRY.get_sample_value(name, labels) or 0
    sale = spa.square.control("payments", {"amount": 1000, "status": "LEVITATING"})["payment"]
    await spa.sync()
    sql = "SELECT status FROM keeper.payment WHERE ext_id = %(i)s"
    assert await spa.value(sql, i=sale["id"]) == "LEVITATING"
    assert (REGISTRY.get_sample_value(name, labels) or 0) > before


async def test_customer_with_no_contact_is_kept(spa: Shop) -> None:
    """A profile without e-mail, phone or name is a row like any other."""
    bare = spa.square.control("customers", {})["customer"]
    await spa.sync()
    sql = "SELECT email, phone, given_name FROM keeper.customer WHERE ext_id = %(i)s"
    assert (await spa.rows(sql, i=bare["id"])) == [
        {"email": None, "phone": None, "given_name": None}
    ]


async def test_phone_without_country_uses_the_location_country(spa: Shop) -> None:
    """A number typed without a country is read as one of the shop's country."""
    typed = spa.square.control("customers", {"phone_number": "(212) 555-0199"})["customer"]
    await spa.sync()
    sql = "SELECT phone, phone_e164 FROM keeper.customer WHERE ext_id = %(i)s"
    assert (await spa.rows(sql, i=typed["id"]))[0]["phone_e164"] == "+12125550199"


async def test_clock_skew_loses_nothing(spa: Shop) -> None:
    """A sale that Square dates ninety minutes before our last look still arrives."""
    await spa.sync()
    behind = timestamp(utc_now() - timedelta(minutes=90))
    body = {"amount": 100, "created_at": behind, "updated_at": behind}
    late = spa.square.control("payments", body)["payment"]
    await spa.sync()
    sql = "SELECT count(*) FROM keeper.payment WHERE ext_id = %(i)s"
    assert await spa.value(sql, i=late["id"]) == 1


async def test_clock_skew_ahead_loses_nothing(spa: Shop) -> None:
    """A sale that Square's clock dates after our look arrives, once, when our clock is there."""
    await spa.sync()
    ahead = timestamp(utc_now() + timedelta(seconds=3))
    body = {"amount": 100, "created_at": ahead, "updated_at": ahead}
    early = spa.square.control("payments", body)["payment"]
    await spa.sync()
    await asyncio.sleep(3)
    await spa.sync()
    sql = "SELECT count(*) FROM keeper.payment WHERE ext_id = %(i)s"
    assert await spa.value(sql, i=early["id"]) == 1


async def test_expired_cursor_starts_the_window_again(
    spa: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cursor that was stored too long ago costs a window, not the sync."""
    await spa.sync()
    async with spa.runtime.database.session(spa.tenant_id) as session:
        connection = await session.connection()
        await connection.exec_driver_sql(
            "UPDATE keeper.sync_cursor SET cursor = 'long gone', phase = 'backfill', "
            "window_start = now() - interval '700 days', window_end = now() "
            "WHERE object = 'payments'"
        )
        await connection.exec_driver_sql("DELETE FROM keeper.payment")
    await spa.sync()
    assert await spa.value("SELECT count(*) FROM keeper.payment") == len(visible(spa, "payment"))


class StoppedError(Exception):
    """Stands for a crash between two pages."""


async def test_a_sync_that_is_stopped_anywhere_ends_as_an_undisturbed_one(
    runtime: Runtime, tenants: TwoTenants, square: RunningSquare
) -> None:
    """Stopped after every third page and begun again, it reads every row once and no page twice."""
    shop = await connect(runtime, tenants.first, square)
    calm = await connect(runtime, tenants.second, square)
    await calm.sync()

    class Fragile(DirectWork):
        left = 6

        async def checkpoint(self) -> None:
            await super().checkpoint()
            self.left -= 1
            if self.left == 0:
                raise StoppedError

    for attempt in range(200):
        try:
            async with direct_work(shop.runtime, shop.tenant_id) as work:
                fragile = Fragile(work.runtime, work.session)
                fragile.left = 6 + attempt // 4
                await sync_account(fragile)
            break
        except StoppedError:
            continue
    assert attempt > 3
    digest = (
        "SELECT md5(string_agg(ext_id || amount || tip || refunded || status, ',' ORDER BY ext_id))"
        " FROM keeper.payment"
    )
    assert await shop.value(digest) == await calm.value(digest)
    for table in ("customer", "sales_order", "refund", "booking", "timecard", "order_line"):
        sql = f"SELECT count(*) FROM keeper.{table}"
        assert await shop.value(sql) == await calm.value(sql), table


async def test_every_location_is_read_and_orders_in_groups_of_ten(
    runtime: Runtime, tenants: TwoTenants, tmp_path: Path
) -> None:
    """Twelve locations: Square's lists default to the main one, and orders take ten at once."""
    log = tmp_path / f"many-{randbelow(10**9)}.csv"
    log.write_text(LOG)
    world = World()
    seller = world.add(purchases_seller(log))
    main = seller.locations[0]
    for number in range(11):
        place = main | {"id": f"L{number:04d}", "name": f"Branch {number}"}
        seller.locations.append(place)
    with running_square(world, seller_rate=500, seller_burst=500) as square:
        for place in seller.locations:
            sale = square.control("payments", {"amount": 100, "location_id": place["id"]})
            order = sale["payment"] | {"state": "COMPLETED", "version": 1}
            seller.tables["order"].put(order | {"id": "o" + order["id"]})
        shop = await connect(runtime, tenants.first, square)
        await shop.sync()
        places = "SELECT count(DISTINCT location_ext_id) FROM keeper.payment"
        assert await shop.value(places) == 12
        assert await shop.value("SELECT count(*) FROM keeper.payment") == 5 + 12
        assert await shop.value("SELECT count(*) FROM keeper.sales_order") == 5 + 12
        groups = "SELECT count(*) FROM keeper.sync_cursor WHERE object = 'orders'"
        assert await shop.value(groups) == 2
