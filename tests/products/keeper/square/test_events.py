"""Webhook events: once, in any order, merges followed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import permutations
from pathlib import Path
from secrets import randbelow, token_hex

import pytest

from myriad.kit.clock import utc_now
from myriad.products.keeper.repository.connections import store_webhook_event
from myriad.products.keeper.square.connections import mark_revoked
from myriad.products.keeper.square.events import EventOutcome, process_event
from myriad.products.keeper.square.oauth import DISCONNECTED_NOTICE
from myriad.products.keeper.square.pages import Json
from myriad.products.keeper.square.simulator.purchases import purchases_seller
from myriad.products.keeper.square.simulator.records import timestamp
from myriad.products.keeper.square.simulator.world import World
from myriad.scale.runtime import Runtime
from tests.fixtures.database import TwoTenants
from tests.products.keeper.square.accounts import Shop, connect
from tests.products.keeper.square.conftest import LOG, RunningSquare, running_square


@pytest.fixture
def square(tmp_path: Path) -> Iterator[RunningSquare]:
    world = World()
    log = tmp_path / f"log-{randbelow(10**9)}.csv"
    log.write_text(LOG)
    world.add(purchases_seller(log))
    with running_square(world) as running:
        yield running


@pytest.fixture
async def shop(runtime: Runtime, tenants: TwoTenants, square: RunningSquare) -> Shop:
    """The first tenant, synced; the second is connected to the same seller and untouched."""
    opened = await connect(runtime, tenants.first, square)
    await opened.sync()
    return opened


async def deliver(shop: Shop, event: Json) -> EventOutcome:
    """Store an event as the endpoint does, and process it as the job does."""
    async with shop.runtime.database.session(shop.tenant_id) as session:
        await store_webhook_event(session, event["event_id"], event["type"], event)
    async with shop.runtime.database.session(shop.tenant_id) as session:
        return await process_event(session, event["event_id"])


def event(kind: str, body: Json, **extra: Json) -> Json:
    name = kind.split(".")[0]
    data = {"type": name, "id": body.get("id"), "object": {name: body, **extra}}
    return {"event_id": token_hex(8), "type": kind, "merchant_id": "M", "data": data}


def sent(shop: Shop, start: int) -> list[Json]:
    return [d.event for d in shop.square.simulator.webhooks.deliveries[start:]]


async def test_a_sale_arrives_by_webhook(shop: Shop) -> None:
    """A payment event writes the payment for this tenant alone."""
    shop.square.control("payments", {"amount": 4321})
    assert await deliver(shop, sent(shop, -1)[0]) == "applied"
    assert await shop.value("SELECT count(*) FROM keeper.payment WHERE amount = 4321") == 1


async def test_replayed_event_id_is_a_no_op(shop: Shop) -> None:
    """The second arrival of an event changes nothing, even with another body."""
    shop.square.control("payments", {"amount": 4321})
    first = sent(shop, -1)[0]
    await deliver(shop, first)
    body = first["data"]["object"]["payment"] | {"status": "CANCELED"}
    again = first | {"data": {"object": {"payment": body}}}
    assert await deliver(shop, again) == "stale"
    sql = "SELECT status FROM keeper.payment WHERE amount = 4321"
    assert await shop.value(sql) == "COMPLETED"


async def test_out_of_order_event_is_ignored_by_updated_at(shop: Shop) -> None:
    """An older state of a payment that arrives late does not undo the newer one."""
    sale = shop.square.control("payments", {"amount": 1000})["payment"]
    newer = sale | {"status": "CANCELED", "updated_at": timestamp(utc_now() + timedelta(seconds=9))}
    assert await deliver(shop, event("payment.updated", newer)) == "applied"
    assert await deliver(shop, event("payment.created", sale)) == "stale"
    sql = "SELECT status FROM keeper.payment WHERE ext_id = %(i)s"
    assert await shop.value(sql, i=sale["id"]) == "CANCELED"


async def test_out_of_order_event_is_ignored_by_version(shop: Shop) -> None:
    """A customer's version decides even when the times lie."""
    now = timestamp(utc_now())
    body = {"id": "ada", "created_at": now, "updated_at": now, "given_name": "Ada", "version": 7}
    assert await deliver(shop, event("customer.updated", body)) == "applied"
    later = timestamp(utc_now() + timedelta(minutes=5))
    older = body | {"given_name": "Adda", "version": 6, "updated_at": later}
    assert await deliver(shop, event("customer.updated", older)) == "stale"
    assert await shop.value("SELECT given_name FROM keeper.customer WHERE ext_id = 'ada'") == "Ada"


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_a_merge_is_followed_in_any_order(shop: Shop, order: tuple[int, ...]) -> None:
    """Whatever order the events take, the past of both profiles belongs to the new one."""
    before = len(shop.square.simulator.webhooks.deliveries)
    merged = shop.square.control("merge", {"from": ["ada", "bo"]})["customer"]["id"]
    events = sent(shop, before)
    for place in order:
        await deliver(shop, events[place])
    counts = await shop.rows(
        "SELECT customer_ext_id, count(*) AS n FROM keeper.payment GROUP BY 1 ORDER BY 2"
    )
    assert {r["customer_ext_id"]: r["n"] for r in counts} == {"cy": 1, merged: 4}
    olds = await shop.rows(
        "SELECT ext_id, merged_into_ext_id AS new FROM keeper.customer "
        "WHERE deleted_at IS NOT NULL ORDER BY 1"
    )
    assert [tuple(r.values()) for r in olds] == [("ada", merged), ("bo", merged)]
    assert (
        await shop.value(
            "SELECT count(*) FROM keeper.customer WHERE ext_id = %(i)s AND deleted_at IS NULL",
            i=merged,
        )
        == 1
    )


async def test_a_late_sale_of_a_merged_customer_goes_to_the_new_one(shop: Shop) -> None:
    """A payment that still names the old profile is given to the merged one, and chains end."""
    before = len(shop.square.simulator.webhooks.deliveries)
    first = shop.square.control("merge", {"from": ["ada", "bo"]})["customer"]["id"]
    second = shop.square.control("merge", {"from": [first, "cy"]})["customer"]["id"]
    for one in sent(shop, before):
        await deliver(shop, one)
    now = timestamp(utc_now())
    sale = {
        "id": "late",
        "amount_money": {"amount": 5, "currency": "USD"},
        "status": "COMPLETED",
        "customer_id": "ada",
        "created_at": now,
        "updated_at": now,
    }
    await deliver(shop, event("payment.created", sale))
    owners = await shop.rows("SELECT DISTINCT customer_ext_id AS c FROM keeper.payment")
    assert [row["c"] for row in owners] == [second]


async def test_deleted_before_created_stays_deleted(shop: Shop) -> None:
    """A creation that arrives after the deletion does not bring the profile back."""
    now = timestamp(utc_now())
    body = {"id": "eve", "created_at": now, "updated_at": now, "given_name": "Eve", "version": 0}
    await deliver(shop, event("customer.deleted", body))
    await deliver(shop, event("customer.created", body))
    sql = "SELECT deleted_at IS NOT NULL AS gone FROM keeper.customer WHERE ext_id = 'eve'"
    assert await shop.value(sql)


async def test_revocation_event_ends_the_connection(shop: Shop) -> None:
    """oauth.authorization.revoked stops reading at once; the data stays."""
    revoked = event("oauth.authorization.revoked", {}) | {"merchant_id": shop.merchant_id}
    assert await deliver(shop, revoked) == "revoked"
    assert await shop.value("SELECT status FROM keeper.connection") == "revoked"
    assert await shop.value("SELECT count(*) FROM keeper.payment") == 5
    assert await shop.value("SELECT count(*) FROM keeper.notice WHERE kind = 'connection'") == 1


async def test_who_disconnects_is_not_told_that_the_connection_is_gone(shop: Shop) -> None:
    """Square tells of a revocation that was the owner's own as of any other."""
    async with shop.runtime.database.session(shop.tenant_id) as session:
        await mark_revoked(session, DISCONNECTED_NOTICE, merchant_id=shop.merchant_id)
    revoked = event("oauth.authorization.revoked", {}) | {"merchant_id": shop.merchant_id}
    assert await deliver(shop, revoked) == "revoked"
    assert await shop.value("SELECT notice FROM keeper.connection") == DISCONNECTED_NOTICE
    assert await shop.value("SELECT count(*) FROM keeper.notice") == 0


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [("order.updated", "sync"), ("invoice.created", "ignored"), ("", "ignored")],
)
async def test_events_without_the_object_ask_for_a_sync_or_nothing(
    shop: Shop, kind: str, outcome: str
) -> None:
    """An order event carries ids only; unknown kinds are kept and change nothing."""
    stranger = {"event_id": token_hex(8), "type": kind, "data": {"object": {"order_updated": {}}}}
    assert await deliver(shop, stranger) == outcome


async def test_nonsense_in_an_event_is_quarantined(shop: Shop) -> None:
    """A signed event with an unusable object is kept apart, not a crash."""
    await deliver(shop, event("payment.created", {"id": "odd", "amount_money": "?"}))
    kept = await shop.rows("SELECT object, ext_id, reason FROM keeper.quarantine")
    assert [tuple(row.values()) for row in kept] == [("payment", "odd", "malformed")]
