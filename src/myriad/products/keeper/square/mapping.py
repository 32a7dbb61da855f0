"""Square's objects as rows of Keeper's tables. Enumerations stay as Square sends them.

Each function returns the columns of one row, or raises UnusableObjectError for an object that
makes no sense; such objects are kept apart with their reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from myriad.products.keeper.matching.normalise import (
    normalise_birthday,
    normalise_email,
    normalise_phone,
)
from myriad.products.keeper.square.erased import Erased
from myriad.scale.observe.metrics import Counter

Json = dict[str, Any]

_unknown_values = Counter(
    "myriad_keeper_square_unknown_values_total", "Enum values nobody told us of.", ["field"]
)
_KNOWN = {
    "payment.status": {"APPROVED", "PENDING", "COMPLETED", "CANCELED", "FAILED"},
    "refund.status": {"PENDING", "COMPLETED", "REJECTED", "FAILED"},
    "order.state": {"OPEN", "COMPLETED", "CANCELED", "DRAFT"},
    "booking.status": {
        "PENDING",
        "CANCELLED_BY_CUSTOMER",
        "CANCELLED_BY_SELLER",
        "DECLINED",
        "ACCEPTED",
        "NO_SHOW",
    },
}


class UnusableObjectError(Exception):
    """The object makes no sense; the message is the reason, a constant word."""


@dataclass(frozen=True)
class Places:
    """What a location tells about its objects: zone, currency, country, by location id.

    `erased` are the people of whom nothing personal is stored any more.
    """

    zones: Mapping[str, str] = field(default_factory=dict)
    currencies: Mapping[str, str] = field(default_factory=dict)
    country: str = "US"
    default_zone: str = "UTC"
    erased: Erased = field(default_factory=Erased)

    def local_date(self, location_id: str | None, moment: str) -> str:
        """Return the business day of a moment at a location, as YYYY-MM-DD."""
        zone = _zone(self.zones.get(location_id or "") or self.default_zone)
        return datetime.fromisoformat(moment).astimezone(zone).date().isoformat()


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def _enum(name: str, value: str | None) -> str:
    if value and value not in _KNOWN[name]:
        _unknown_values.labels(field=name).inc()
    return value or "UNKNOWN"


def _amount(money: Json | None) -> int:
    return int((money or {}).get("amount") or 0)


def _one_currency(body: Json, names: tuple[str, ...], expected: str | None) -> str:
    found = {str(m["currency"]) for n in names if (m := body.get(n)) and m.get("currency")}
    if expected:
        found.add(expected)
    if len(found) != 1:
        raise UnusableObjectError("mixed_currency" if found else "no_currency")
    return found.pop()


def _refuse_negative(*amounts: int) -> None:
    if min(amounts) < 0:
        raise UnusableObjectError("negative_amount")


def location_row(body: Json, _: Places) -> Json:
    """Return the row of a location."""
    return {
        "ext_id": body["id"],
        "name": body.get("name") or "",
        "timezone": body.get("timezone"),
        "currency": body.get("currency"),
        "country": body.get("country"),
        "status": body.get("status"),
        "mcc": body.get("mcc"),
    }


def customer_row(body: Json, places: Places) -> Json:
    """Return the row of a customer; contacts normalised, birthday as far as it is known."""
    birthday = normalise_birthday(body.get("birthday")) or "00000000"
    address = body.get("address") or {}
    phone = body.get("phone_number")
    country = address.get("country") or places.country
    return {
        "ext_id": body["id"],
        "given_name": body.get("given_name"),
        "family_name": body.get("family_name"),
        "company_name": body.get("company_name"),
        "email": body.get("email_address"),
        "email_norm": normalise_email(body.get("email_address")) or None,
        "email_unsubscribed": bool((body.get("preferences") or {}).get("email_unsubscribed")),
        "phone": phone,
        "phone_e164": normalise_phone(phone, country) or None,
        "birth_year": int(birthday[:4]) or None,
        "birth_month": int(birthday[4:6]) or None,
        "birth_day": int(birthday[6:]) or None,
        "address_line": address.get("address_line_1"),
        "postcode": address.get("postal_code"),
        "creation_source": body.get("creation_source"),
        "version": int(body.get("version") or 0),
        "ext_created_at": body.get("created_at"),
        "ext_updated_at": body.get("updated_at"),
    }


def payment_row(body: Json, places: Places) -> Json:
    """Return the row of a payment; `amount` without the tip."""
    location = body.get("location_id")
    amount, tip = _amount(body.get("amount_money")), _amount(body.get("tip_money"))
    refunded = _amount(body.get("refunded_money"))
    names = ("amount_money", "tip_money", "refunded_money", "total_money")
    currency = _one_currency(body, names, places.currencies.get(location or ""))
    _refuse_negative(amount, tip, refunded)
    if refunded > amount + tip:
        raise UnusableObjectError("refund_above_payment")
    card = (body.get("card_details") or {}).get("card") or {}
    return {
        "ext_id": body["id"],
        "customer_ext_id": body.get("customer_id"),
        "order_ext_id": body.get("order_id"),
        "location_ext_id": location,
        "team_member_ext_id": body.get("team_member_id") or body.get("employee_id"),
        "amount": amount,
        "tip": tip,
        "refunded": refunded,
        "currency": currency,
        "status": _enum("payment.status", body.get("status")),
        "source_type": body.get("source_type"),
        "card_fingerprint": card.get("fingerprint"),
        "local_date": places.local_date(location, body["created_at"]),
        "ext_created_at": body["created_at"],
        "ext_updated_at": body.get("updated_at") or body["created_at"],
    }


def refund_row(body: Json, places: Places) -> Json:
    """Return the row of a refund."""
    location = body.get("location_id")
    amount = _amount(body.get("amount_money"))
    currency = _one_currency(body, ("amount_money",), places.currencies.get(location or ""))
    _refuse_negative(amount)
    return {
        "ext_id": body["id"],
        "payment_ext_id": body.get("payment_id"),
        "location_ext_id": location,
        "amount": amount,
        "currency": currency,
        "status": _enum("refund.status", body.get("status")),
        "local_date": places.local_date(location, body["created_at"]),
        "ext_created_at": body["created_at"],
        "ext_updated_at": body.get("updated_at") or body["created_at"],
    }


def order_row(body: Json, places: Places) -> Json:
    """Return the row of an order; its lines are apart."""
    location = body.get("location_id")
    total = _amount(body.get("total_money"))
    currency = _one_currency(body, ("total_money",), places.currencies.get(location or ""))
    return {
        "ext_id": body["id"],
        "customer_ext_id": body.get("customer_id"),
        "location_ext_id": location,
        "state": _enum("order.state", body.get("state")),
        "total": total,
        "currency": currency,
        "local_date": places.local_date(location, body["created_at"]),
        "ext_created_at": body["created_at"],
        "ext_updated_at": body.get("updated_at") or body["created_at"],
        "version": int(body.get("version") or 0),
    }


def order_lines(body: Json) -> list[Json]:
    """Return the rows of an order's lines; `net` is after discounts and before tax."""
    return [
        {
            "order_ext_id": body["id"],
            "position": position,
            "catalog_ext_id": line.get("catalog_object_id"),
            "name": line.get("name") or "",
            "quantity": _quantity(line.get("quantity")),
            "net": _amount(line.get("total_money")) - _amount(line.get("total_tax_money")),
            "category": line.get("item_type"),
        }
        for position, line in enumerate(body.get("line_items") or [])
    ]


def _quantity(text: str | None) -> float:
    try:
        return float(text or 1)
    except ValueError:
        return 1.0


def booking_row(body: Json, places: Places) -> Json:
    """Return the row of a booking."""
    if not body.get("start_at"):
        raise UnusableObjectError("no_start")
    segments = body.get("appointment_segments") or []
    return {
        "ext_id": body["id"],
        "customer_ext_id": body.get("customer_id"),
        "location_ext_id": body.get("location_id"),
        "status": _enum("booking.status", body.get("status")),
        "start_at": body["start_at"],
        "local_date": places.local_date(body.get("location_id"), body["start_at"]),
        "segments": segments,
        "source": body.get("source"),
        "any_team_member": any(segment.get("any_team_member") for segment in segments),
        "version": int(body.get("version") or 0),
        "ext_created_at": body.get("created_at"),
        "ext_updated_at": body.get("updated_at"),
    }


def team_member_row(body: Json, _: Places) -> Json:
    """Return the row of a team member."""
    names = ("given_name", "family_name", "status")
    return {"ext_id": body["id"], **{name: body.get(name) for name in names}}


def timecard_row(body: Json, _: Places) -> Json:
    """Return the row of a timecard."""
    return {
        "ext_id": body["id"],
        "team_member_ext_id": body.get("team_member_id"),
        "location_ext_id": body.get("location_id"),
        "start_at": body.get("start_at"),
        "end_at": body.get("end_at"),
        "status": body.get("status"),
        "break_seconds": sum(_break_seconds(body, part) for part in body.get("breaks") or ()),
    }


def _break_seconds(timecard: Json, part: Json) -> int:
    """Return how long a break lasted within its timecard; one that goes on counts for nothing."""
    if not (timecard.get("start_at") and timecard.get("end_at") and part.get("end_at")):
        return 0
    begin, end, first, last = (
        datetime.fromisoformat(item[name])
        for item in (timecard, part)
        for name in ("start_at", "end_at")
    )
    return max(0, round((min(end, last) - max(begin, first)).total_seconds()))


def newest(rows: list[Json]) -> list[Json]:
    """Return one row an object, the newest when a page holds two versions."""
    kept: dict[str, Json] = {}
    for row in rows:
        other = kept.get(row["ext_id"])
        if other is None or _age(row) >= _age(other):
            kept[row["ext_id"]] = row
    return list(kept.values())


def _age(row: Json) -> tuple[int, datetime]:
    text = row.get("ext_updated_at")
    moment = datetime.fromisoformat(text) if text else datetime.min.replace(tzinfo=UTC)
    return row.get("version") or 0, moment
