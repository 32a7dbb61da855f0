"""How far an owner is on the way to a goal, and where the usual pace leads by its end.

The days still to come are expected to bring what the same weekdays brought on average over the last
twelve weeks. The interval is the prediction interval of a sum under weekday means with a common
variance (Montgomery, Peck, Vining, Linear Regression Analysis, 3.5), widened where whole weeks vary
more than independent days would.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import fmean, variance

from myriad.kit.lazy import lazily
from myriad.products.keeper.proof.intervals import Interval
from myriad.products.keeper.views.goals import GoalKind, GoalPace, GoalVerdict

_special = lazily("scipy.special")

HISTORY_DAYS = 84
FEWEST_DAYS = 28
_UPPER = 0.95


@dataclass(frozen=True, slots=True)
class Period:
    """The days of a goal. `day` is the one that is looked at, `complete` the last full day."""

    first: date
    last: date
    day: date
    complete: date

    @property
    def ahead(self) -> list[date]:
        """Return the days that have not ended yet."""
        begin = max(self.first, self.complete + timedelta(days=1))
        return [begin + timedelta(days=n) for n in range((self.last - begin).days + 1)]


def month_of(day: date, complete: date) -> Period:
    """Return the calendar month of a day."""
    first = day.replace(day=1)
    return Period(
        first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1), day, complete
    )


def week_of(day: date, complete: date) -> Period:
    """Return the week of a day, from Monday."""
    first = day - timedelta(days=day.weekday())
    return Period(first, first + timedelta(days=6), day, complete)


def pace(
    kind: GoalKind,
    goal: int,
    period: Period,
    amounts: Mapping[date, int],
    *,
    closed: Collection[date] = (),
    currency: str,
) -> GoalPace:
    """Return where the business stands; `amounts` are those of days, a missing day had nothing."""
    so_far = sum(value for day, value in amounts.items() if period.first <= day <= period.day)
    done = sum(value for day, value in amounts.items() if period.first <= day <= period.complete)
    ahead = [day for day in period.ahead if day not in closed]
    rest = project(_history(amounts, period.complete, closed), ahead) if period.ahead else None
    facts = {"kind": kind, "first": period.first, "last": period.last, "day": period.day}
    if rest is None or so_far >= goal:
        verdict: GoalVerdict = "too_early" if period.ahead else "missed"
        reached = so_far >= goal
        return GoalPace(
            **facts,  # type: ignore[arg-type]
            currency=currency,
            goal=goal,
            so_far=so_far,
            verdict="reached" if reached else verdict,
        )
    low, high = max(so_far, math.floor(done + rest.low)), max(so_far, math.ceil(done + rest.high))
    return GoalPace(
        **facts,  # type: ignore[arg-type]
        currency=currency,
        goal=goal,
        so_far=so_far,
        verdict="on_course" if low >= goal else "behind" if high < goal else "open",
        expected=max(so_far, round(done + rest.estimate)),
        low=low,
        high=high,
    )


def project(history: Sequence[tuple[date, int]], ahead: Sequence[date]) -> Interval | None:
    """Return what the days ahead bring together, or None with under four weeks of history."""
    if len(history) < FEWEST_DAYS:
        return None
    groups: dict[int, list[int]] = defaultdict(list)
    for day, value in history:
        groups[day.weekday()].append(value)
    means = {weekday: fmean(values) for weekday, values in groups.items()}
    residuals = [(day, value - means[day.weekday()]) for day, value in history]
    freedom = len(history) - len(groups)
    common = sum(left * left for _, left in residuals) / freedom
    wanted = Counter(day.weekday() for day in ahead)
    share = sum(n + n * n / max(1, len(groups[weekday])) for weekday, n in wanted.items())
    expected = sum(n * means.get(weekday, 0.0) for weekday, n in wanted.items())
    error = math.sqrt(common * share * _excess(residuals, common))
    reach = float(_special.stdtrit(freedom, _UPPER)) * error
    return Interval(expected, max(0.0, expected - reach), expected + reach)


def _excess(residuals: Sequence[tuple[date, float]], common: float) -> float:
    """Return by how much the sums of weeks vary more than sums of independent days, at least 1."""
    weeks: dict[int, list[float]] = defaultdict(list)
    newest = residuals[-1][0]
    for day, left in residuals:
        weeks[(newest - day).days // 7].append(left)
    sums = [sum(values) / math.sqrt(len(values)) for values in weeks.values() if len(values) >= 4]
    return max(1.0, variance(sums) / common) if len(sums) > 2 and common else 1.0


def _history(
    amounts: Mapping[date, int], complete: date, closed: Collection[date]
) -> list[tuple[date, int]]:
    """Return each open day of the last twelve weeks, from the first on which anything happened."""
    begin = complete - timedelta(days=HISTORY_DAYS - 1)
    known = [day for day, value in amounts.items() if value and begin <= day <= complete]
    if not known:
        return []
    first = min(known)
    days = [first + timedelta(days=n) for n in range((complete - first).days + 1)]
    return [(day, amounts.get(day, 0)) for day in days if day not in closed]
