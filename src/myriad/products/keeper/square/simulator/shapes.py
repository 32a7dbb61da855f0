"""Square's objects, built from the few facts that a seller's life is made of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from myriad.products.keeper.square.simulator.records import Json, timestamp


def compact(body: Json) -> Json:
    """Return the body without fields that hold nothing, as Square leaves them out."""
    return {key: value for key, value in body.items() if value or value == 0}


def money(amount: int, currency: str) -> Json:
    """Return Square's Money."""
    return {"amount": amount, "currency": currency}


def merchant(
    merchant_id: str, name: str, main_location_id: str, currency: str, opened: datetime
) -> Json:
    """Return a merchant of the United States."""
    return {
        "id": merchant_id,
        "business_name": name,
        "country": "US",
        "language_code": "en-US",
        "currency": currency,
        "status": "ACTIVE",
        "main_location_id": main_location_id,
        "created_at": timestamp(opened),
    }


def location(
    location_id: str,
    merchant_id: str,
    name: str,
    zone: str,
    currency: str,
    opened: datetime,
    mcc: str = "7298",
) -> Json:
    """Return an active physical location; `mcc` is its merchant category code (ISO 18245)."""
    return {
        "id": location_id,
        "name": name,
        "business_name": name,
        "timezone": zone,
        "status": "ACTIVE",
        "type": "PHYSICAL",
        "country": "US",
        "currency": currency,
        "language_code": "en-US",
        "merchant_id": merchant_id,
        "mcc": mcc,
        "capabilities": ["CREDIT_CARD_PROCESSING"],
        "created_at": timestamp(opened)[:19] + "Z",
    }


def customer(
    customer_id: str, created: datetime, source: str = "DIRECTORY", **facts: object
) -> Json:
    """Return a customer; `facts` are fields of Square's Customer."""
    return compact(
        {
            "id": customer_id,
            "created_at": timestamp(created),
            "updated_at": timestamp(created),
            "creation_source": source,
            "version": 0,
            "preferences": {"email_unsubscribed": False},
            **facts,
        }
    )


def card(fingerprint: str, brand: str, last_4: str) -> Json:
    """Return the card fields that identify a buyer's card."""
    return {
        "card_brand": brand,
        "last_4": last_4,
        "exp_month": 12,
        "exp_year": 2030,
        "fingerprint": fingerprint,
        "card_type": "CREDIT",
        "prepaid_type": "NOT_PREPAID",
    }


def payment(
    payment_id: str,
    created: datetime,
    amount: int,
    currency: str,
    location_id: str,
    *,
    tip: int = 0,
    buyer_card: Json | None = None,
    **facts: object,
) -> Json:
    """Return a completed payment of `amount` plus `tip`, by card when one is given, else cash."""
    total = money(amount + tip, currency)
    by_card = {
        "status": "CAPTURED",
        "card": buyer_card,
        "entry_method": "CONTACTLESS",
        "statement_description": "SQ *SIMULATED",
    }
    return compact(
        {
            "id": payment_id,
            "created_at": timestamp(created),
            "updated_at": timestamp(created + timedelta(seconds=4)),
            "amount_money": money(amount, currency),
            "tip_money": money(tip, currency) if tip else None,
            "total_money": total,
            "approved_money": total,
            "status": "COMPLETED",
            "source_type": "CARD" if buyer_card else "CASH",
            "card_details": by_card if buyer_card else None,
            "cash_details": None if buyer_card else {"buyer_supplied_money": total},
            "location_id": location_id,
            "receipt_number": payment_id[:4],
            "version_token": payment_id[::-1],
            **facts,
        }
    )


def refund(refund_id: str, paid: Json, at: datetime, amount: int, reason: str) -> Json:
    """Return a completed refund of a payment."""
    return compact(
        {
            "id": refund_id,
            "status": "COMPLETED",
            "location_id": paid["location_id"],
            "amount_money": money(amount, paid["amount_money"]["currency"]),
            "payment_id": paid["id"],
            "order_id": paid.get("order_id"),
            "reason": reason,
            "created_at": timestamp(at),
            "updated_at": timestamp(at + timedelta(seconds=30)),
        }
    )


def line(
    name: str, quantity: int, total: int, currency: str, catalog_id: str | None = None
) -> Json:
    """Return an order line whose unit price times quantity may not divide evenly."""
    return compact(
        {
            "uid": f"{name[:40]}-{quantity}",
            "name": name,
            "quantity": str(quantity),
            "catalog_object_id": catalog_id,
            "item_type": "ITEM",
            "base_price_money": money(total // max(quantity, 1), currency),
            "gross_sales_money": money(total, currency),
            "total_money": money(total, currency),
        }
    )


def order(
    order_id: str,
    location_id: str,
    created: datetime,
    lines: list[Json],
    currency: str,
    *,
    tip: int = 0,
    customer_id: str | None = None,
) -> Json:
    """Return a completed order of these lines."""
    total = sum(item["total_money"]["amount"] for item in lines) + tip
    return compact(
        {
            "id": order_id,
            "location_id": location_id,
            "customer_id": customer_id,
            "line_items": lines,
            "created_at": timestamp(created),
            "updated_at": timestamp(created + timedelta(seconds=5)),
            "closed_at": timestamp(created + timedelta(seconds=5)),
            "state": "COMPLETED",
            "version": 4,
            "total_money": money(total, currency),
            "total_tip_money": money(tip, currency),
        }
    )


def booking(
    booking_id: str,
    location_id: str,
    created: datetime,
    start: datetime,
    segments: list[Json],
    **facts: object,
) -> Json:
    """Return an accepted booking; `facts` override, such as status and updated_at."""
    return compact(
        {
            "id": booking_id,
            "version": 0,
            "status": "ACCEPTED",
            "created_at": timestamp(created),
            "updated_at": timestamp(created),
            "start_at": timestamp(start),
            "location_id": location_id,
            "appointment_segments": segments,
            "all_day": False,
            "transition_time_minutes": 0,
            "location_type": "BUSINESS_LOCATION",
            **facts,
        }
    )


def segment(
    team_member_id: str, minutes: int, variation_id: str, any_team_member: bool = False
) -> Json:
    """Return an appointment segment."""
    return {
        "team_member_id": team_member_id,
        "duration_minutes": minutes,
        "service_variation_id": variation_id,
        "service_variation_version": 1,
        "any_team_member": any_team_member,
    }


def team_member(
    member_id: str, given_name: str, family_name: str, hired: datetime, *, is_owner: bool = False
) -> Json:
    """Return an active team member."""
    return {
        "id": member_id,
        "is_owner": is_owner,
        "status": "ACTIVE",
        "given_name": given_name,
        "family_name": family_name,
        "created_at": timestamp(hired),
        "updated_at": timestamp(hired),
        "assigned_locations": {"assignment_type": "ALL_CURRENT_AND_FUTURE_LOCATIONS"},
    }


def timecard(
    timecard_id: str,
    member_id: str,
    location_id: str,
    start: datetime,
    end: datetime,
    zone: str,
    breaks: Sequence[Json] = (),
) -> Json:
    """Return a closed timecard with the breaks that were taken."""
    return {
        "id": timecard_id,
        "team_member_id": member_id,
        "location_id": location_id,
        "timezone": zone,
        "start_at": timestamp(start),
        "end_at": timestamp(end),
        "status": "CLOSED",
        "version": 1,
        "created_at": timestamp(start),
        "updated_at": timestamp(end),
        "breaks": list(breaks),
    }


def timecard_break(break_id: str, start: datetime, end: datetime) -> Json:
    """Return an unpaid break of a timecard."""
    minutes = round((end - start).total_seconds() / 60)
    return {
        "id": break_id,
        "break_type_id": "LUNCH",
        "name": "Lunch",
        "start_at": timestamp(start),
        "end_at": timestamp(end),
        "expected_duration": f"PT{minutes}M",
        "is_paid": False,
    }
