"""The generated spa: repeatable, plausible, and tomorrow's world is today's with a day more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from myriad.products.keeper.square.simulator.spa import spa_seller
from myriad.products.keeper.square.simulator.world import Seller

NOW = datetime(2026, 9, 16, 17, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def spa() -> Seller:
    return spa_seller(seed=5, customers=200, now=NOW)


def bodies(seller: Seller, kind: str) -> list[dict]:
    return [record.decode() for record in seller.tables[kind].records.values()]


def test_the_same_seed_gives_the_same_world(spa: Seller) -> None:
    """Restarting the simulator changes nothing; another seed is another spa."""
    again = spa_seller(seed=5, customers=200, now=NOW)
    assert all(again.tables[k].records == spa.tables[k].records for k in spa.tables)
    other = spa_seller(seed=6, customers=200, now=NOW)
    assert not set(other.tables["payment"].records) & set(spa.tables["payment"].records)


def test_tomorrow_keeps_what_was_sold_today(spa: Seller) -> None:
    """Payments of the past stay as they are when the world grows by a day."""
    later = spa_seller(seed=5, customers=200, now=NOW + timedelta(days=1))
    before = {p["id"]: p for p in bodies(spa, "payment") if p["created_at"] < NOW.isoformat()}
    after = {p["id"]: p for p in bodies(later, "payment")}
    same = sum(after.get(name) == body for name, body in before.items())
    assert set(before) <= set(after)
    assert same >= 0.99 * len(before), "only fresh refunds may touch a payment"


def test_about_as_many_customers_and_payments_as_promised(spa: Seller) -> None:
    """Asked for 200 customers, about 200 pay within a year, about six times each."""
    year_ago = (NOW - timedelta(days=365)).isoformat()
    paid = [p for p in bodies(spa, "payment") if year_ago < p["created_at"] < NOW.isoformat()]
    customers = {p["customer_id"] for p in paid if "customer_id" in p}
    assert 150 <= len(customers) <= 300
    assert 4 <= len(paid) / 200 <= 9


def test_the_world_has_what_life_has(spa: Seller) -> None:
    """No-shows, cancellations, future bookings, refunds, tips, strangers, offline sales."""
    bookings, payments = bodies(spa, "booking"), bodies(spa, "payment")
    customers = bodies(spa, "customer")
    assert {b["status"] for b in bookings} >= {"ACCEPTED", "NO_SHOW", "CANCELLED_BY_CUSTOMER"}
    assert any(b["start_at"] > NOW.isoformat() for b in bookings)
    assert bodies(spa, "refund")
    assert any("tip_money" in p for p in payments)
    assert any("customer_id" not in p for p in payments)
    assert any(p.get("is_offline_payment") for p in payments)
    assert any("email_address" not in c and "phone_number" not in c for c in customers)
    assert any(c["creation_source"] == "INSTANT_PROFILE" for c in customers)
    emails = [c["email_address"] for c in customers if "email_address" in c]
    assert len(set(emails)) < len(emails)


def test_orders_and_payments_agree_to_the_cent(spa: Seller) -> None:
    """Every payment's total is its order's."""
    orders = {o["id"]: o["total_money"]["amount"] for o in bodies(spa, "order")}
    assert all(p["total_money"]["amount"] == orders[p["order_id"]] for p in bodies(spa, "payment"))


def test_the_spa_is_closed_on_mondays_and_holidays(spa: Seller) -> None:
    """Nobody comes on a closed day."""
    days = {
        datetime.fromisoformat(b["start_at"]).astimezone().date() for b in bodies(spa, "booking")
    }
    assert not [d for d in days if (d.month, d.day) in ((1, 1), (12, 25), (7, 4))]


def test_no_object_is_dated_after_it_can_be_seen(spa: Seller) -> None:
    """Lists show nothing before it happened."""
    for table in spa.tables.values():
        for record in table.records.values():
            assert record.visible_at >= record.times["created_at"] - 1
