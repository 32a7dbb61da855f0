"""Day totals against Square, to the cent.

Square's side is read afresh: completed payments with tips, less completed refunds, by the
location's own day. What is read on the way is stored, so a late sale mends its day at once.
A day is closed once 72 hours have passed since it ended: offline sales arrive within that time.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from psycopg.types.json import Jsonb

from myriad.kit.clock import get_zone, local_date, utc_now
from myriad.kit.errors import InvalidInputError
from myriad.products.keeper.notify.losing import tell_drift
from myriad.products.keeper.square.client import Span, SquareClient
from myriad.products.keeper.square.mapping import Places
from myriad.products.keeper.square.pages import Json, iter_pages
from myriad.products.keeper.square.sql import ask, run
from myriad.products.keeper.square.storage import store
from myriad.products.keeper.square.work import Work

SETTLES_AFTER = timedelta(hours=72)
DAYS = 10


@dataclass(frozen=True)
class Reconciliation:
    """How many days were compared, and by how many cents they differ in sum of amounts."""

    days: int = 0
    cents_off: int = 0

    def __add__(self, other: Reconciliation) -> Reconciliation:
        return Reconciliation(self.days + other.days, self.cents_off + other.cents_off)


def last_closed_day(zone: str, now: datetime | None = None) -> date:
    """Return the newest day whose end is more than 72 hours ago."""
    return local_date((now or utc_now()) - SETTLES_AFTER, zone) - timedelta(days=1)


async def reconcile(
    work: Work, client: SquareClient, places: Places, location: str, first: date, last: date
) -> Reconciliation:
    """Compare the closed days from `first` to `last` at one location and store the result."""
    zone = _known_zone(places.zones.get(location) or places.default_zone)
    last = min(last, last_closed_day(zone.key))
    if first > last:
        return Reconciliation()
    span = Span(
        datetime.combine(first, time(0), zone),
        datetime.combine(last + timedelta(days=1), time(0), zone),
    )
    square = await _read_square(work, client, places, location, span)
    ours = await _our_totals(work, location, first, last)
    days = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
    rows = [
        {"local_date": day.isoformat(), "ours": ours[day], "square": square[day]} for day in days
    ]
    await run(work.session, "store_day_totals", location=location, rows=Jsonb(rows))
    if off := [day for day in days if ours[day] != square[day]]:
        await tell_drift(work.session, location, off)
    await work.checkpoint()
    return Reconciliation(len(days), sum(abs(ours[day] - square[day]) for day in days))


def _known_zone(name: str) -> ZoneInfo:
    try:
        return get_zone(name)
    except InvalidInputError:
        return ZoneInfo("UTC")


async def _read_square(
    work: Work, client: SquareClient, places: Places, location: str, span: Span
) -> Counter[date]:
    totals: Counter[date] = Counter()
    async for page in iter_pages(lambda cursor: client.payments(location, span, cursor)):
        await store(work.session, "payment", page.items, places)
        await work.checkpoint()
        _add(totals, page.items, "total_money", 1, places)
    async for page in iter_pages(lambda cursor: client.refunds(location, span, cursor)):
        await store(work.session, "refund", page.items, places)
        await work.checkpoint()
        _add(totals, page.items, "amount_money", -1, places)
    return totals


def _add(totals: Counter[date], items: list[Json], field: str, sign: int, places: Places) -> None:
    for item in items:
        if item.get("status") == "COMPLETED":
            day = date.fromisoformat(places.local_date(item.get("location_id"), item["created_at"]))
            totals[day] += sign * int((item.get(field) or {}).get("amount") or 0)


async def _our_totals(work: Work, location: str, first: date, last: date) -> Counter[date]:
    rows = await ask(
        work.session, "our_day_totals", location=location, first_day=first, last_day=last
    )
    return Counter({row["local_date"]: int(row["total"]) for row in rows})
