"""The part of Square's API that Keeper reads, with its defaults, limits and surprises."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from myriad.products.keeper.square.simulator.answers import SquareError, bad_request
from myriad.products.keeper.square.simulator.listing import (
    FOREVER,
    Listing,
    answer_list,
    bounded,
    read_body,
    read_integer,
    read_time,
)
from myriad.products.keeper.square.simulator.records import Json
from myriad.products.keeper.square.simulator.state import Simulator, admit
from myriad.products.keeper.square.simulator.world import Seller
from myriad.scale.simulator.answers import json_response

_BOOKING_WINDOW = timedelta(days=31)
_TIMECARDS_SINCE = "2025-05-21"
_MOST_ORDER_LOCATIONS = 10


async def merchants(request: Request) -> Response:
    """GET /v2/merchants and /v2/merchants/{merchant_id}; `me` is the token's own."""
    seller = await admit(request, "MERCHANT_PROFILE_READ")
    wanted = request.path_params.get("merchant_id")
    if wanted is None:
        return json_response({"merchant": [seller.merchant]})
    if wanted not in ("me", seller.merchant_id):
        detail = "The merchant was not found."
        raise SquareError(404, "INVALID_REQUEST_ERROR", "NOT_FOUND", detail)
    return json_response({"merchant": seller.merchant})


async def locations(request: Request) -> Response:
    """GET /v2/locations."""
    seller = await admit(request, "MERCHANT_PROFILE_READ")
    return json_response({"locations": seller.locations})


async def customers(request: Request) -> Response:
    """GET /v2/customers: every profile, page sizes advisory."""
    seller = await admit(request, "CUSTOMERS_READ")
    asked = request.query_params
    size = bounded(read_integer(asked.get("limit"), 100, "limit"), 100)
    descending = asked.get("sort_order") == "DESC"
    listing = Listing("customer", "customers", "created_at", size, descending=descending)
    return answer_list(request, seller, listing, descending, asked.get("cursor"))


def _time_range(filters: Json, name: str) -> tuple[float, float]:
    given = filters.get(name) or {}
    return (
        read_time(given.get("start_at"), -FOREVER, f"{name}.start_at"),
        read_time(given.get("end_at"), FOREVER, f"{name}.end_at"),
    )


async def search_customers(request: Request) -> Response:
    """POST /v2/customers/search with created_at and updated_at filters."""
    seller = await admit(request, "CUSTOMERS_READ")
    body = await read_body(request)
    query = body.get("query") or {}
    filters = query.get("filter") or {}
    size = bounded(int(body.get("limit") or 100), 100)
    begin, end = _time_range(filters, "updated_at")
    first, last = _time_range(filters, "created_at")
    listing = Listing(
        "customer",
        "customers",
        "updated_at" if "updated_at" in filters else "created_at",
        size,
        begin if "updated_at" in filters else first,
        end if "updated_at" in filters else last,
        descending=(query.get("sort") or {}).get("order") == "DESC",
        keep=lambda row: first <= row.times["created_at"] < last,
    )
    return answer_list(request, seller, listing, query, body.get("cursor"))


async def payments(request: Request) -> Response:
    """GET /v2/payments: the last year of the main location unless told otherwise.

    A limit over 100 is ignored without a word.
    """
    seller = await admit(request, "PAYMENTS_READ")
    location = request.query_params.get("location_id") or seller.main_location_id
    return _money_list(request, seller, "payment", "payments", location)


async def refunds(request: Request) -> Response:
    """GET /v2/refunds: the last year of every location unless told otherwise."""
    seller = await admit(request, "PAYMENTS_READ")
    location = request.query_params.get("location_id")
    return _money_list(request, seller, "refund", "refunds", location)


def _money_list(
    request: Request, seller: Seller, kind: str, name: str, location: str | None
) -> Response:
    asked = request.query_params
    now = Simulator.of(request).now()
    created = (
        read_time(asked.get("begin_time"), now - 365 * 86_400, "begin_time"),
        read_time(asked.get("end_time"), now, "end_time"),
    )
    updated = (
        read_time(asked.get("updated_at_begin_time"), -FOREVER, "updated_at_begin_time"),
        read_time(asked.get("updated_at_end_time"), FOREVER, "updated_at_end_time"),
    )
    by_update = asked.get("sort_field") == "UPDATED_AT"
    begin, end = updated if by_update else created
    size = read_integer(asked.get("limit"), 100, "limit")
    listing = Listing(
        kind,
        name,
        "updated_at" if by_update else "created_at",
        size if 1 <= size <= 100 else 100,
        begin,
        end,
        descending=asked.get("sort_order", "DESC") != "ASC",
        keep=lambda row: (
            (location is None or row.location_id == location)
            and created[0] <= row.times["created_at"] <= created[1]
            and updated[0] <= row.times["updated_at"] <= updated[1]
        ),
    )
    query = {k: v for k, v in asked.items() if k not in ("cursor", "limit")}
    return answer_list(request, seller, listing, query, asked.get("cursor"))


async def search_orders(request: Request) -> Response:
    """POST /v2/orders/search: at most ten locations, sorted by the field that filters."""
    seller = await admit(request, "ORDERS_READ")
    body = await read_body(request)
    locations = _order_locations(body)
    query = body.get("query") or {}
    filters = query.get("filter") or {}
    by = ((query.get("sort") or {}).get("sort_field") or "CREATED_AT").lower()
    times = filters.get("date_time_filter") or {}
    if times and list(times) != [by]:
        detail = "The date_time_filter field must equal the sort_field."
        raise bad_request("BAD_REQUEST", detail, "query.sort.sort_field")
    begin, end = _time_range(times, by)
    states = set((filters.get("state_filter") or {}).get("states") or [])
    listing = Listing(
        "order",
        "orders",
        by,
        bounded(int(body.get("limit") or 500), 1000),
        begin,
        end,
        descending=(query.get("sort") or {}).get("sort_order", "DESC") != "ASC",
        keep=lambda row: row.location_id in locations and (not states or row.state in states),
    )
    return answer_list(request, seller, listing, [sorted(locations), query], body.get("cursor"))


def _order_locations(body: Json) -> set[str]:
    locations = body.get("location_ids") or []
    if not locations:
        raise bad_request("MISSING_REQUIRED_PARAMETER", "Name a location.", "location_ids")
    if len(locations) > _MOST_ORDER_LOCATIONS:
        raise bad_request("ARRAY_LENGTH_TOO_LONG", "At most 10 locations.", "location_ids")
    return set(locations)


async def bookings(request: Request) -> Response:
    """GET /v2/bookings: from now on unless told otherwise, never more than 31 days at once.

    Without Appointments Plus a seller's bookings are not there for other applications.
    """
    seller = await admit(request, "APPOINTMENTS_READ")
    if seller.plan == "refused":
        detail = "Merchant subscription does not support this operation."
        raise SquareError(403, "AUTHENTICATION_ERROR", "FORBIDDEN", detail)
    asked = request.query_params
    begin = read_time(asked.get("start_at_min"), Simulator.of(request).now(), "start_at_min")
    longest = begin + _BOOKING_WINDOW.total_seconds()
    end = read_time(asked.get("start_at_max"), longest, "start_at_max")
    if end > longest or end < begin:
        detail = "The time between start_at_min and start_at_max must be at most 31 days."
        raise bad_request("INVALID_TIME_RANGE", detail, "start_at_max")
    location = asked.get("location_id")
    listing = Listing(
        "booking",
        "bookings",
        "start_at",
        bounded(read_integer(asked.get("limit"), 100, "limit"), 10_000),
        begin,
        end,
        keep=lambda row: (
            seller.plan == "paid" and (location is None or row.location_id == location)
        ),
    )
    query = {k: v for k, v in asked.items() if k not in ("cursor", "limit")}
    return answer_list(request, seller, listing, query, asked.get("cursor"))


async def search_team_members(request: Request) -> Response:
    """POST /v2/team-members/search."""
    seller = await admit(request, "EMPLOYEES_READ")
    body = await read_body(request)
    query = body.get("query") or {}
    status = (query.get("filter") or {}).get("status")
    size = bounded(int(body.get("limit") or 100), 200)
    listing = Listing(
        "team_member",
        "team_members",
        "created_at",
        size,
        keep=lambda row: status is None or row.state == status,
    )
    return answer_list(request, seller, listing, query, body.get("cursor"))


async def search_timecards(request: Request) -> Response:
    """POST /v2/labor/timecards/search, which versions before 2025-05-21 do not have."""
    version = request.headers.get("square-version") or _TIMECARDS_SINCE
    if version < _TIMECARDS_SINCE:
        detail = "API endpoint for URL path `/v2/labor/timecards/search` and HTTP method `POST` is not found."
        raise SquareError(404, "INVALID_REQUEST_ERROR", "NOT_FOUND", detail)
    return await _search_labor(request, "timecards")


async def search_shifts(request: Request) -> Response:
    """POST /v2/labor/shifts/search, the older twin."""
    return await _search_labor(request, "shifts")


_LABOR_SORT = {"START_AT", "END_AT", "CREATED_AT", "UPDATED_AT"}


async def _search_labor(request: Request, name: str) -> Response:
    seller = await admit(request, "TIMECARDS_READ")
    body = await read_body(request)
    query = body.get("query") or {}
    filters: dict[str, Any] = query.get("filter") or {}
    sort = query.get("sort") or {}
    field = sort.get("field") or "START_AT"
    if field not in _LABOR_SORT:
        raise bad_request("INVALID_ENUM_VALUE", f"{field!r} is no sort field.", "query.sort.field")
    first, last = _time_range(filters, "start")
    wanted = set(filters.get("location_ids") or [])
    listing = Listing(
        "timecard",
        name,
        field.lower(),
        bounded(int(body.get("limit") or 200), 200),
        descending=sort.get("order", "DESC") != "ASC",
        keep=lambda row: (
            first <= row.times["start_at"] < last and (not wanted or row.location_id in wanted)
        ),
    )
    return answer_list(request, seller, listing, query, body.get("cursor"))
