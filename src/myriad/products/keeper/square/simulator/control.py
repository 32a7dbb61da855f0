"""The simulator's own API, under /_control: trouble on demand and a world that goes on living."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from myriad.products.keeper.square.simulator import shapes
from myriad.products.keeper.square.simulator.answers import SquareError, bad_request
from myriad.products.keeper.square.simulator.consent import revoke_merchant
from myriad.products.keeper.square.simulator.faults import SquareFaults
from myriad.products.keeper.square.simulator.records import Json, moment_of, timestamp
from myriad.products.keeper.square.simulator.state import Simulator
from myriad.products.keeper.square.simulator.world import Seller, square_id
from myriad.scale.simulator.answers import json_response

Handler = Callable[[Request], Awaitable[Response]]
_MERGE_FIELDS = ("given_name", "family_name", "email_address", "phone_number", "birthday")


async def _body(request: Request) -> Json:
    try:
        return msgspec.json.decode(await request.body() or b"{}", type=dict[str, Any])
    except msgspec.DecodeError:
        raise bad_request("EXPECTED_JSON_BODY", "The body must be a JSON object.") from None


def _seller(simulator: Simulator, body: Json) -> Seller:
    seller = simulator.world.seller(body.pop("merchant_id", None))
    if seller is None:
        raise SquareError(404, "INVALID_REQUEST_ERROR", "NOT_FOUND", "There is no such merchant.")
    return seller


def _moment(simulator: Simulator, text: str | None) -> datetime:
    return moment_of(text) if text else simulator.world.clock()


def _shown_at(simulator: Simulator, now: datetime) -> float:
    return now.timestamp() + simulator.settings.lag_seconds


def _announce(
    simulator: Simulator, seller: Seller, kind: str, body: Json, extra: Json | None = None
) -> Json:
    object_type = kind.split(".")[0]
    webhooks = simulator.webhooks
    now = simulator.world.clock()
    event = webhooks.event(seller.merchant_id, kind, object_type, body, now)
    if extra:
        event["data"]["object"] |= extra
    webhooks.send(event)
    return event


async def faults(request: Request) -> Response:
    """POST /_control/faults: replace the faults; `revoke` withdraws the permission at once."""
    simulator = Simulator.of(request)
    body = await _body(request)
    seed = body.pop("seed", None)
    if body.pop("revoke", False):
        revoke_merchant(simulator, _seller(simulator, body).merchant_id)
    try:
        chosen = replace(SquareFaults(), **body)
    except TypeError as error:
        raise bad_request("UNKNOWN_BODY_PARAMETER", str(error)) from None
    simulator.weather.set(chosen, seed)
    return json_response(asdict(chosen))


async def state(request: Request) -> Response:
    """GET /_control/state: sellers, object counts, request counts, deliveries."""
    simulator = Simulator.of(request)
    sellers = {
        seller.merchant_id: {
            "name": seller.merchant["business_name"],
            "plan": seller.plan,
            "objects": {kind: len(table.records) for kind, table in seller.tables.items()},
        }
        for seller in simulator.world.sellers.values()
    }
    deliveries = [
        {"type": d.event["type"], "event_id": d.event["event_id"], "statuses": d.statuses}
        for d in simulator.webhooks.deliveries
    ]
    counts = simulator.weather.counts
    return json_response({"sellers": sellers, "counts": counts, "deliveries": deliveries})


async def plan(request: Request) -> Response:
    """POST /_control/plan {"plan": "paid"|"free"|"refused"}."""
    simulator = Simulator.of(request)
    body = await _body(request)
    seller = _seller(simulator, body)
    if body.get("plan") not in ("paid", "free", "refused"):
        raise bad_request("INVALID_VALUE", "plan is one of paid, free, refused.", "plan")
    seller.plan = body["plan"]
    return json_response({"plan": seller.plan})


async def add_payment(request: Request) -> Response:
    """POST /_control/payments: a sale now, or one made offline that arrives late.

    {"amount", "customer_id"?, "location_id"?, "created_at"?, "updated_at"?, "offline"?, ...}
    """
    simulator = Simulator.of(request)
    body = await _body(request)
    seller = _seller(simulator, body)
    now = simulator.world.clock()
    created = _moment(simulator, body.pop("created_at", None))
    updated = body.pop("updated_at", None)
    offline = body.pop("offline", False)
    count = len(seller.tables["payment"].records)
    payment = shapes.payment(
        body.pop("id", None) or square_id(seller.merchant_id, "added", count, now),
        created,
        int(body.pop("amount", 1000)),
        body.pop("currency", seller.currency),
        body.pop("location_id", None) or seller.main_location_id,
        tip=int(body.pop("tip", 0)),
        **body,
    )
    if updated or not offline:
        payment["updated_at"] = updated or timestamp(now)
    if offline:
        payment |= {"offline_payment_details": {"client_created_at": payment["created_at"]}}
        payment["is_offline_payment"] = True
    seller.tables["payment"].put(payment, _shown_at(simulator, now))
    _announce(simulator, seller, "payment.created", payment)
    return json_response({"payment": payment})


async def add_customer(request: Request) -> Response:
    """POST /_control/customers: a new profile."""
    simulator = Simulator.of(request)
    body = await _body(request)
    seller = _seller(simulator, body)
    now = simulator.world.clock()
    count = len(seller.tables["customer"].records)
    customer_id = body.pop("id", None) or square_id(seller.merchant_id, "added", count, now)
    customer = shapes.customer(customer_id, now, **body)
    seller.tables["customer"].put(customer, _shown_at(simulator, now))
    _announce(simulator, seller, "customer.created", customer)
    return json_response({"customer": customer})


async def add_booking(request: Request) -> Response:
    """POST /_control/bookings: {"customer_id", "start_at", "team_member_id"?}."""
    simulator = Simulator.of(request)
    body = await _body(request)
    seller = _seller(simulator, body)
    now = simulator.world.clock()
    start = _moment(simulator, body.pop("start_at", None) or timestamp(now + timedelta(days=3)))
    member = body.pop("team_member_id", "TM" + square_id("anyone")[:10])
    count = len(seller.tables["booking"].records)
    booking = shapes.booking(
        body.pop("id", None) or square_id(seller.merchant_id, "booking", count, now)[:20].lower(),
        body.pop("location_id", None) or seller.main_location_id,
        now,
        start,
        [shapes.segment(member, 60, square_id("service", "added"))],
        **body,
    )
    seller.tables["booking"].put(booking, _shown_at(simulator, now))
    _announce(simulator, seller, "booking.created", booking)
    return json_response({"booking": booking})


async def add_refund(request: Request) -> Response:
    """POST /_control/refunds: {"payment_id", "amount"?}."""
    simulator = Simulator.of(request)
    body = await _body(request)
    seller = _seller(simulator, body)
    paid = seller.tables["payment"].find(str(body.get("payment_id")))
    if paid is None:
        raise SquareError(404, "INVALID_REQUEST_ERROR", "NOT_FOUND", "There is no such payment.")
    now = simulator.world.clock()
    amount = int(body.get("amount") or paid["total_money"]["amount"])
    refund = shapes.refund(square_id(paid["id"], now), paid, now, amount, "Requested")
    before = paid.get("refunded_money", {}).get("amount", 0)
    paid["refunded_money"] = shapes.money(before + amount, paid["amount_money"]["currency"])
    paid["updated_at"] = timestamp(now)
    seller.tables["refund"].put(refund)
    seller.tables["payment"].put(paid)
    _announce(simulator, seller, "payment.updated", paid)
    _announce(simulator, seller, "refund.created", refund)
    return json_response({"refund": refund})


async def update(request: Request) -> Response:
    """POST /_control/update: {"kind", "id", ...fields}: change an object in place."""
    simulator = Simulator.of(request)
    body = await _body(request)
    seller = _seller(simulator, body)
    kind, record_id = str(body.pop("kind", "")), str(body.pop("id", ""))
    found = seller.tables[kind].find(record_id) if kind in seller.tables else None
    if found is None:
        raise SquareError(404, "INVALID_REQUEST_ERROR", "NOT_FOUND", "There is no such object.")
    found |= {"updated_at": timestamp(simulator.world.clock())}
    if "version" in found:
        found["version"] += 1
    found |= body
    seller.tables[kind].put(found)
    _announce(simulator, seller, f"{kind}.updated", found)
    return json_response({kind: found})


async def merge(request: Request) -> Response:
    """POST /_control/merge {"from": [id, id]}: Square makes a third profile and drops the two."""
    simulator = Simulator.of(request)
    body = await _body(request)
    seller = _seller(simulator, body)
    table = seller.tables["customer"]
    olds = [found for name in body.get("from", []) if (found := table.find(str(name)))]
    if len(olds) < 2:
        raise bad_request("INVALID_VALUE", "Name two existing customers.", "from")
    merged = merge_customers(seller, olds, simulator.world.clock())
    context = {
        "event_context": {
            "merge": {
                "from_customer_ids": [old["id"] for old in olds],
                "to_customer_id": merged["id"],
            }
        }
    }
    _announce(simulator, seller, "customer.created", merged, context)
    for old in olds:
        _announce(simulator, seller, "customer.deleted", old, context)
    return json_response({"customer": merged})


def merge_customers(seller: Seller, olds: list[Json], now: datetime) -> Json:
    """Replace customers by a new one and give it their payments, orders and bookings."""
    new_id = square_id(seller.merchant_id, "merge", *sorted(old["id"] for old in olds))
    facts = {
        name: next((old[name] for old in olds if old.get(name)), None) for name in _MERGE_FIELDS
    }
    merged = shapes.customer(new_id, now, "MERGE", **facts)
    gone = {old["id"] for old in olds}
    for old_id in gone:
        seller.tables["customer"].remove(old_id)
    for kind in ("payment", "order", "booking"):
        table = seller.tables[kind]
        for record in [r for r in table.records.values() if r.customer_id in gone]:
            table.put(record.decode() | {"customer_id": new_id}, record.visible_at)
    seller.tables["customer"].put(merged)
    return merged


async def send_webhook(request: Request) -> Response:
    """POST /_control/webhooks/send: send {"type", "object"} or a test event now.

    `url` changes where every later event goes.
    """
    simulator = Simulator.of(request)
    body = await _body(request)
    seller = _seller(simulator, body)
    simulator.webhooks.url = body.get("url", simulator.webhooks.url)
    if "event" in body:
        simulator.webhooks.send(body["event"])
        return json_response({"event": body["event"]})
    kind = body.get("type", "webhooks.test_notification")
    event = _announce(simulator, seller, kind, body.get("object") or {"id": square_id("test")})
    return json_response({"event": event})
