"""A lifelike spa, drawn from a documented process, the same for the same seed.

The process. New customers arrive every week (Poisson). A third come once; the others are
occasional (median gap 70 days) or regular (median gap 30 days), each with a cadence of their own
around which gaps are log-normal, and after each visit may stay away for good: the assumptions of
BG/NBD, which Keeper fits, held only roughly. Days follow a weekday pattern, seasons and United
States holidays. Most visits are booked ahead, some at the end of the one before; some bookings are
cancelled or missed. Visits are sold as orders from a price list, with tips, retail and a few
refunds. A few services go together in one visit, make one article wanted or lead to another service
at the next visit (`menu.ADDED`, `WANTED`, `FOLLOWED`); all else is independent. Staff clock in when they have somebody to serve, and have habits of their own: how often
they offer the next date and an article; on a long day they take half an hour where nobody is
booked. One customer in fifteen gets a second profile through a
new card, with a typo or without an address; some families share an e-mail; some customers leave no
contact. A few sales are made offline and arrive hours later.

Draws depend on the seed and on the calendar week, not on the day of the run, so tomorrow's world
is today's with a day more. History begins on 1 January of last year.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from myriad.products.keeper.square.simulator import shapes
from myriad.products.keeper.square.simulator.records import Json
from myriad.products.keeper.square.simulator.spa.days import ZONE
from myriad.products.keeper.square.simulator.spa.lives import Life, arrivals
from myriad.products.keeper.square.simulator.spa.menu import STAFF, dice, member_id
from myriad.products.keeper.square.simulator.spa.sales import Ledger
from myriad.products.keeper.square.simulator.world import Seller, square_id

_NAME = "Alder & Salt Day Spa"
_AHEAD = timedelta(days=90)
_LIVE = timedelta(days=7)
_WARM_UP_WEEKS = 78
_TIMECARD_DAYS = 365
_SHORTEST_SHIFT = timedelta(hours=3)
_LONG_SHIFT, _LUNCH = timedelta(hours=6), timedelta(minutes=30)


def spa_seller(*, seed: int = 1, customers: int = 500, now: datetime) -> Seller:
    """Return the spa as it stands at `now`, about `customers` of them in a year."""
    now = now.astimezone(ZONE)
    opened = datetime(now.year - 1, 1, 1, tzinfo=ZONE)
    seller = _empty_spa(seed, opened)
    ledger = Ledger(seller, seed, opened=opened, now=now, live_until=now + _LIVE)
    first_week = opened.date().toordinal() // 7 - _WARM_UP_WEEKS
    last_week = now.date().toordinal() // 7
    last_day = (now + _AHEAD).date()
    for week in range(first_week, last_week + 1):
        for life in arrivals(seed, week, customers):
            _live(ledger, life, last_day)
    ledger.add_strangers()
    _add_timecards(ledger, now)
    return seller


def _empty_spa(seed: int, opened: datetime) -> Seller:
    merchant_id = "M" + square_id("spa", seed, length=12)
    location_id = "L" + square_id("spa", seed, "location", length=12)
    founded = opened - timedelta(days=400)
    seller = Seller(
        shapes.merchant(merchant_id, _NAME, location_id, "USD", founded),
        [shapes.location(location_id, merchant_id, _NAME, ZONE.key, "USD", opened)],
    )
    for number, (given, family) in enumerate(STAFF):
        body = shapes.team_member(
            member_id(seed, number), given, family, founded, is_owner=number == 0
        )
        seller.tables["team_member"].put(body)
    return seller


def _live(ledger: Ledger, life: Life, last_day: date) -> None:
    for visit in life.visits(last_day):
        ledger.add_visit(life, visit)
    ledger.close(life)


def _add_timecards(ledger: Ledger, now: datetime) -> None:
    """Write a shift for each day on which somebody worked, from before the first visit on."""
    first = now.date() - timedelta(days=_TIMECARD_DAYS)
    for (number, day), (start, end) in sorted(ledger.worked.items()):
        if day >= first:
            _add_shift(ledger, number, start, end)


def _add_shift(ledger: Ledger, number: int, start: datetime, end: datetime) -> None:
    seller, seed = ledger.seller, ledger.seed
    roll = dice(seed, "shift", start.date(), number)
    start -= timedelta(minutes=roll.randrange(10, 40))
    end = max(end, start + _SHORTEST_SHIFT) + timedelta(minutes=roll.randrange(5, 30))
    if end > ledger.now:
        return
    card_id = square_id(seller.merchant_id, "timecard", start.date(), number, length=13)
    seller.tables["timecard"].put(
        shapes.timecard(
            card_id,
            member_id(seed, number),
            seller.main_location_id,
            start.astimezone(UTC),
            end.astimezone(UTC),
            ZONE.key,
            _lunch(ledger, number, start, end, card_id),
        )
    )


def _lunch(ledger: Ledger, number: int, start: datetime, end: datetime, card_id: str) -> list[Json]:
    """Return the break of a long day, in the widest gap between two guests, if there is one."""
    if end - start < _LONG_SHIFT:
        return []
    guests = sorted(ledger.served[number, start.date()])
    gaps = [(after[0] - before[1], before[1]) for before, after in pairwise(guests)]
    width, begin = max(gaps, default=(timedelta(), start))
    if width < _LUNCH:
        return []
    begin += (width - _LUNCH) / 2
    times = (moment.astimezone(UTC).replace(second=0) for moment in (begin, begin + _LUNCH))
    return [shapes.timecard_break(square_id(card_id, "lunch", length=13), *times)]
