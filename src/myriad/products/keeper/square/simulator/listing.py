"""How Square answers a list: a page out of a table, its cursor, and the reading of parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from myriad.products.keeper.square.simulator.answers import bad_request
from myriad.products.keeper.square.simulator.paging import CursorError, Page, digest_of, take
from myriad.products.keeper.square.simulator.records import Json, Position, Record, moment_of
from myriad.products.keeper.square.simulator.state import Simulator
from myriad.products.keeper.square.simulator.world import Seller

FOREVER = 1e15


@dataclass(frozen=True)
class Listing:
    """One question to a table: what, ordered by what, between which times, filtered how."""

    kind: str
    name: str
    by: str
    size: int
    begin: float = -FOREVER
    end: float = FOREVER
    descending: bool = False
    keep: Callable[[Record], bool] = lambda _: True


def read_time(text: str | None, fallback: float, field: str) -> float:
    """Return Unix seconds of an RFC 3339 text, or refuse with INVALID_TIME."""
    if not text:
        return fallback
    try:
        return moment_of(text).timestamp()
    except ValueError:
        detail = f"{text!r} is not an RFC 3339 time."
        raise bad_request("INVALID_TIME", detail, field) from None


def read_integer(text: str | None, fallback: int, field: str) -> int:
    """Return a whole number, or refuse with EXPECTED_INTEGER."""
    try:
        return int(text) if text else fallback
    except ValueError:
        raise bad_request("EXPECTED_INTEGER", f"{field} must be an integer.", field) from None


def bounded(value: int, most: int, field: str = "limit") -> int:
    """Return a number from 1 to `most`, or refuse as Square does."""
    if value < 1:
        raise bad_request("VALUE_TOO_LOW", f"{field} must be at least 1.", field)
    if value > most:
        raise bad_request("VALUE_TOO_HIGH", f"{field} must be at most {most}.", field)
    return value


async def read_body(request: Request) -> Json:
    """Return the JSON object of a request, or refuse."""
    try:
        decoded = msgspec.json.decode(await request.body() or b"{}")
    except msgspec.DecodeError:
        raise bad_request("EXPECTED_JSON_BODY", "The body must be a JSON object.") from None
    if not isinstance(decoded, dict):
        raise bad_request("EXPECTED_OBJECT", "The body must be a JSON object.")
    return decoded


def answer_list(
    request: Request, seller: Seller, listing: Listing, query: object, cursor: str | None
) -> Response:
    """Answer a list: one page, and a cursor when more follow."""
    simulator = Simulator.of(request)
    page, token = _page(simulator, seller, listing, digest_of([listing.kind, query]), cursor)
    tail = b"" if token is None else b',"cursor":' + msgspec.json.encode(token)
    body = b'{"' + listing.name.encode() + b'":[' + b",".join(page.bodies) + b"]" + tail + b"}"
    return Response(body, media_type="application/json")


def _page(
    simulator: Simulator, seller: Seller, listing: Listing, query: str, cursor: str | None
) -> tuple[Page, str | None]:
    now = simulator.now()
    try:
        after = simulator.cursors.read(cursor, query, now) if cursor else None
    except CursorError as error:
        raise bad_request("INVALID_CURSOR", str(error), "cursor") from None
    page = _rows(simulator, seller, listing, after, now)
    if page.next_after is None:
        return page, None
    if simulator.weather.faults.repeat_cursor and cursor:
        return page, cursor
    return page, simulator.cursors.issue(query, page.next_after, now)


def _rows(
    simulator: Simulator, seller: Seller, listing: Listing, after: Position | None, now: float
) -> Page:
    rows = seller.tables[listing.kind].scan(
        listing.by,
        begin=listing.begin,
        end=listing.end,
        after=after,
        descending=listing.descending,
    )
    size = _advised_size(simulator, listing)
    page = take(rows, max(1, size), lambda row: row.visible_at <= now and listing.keep(row))
    if size == 0 and page.next_after is not None:
        edge = FOREVER * (1 if listing.descending else -1)
        return Page([], after or (edge, ""))
    return page


def _advised_size(simulator: Simulator, listing: Listing) -> int:
    weather, settings = simulator.weather, simulator.settings
    empty = weather.faults.empty_pages
    if weather.strikes(settings.empty_pages if empty is None else empty):
        return 0
    if weather.strikes(settings.short_pages):
        return max(1, listing.size * 2 // 3)
    return listing.size
