"""What is read of a seller: one stream for each kind of object (and location, where lists differ).

Backfill walks windows from the newest to the oldest. Increments ask for what was updated since,
where Square can be asked that; where it cannot (bookings, timecards, team members), they read
the near past again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from myriad.products.keeper.square.client import ORDER_LOCATIONS, Span, SquareClient
from myriad.products.keeper.square.pages import Json, Page

Read = Callable[[Span, str | None], Awaitable[Page]]

SQUARE_FOUNDED = datetime(2009, 1, 1, tzinfo=UTC)
MONEY_WINDOW = timedelta(days=90)
BOOKING_WINDOW = timedelta(days=31)
BOOKINGS_BACK = timedelta(days=365)
BOOKINGS_AHEAD = timedelta(days=90)
LABOR_BACK = timedelta(days=365)
REREAD = timedelta(hours=96)


@dataclass(frozen=True)
class Stream:
    """One list of Square as a source of rows.

    `window` bounds one question of the backfill, None for lists that cannot be asked by time.
    An empty window doubles the next one up to `longest_window`. `changes` asks by change time;
    without it an increment reads again from `reread_from` on. At night lists are read again from
    `nightly_from` on: what arrives late with an old date, and bookings that were settled late.
    """

    object: str
    kind: str
    read: Read
    oldest: datetime
    newest: datetime
    location: str = ""
    window: timedelta | None = None
    longest_window: timedelta | None = None
    changes: Read | None = None
    reread_from: datetime | None = None
    nightly_from: datetime | None = None


def all_streams(client: SquareClient, locations: Sequence[Json], now: datetime) -> list[Stream]:
    """Return the streams of a seller in the order in which they are read."""
    oldest = oldest_sale(locations)
    return [
        _customers(client, oldest, now),
        _team_members(client, now),
        *_money(client, locations, oldest, now),
        *_orders(client, locations, oldest, now),
        _bookings(client, now),
        _timecards(client, max(oldest, now - LABOR_BACK), now),
    ]


def oldest_sale(locations: Sequence[Json]) -> datetime:
    """Return a moment before the first sale: a day before the first location opened."""
    opened = [datetime.fromisoformat(p["created_at"]) for p in locations if p.get("created_at")]
    return min(opened, default=SQUARE_FOUNDED) - timedelta(days=1)


def _customers(client: SquareClient, oldest: datetime, now: datetime) -> Stream:
    async def read(_: Span, cursor: str | None) -> Page:
        return await client.customers(cursor)

    return Stream("customers", "customer", read, oldest, now, changes=client.changed_customers)


def _team_members(client: SquareClient, now: datetime) -> Stream:
    async def read(_: Span, cursor: str | None) -> Page:
        return await client.team_members(cursor)

    return Stream("team_members", "team_member", read, now, now, reread_from=now)


def _money(
    client: SquareClient, locations: Sequence[Json], oldest: datetime, now: datetime
) -> Iterator[Stream]:
    for name, kind, ask in (
        ("payments", "payment", client.payments),
        ("refunds", "refund", client.refunds),
    ):
        for place in locations:
            read = _at(ask, place["id"])
            yield Stream(
                name,
                kind,
                read,
                oldest,
                now,
                location=place["id"],
                window=MONEY_WINDOW,
                longest_window=MONEY_WINDOW * 64,
                changes=read,
                nightly_from=now - REREAD,
            )


def _at(ask: Callable[[str, Span, str | None], Awaitable[Page]], location_id: str) -> Read:
    async def read(span: Span, cursor: str | None) -> Page:
        return await ask(location_id, span, cursor)

    return read


def _orders(
    client: SquareClient, locations: Sequence[Json], oldest: datetime, now: datetime
) -> Iterator[Stream]:
    ids = sorted(place["id"] for place in locations)
    for first in range(0, len(ids), ORDER_LOCATIONS):
        group = ids[first : first + ORDER_LOCATIONS]
        read = _of_group(client, group)
        # The group is part of the key: a new location makes a new key and is read from the start.
        yield Stream(
            "orders",
            "order",
            read,
            oldest,
            now,
            location=",".join(group),
            window=MONEY_WINDOW * 4,
            longest_window=MONEY_WINDOW * 64,
            changes=read,
            nightly_from=now - REREAD,
        )


def _of_group(client: SquareClient, group: Sequence[str]) -> Read:
    async def read(span: Span, cursor: str | None) -> Page:
        return await client.orders(group, span, cursor)

    return read


def _bookings(client: SquareClient, now: datetime) -> Stream:
    return Stream(
        "bookings",
        "booking",
        client.bookings,
        now - BOOKINGS_BACK,
        now + BOOKINGS_AHEAD,
        window=BOOKING_WINDOW,
        longest_window=BOOKING_WINDOW,
        reread_from=now - REREAD,
        nightly_from=now - BOOKING_WINDOW,
    )


def _timecards(client: SquareClient, oldest: datetime, now: datetime) -> Stream:
    return Stream(
        "timecards",
        "timecard",
        client.timecards,
        oldest,
        now,
        window=MONEY_WINDOW * 4,
        longest_window=MONEY_WINDOW * 4,
        reread_from=now - timedelta(days=14),
    )
