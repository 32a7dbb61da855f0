"""From visits to what the models read: counts, ages, gaps and cadence at any as-of day.

A visit is one person on one local day. Days are proleptic Gregorian ordinals
(`date.toordinal()`), net is minor units of one currency. Nothing after the as-of day is ever
read, so a history of a past day is exactly what was known on that day.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from myriad.kit.errors import InvalidInputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

DAYS_PER_WEEK = 7.0


@dataclass(frozen=True, slots=True)
class Visits:
    """The visits of one account, sorted by person, then day; one row per person and day.

    `person` (n,) are indices from zero, `day` (n,) ordinals, `net` (n,) minor units.
    `negative_net` counts the days that were set aside because refunds exceeded the takings.
    """

    person: Ints
    day: Ints
    net: Floats
    negative_net: int = 0

    @classmethod
    def of(cls, person: ArrayLike, day: ArrayLike, net: ArrayLike) -> Visits:
        """Sort, merge rows of one person and day (their net adds up), set negative days aside.

        Raises `InvalidInputError` for columns of unequal length, indices or days that are not
        whole numbers from zero, and amounts that are not finite.
        """
        people, days = _whole("person", person), _whole("day", day)
        amounts = np.asarray(net, dtype=float).ravel()
        if not people.size == days.size == amounts.size:
            raise InvalidInputError("person, day and net must have the same length")
        if not np.isfinite(amounts).all():
            raise InvalidInputError("net must be finite", errors=[("/net", "finite amounts")])
        order = np.lexsort((days, people))
        people, days, amounts = people[order], days[order], amounts[order]
        starts = np.flatnonzero(_first_of_run(people) | _first_of_run(days))
        amounts = np.add.reduceat(amounts, starts) if starts.size else amounts
        kept = amounts >= 0
        rows = starts[kept]
        return cls(people[rows], days[rows], amounts[kept], int((~kept).sum()))

    def until(self, as_of: int) -> Visits:
        """The visits on or before the day `as_of`."""
        known = self.day <= as_of
        return Visits(self.person[known], self.day[known], self.net[known], self.negative_net)


@dataclass(frozen=True, slots=True)
class History:
    """What was known of each customer at the end of the day `as_of`; all arrays (customers,).

    `person` are the indices of `Visits`, in rising order; who had not come yet is absent.
    `x` repeat visits; `t_x` and `age` weeks from the first visit to the last one and to the
    as-of day; `gap` days since the last visit; `median_interval` and `mad_interval` days between
    visits and their median absolute deviation (NaN for x = 0); `mean_spend` over all visits and
    `mean_repeat_spend` over the repeat visits (NaN for x = 0), minor units.
    """

    as_of: int
    person: Ints
    x: Floats
    t_x: Floats
    age: Floats
    gap: Floats
    median_interval: Floats
    mad_interval: Floats
    mean_spend: Floats
    mean_repeat_spend: Floats

    @property
    def customers(self) -> int:
        """How many people had come."""
        return self.person.size


def history_at(visits: Visits, as_of: int) -> History:
    """The history of every person seen on or before `as_of`, without a loop over people."""
    known = visits.until(as_of)
    first = np.flatnonzero(_first_of_run(known.person))
    last = np.append(first[1:], known.person.size)[: first.size] - 1
    x = (last - first).astype(float)
    median, mad = _intervals(known, first, x)
    total = np.add.reduceat(known.net, first) if first.size else x
    with np.errstate(invalid="ignore"):
        repeat_spend = (total - known.net[first]) / np.where(x > 0, x, np.nan)
    return History(
        as_of=as_of,
        person=known.person[first],
        x=x,
        t_x=(known.day[last] - known.day[first]) / DAYS_PER_WEEK,
        age=(as_of - known.day[first]) / DAYS_PER_WEEK,
        gap=(as_of - known.day[last]).astype(float),
        median_interval=median,
        mad_interval=mad,
        mean_spend=total / (x + 1),
        mean_repeat_spend=np.maximum(repeat_spend, 0.0),
    )


def stayed_away(visits: Visits, history: History, horizon_days: int) -> Bools:
    """The outcome (customers,): no visit in the `horizon_days` days after `history.as_of`."""
    after = (visits.day > history.as_of) & (visits.day <= history.as_of + horizon_days)
    came = np.zeros(int(visits.person.max(initial=0)) + 1, dtype=bool)
    came[visits.person[after]] = True
    return ~came[history.person]


def group_median(values: Floats, group: Ints, groups: int) -> Floats:
    """The median of `values` in each of `groups` groups; NaN for a group without values."""
    values = values[np.lexsort((values, group))]
    sizes = np.bincount(group, minlength=groups)
    starts = np.cumsum(sizes) - sizes
    medians = np.full(groups, np.nan)
    some = sizes > 0
    low, high = (starts + (sizes - 1) // 2)[some], (starts + sizes // 2)[some]
    medians[some] = (values[low] + values[high]) / 2
    return medians


def _intervals(visits: Visits, first: Ints, x: Floats) -> tuple[Floats, Floats]:
    """Median days between a person's visits and the median absolute deviation from it."""
    repeats = np.ones(visits.person.size, dtype=bool)
    repeats[first] = False
    group = np.repeat(np.arange(first.size), x.astype(np.int64))
    between = (visits.day - np.roll(visits.day, 1))[repeats].astype(float)
    median = group_median(between, group, first.size)
    return median, group_median(np.abs(between - median[group]), group, first.size)


def _first_of_run(values: Ints) -> Bools:
    """True where a value differs from the one before it, and at the first."""
    return np.concatenate(([True], values[1:] != values[:-1]))[: values.size]


def _whole(name: str, values: ArrayLike) -> Ints:
    array = np.asarray(values).ravel()
    whole = array.astype(np.int64)
    if array.size and (not np.array_equal(whole, array) or whole.min() < 0):
        raise InvalidInputError(
            f"{name} must hold whole numbers from zero", errors=[(f"/{name}", "whole numbers")]
        )
    return whole
