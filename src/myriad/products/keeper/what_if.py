"""What filling a quiet weekday would bring, reckoned from whole weeks of the past.

With q visits on the quiet day, o on an average other open day, t net takings of a visit and shares
f (filled), n (new), d (discount), a week changes by

    t * [f * (o - q) * n * (1 - d)  -  d * (q + f * (o - q) * (1 - n))]

New visits bring their discounted ticket, visits that only move bring the discount less, and so do
those who would have come that day anyway. The interval is the delta method over weeks, so that the
mean visits and the mean ticket may vary together, with Student's t. It speaks of the mean of many
months, not of a single one, and of nothing that the past does not hold.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import fmean, stdev

from myriad.kit.lazy import lazily
from myriad.kit.money import Money
from myriad.products.keeper.views.proof import MoneyBounds
from myriad.products.keeper.views.what_if import Guess, Outcome, QuietDayView, Wish

_special = lazily("scipy.special")

WEEKS = 26
FEWEST_WEEKS = 8
_OPEN_SHARE = 0.5
_UPPER = 0.95
_WEEKS_A_MONTH = 365.25 / 7 / 12


@dataclass(frozen=True, slots=True)
class DaySum:
    """Visits of one day and what they brought, in minor units."""

    visits: int
    net: int


@dataclass(frozen=True, slots=True)
class _Week:
    """A week on which the day and others were open: their visits, and the ticket's parts."""

    quiet: float
    others: float
    visits: float
    net: float

    @property
    def gap(self) -> float:
        return self.others - self.quiet


def quiet_day(
    sums: Mapping[date, DaySum],
    last: date,
    wish: Wish,
    *,
    shut: Collection[date] = (),
    currency: str,
) -> QuietDayView:
    """Return what filling the wished (or the quietest) weekday brings.

    `last` is the last full day; `shut` are closed days and holidays, which say nothing.
    """
    weeks = _weeks(sums, last, shut)
    days = _open_days(weeks)
    known = {"wish": wish, "currency": currency, "weeks": len(weeks)}
    if len(weeks) < FEWEST_WEEKS:
        return QuietDayView(**known, unsaid="no_history")  # type: ignore[arg-type]
    if len(days) < 2:
        return QuietDayView(**known, unsaid="one_day")  # type: ignore[arg-type]
    chosen = wish.weekday or min(days, key=lambda weekday: (days[weekday], weekday))
    facts = {**known, "weekday": chosen, "days": tuple(sorted(days.items()))}
    if chosen not in days:
        return QuietDayView(**facts, unsaid="closed_that_day")  # type: ignore[arg-type]
    rows = _compared(weeks, chosen, days)
    if len(rows) < FEWEST_WEEKS or not any(row.visits for row in rows):
        return QuietDayView(**facts, unsaid="no_history")  # type: ignore[arg-type]
    return _reckon(rows, wish, facts, currency)


def _reckon(
    rows: Sequence[_Week], wish: Wish, facts: dict[str, object], currency: str
) -> QuietDayView:
    ticket = sum(row.net for row in rows) / sum(row.visits for row in rows)
    mean_visits = fmean(row.visits for row in rows)
    changes = [_change(row, wish) for row in rows]
    change = fmean(changes)
    # The mean of these is the estimate, their spread its error (linearised ratio of two means).
    tickets = [ticket + (row.net - ticket * row.visits) / mean_visits for row in rows]
    weekly = [
        ticket * one + change * (paid - ticket) for one, paid in zip(changes, tickets, strict=True)
    ]
    month = _guess(weekly, _WEEKS_A_MONTH)
    gap = _guess([row.gap for row in rows])
    return QuietDayView(
        **facts,  # type: ignore[arg-type]
        gap=gap,
        ticket=_money(_guess(tickets), currency),
        extra_visits=max(0.0, wish.fill * gap.estimate * wish.new * _WEEKS_A_MONTH),
        a_month=_money(month, currency),
        break_even=_break_even(rows, wish),
        outcome=_outcome(month),
    )


def _change(row: _Week, wish: Wish) -> float:
    """Return how many tickets more a week brings."""
    filled = wish.fill * row.gap
    gained = filled * wish.new * (1 - wish.discount)
    return gained - wish.discount * (row.quiet + filled * (1 - wish.new))


def _break_even(rows: Sequence[_Week], wish: Wish) -> float | None:
    filled = wish.fill * fmean(row.gap for row in rows)
    if filled <= 0 or not wish.discount:
        return None
    # With n new: filled * n * (1 - d) = d * (q + filled * (1 - n)), so filled * n = d * (q + filled).
    share = wish.discount * (fmean(row.quiet for row in rows) + filled) / filled
    return share if share <= 1 else None


def _outcome(month: Guess) -> Outcome:
    return "gains" if month.low > 0 else "loses" if month.high < 0 else "unclear"


def _guess(values: Sequence[float], factor: float = 1.0) -> Guess:
    """Return the mean of weeks with its interval, times a factor."""
    mean = fmean(values)
    error = stdev(values) / math.sqrt(len(values))
    reach = float(_special.stdtrit(len(values) - 1, _UPPER)) * error
    return Guess(estimate=mean * factor, low=(mean - reach) * factor, high=(mean + reach) * factor)


def _money(guess: Guess, currency: str) -> MoneyBounds:
    return MoneyBounds(
        *(Money(round(value), currency) for value in (guess.estimate, guess.low, guess.high))
    )


def _weeks(
    sums: Mapping[date, DaySum], last: date, shut: Collection[date]
) -> list[dict[int, DaySum]]:
    """Return the last whole weeks up to `last` as days by ISO weekday, without shut days."""
    begin = last - timedelta(days=7 * WEEKS - 1)
    traded = [day for day, one in sums.items() if one.visits and begin <= day <= last]
    first = min(traded, default=last + timedelta(days=1))
    weeks: dict[int, dict[int, DaySum]] = defaultdict(dict)
    for back in range(7 * WEEKS):
        day = last - timedelta(days=back)
        if day >= first and day not in shut:
            weeks[back // 7][day.isoweekday()] = sums.get(day, DaySum(0, 0))
    return [week for week in weeks.values() if any(one.visits for one in week.values())]


def _open_days(weeks: Sequence[Mapping[int, DaySum]]) -> dict[int, float]:
    """Return visits a day of each weekday that saw anybody in at least half of its weeks."""
    found = {}
    for weekday in range(1, 8):
        seen = [week[weekday].visits for week in weeks if weekday in week]
        if seen and sum(1 for visits in seen if visits) >= _OPEN_SHARE * len(seen):
            found[weekday] = fmean(seen)
    return found


def _compared(
    weeks: Sequence[Mapping[int, DaySum]], chosen: int, days: Mapping[int, float]
) -> list[_Week]:
    rows = []
    for week in weeks:
        others = [week[weekday] for weekday in days if weekday != chosen and weekday in week]
        if chosen in week and others:
            quiet = week[chosen]
            rows.append(
                _Week(
                    float(quiet.visits),
                    fmean(one.visits for one in others),
                    float(sum(one.visits for one in others) + quiet.visits),
                    float(sum(one.net for one in others) + quiet.net),
                )
            )
    return rows
