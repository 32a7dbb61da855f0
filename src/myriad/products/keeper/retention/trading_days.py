"""The rhythm of a shop's days: weekday shares, the level around a day, closures, holidays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import holidays
import numpy as np
from numpy.typing import ArrayLike

from myriad.kit.errors import InvalidInputError
from myriad.products.keeper.retention.history import Bools, Floats, Ints

DAYS_IN_WEEK = 7
SILENT_SHARE = 0.1
SILENT_RUN_DAYS = 3
REACH_DAYS = 45
_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class DayModel:
    """What an account's days were found to be like, so that later ones need not be learned from.

    `usual` and `share` (7,) from Monday on: the medians of all days with trade and of ordinary ones.
    `parameters` (n,) are those of who judges the days.
    """

    usual: Floats
    share: Floats
    parameters: Floats

    def as_dict(self) -> dict[str, list[float]]:
        """The model as plain JSON values."""
        return {name: getattr(self, name).tolist() for name in self.__slots__}

    @classmethod
    def from_dict(cls, facts: Mapping[str, Sequence[float]]) -> DayModel:
        """Read what `as_dict` wrote."""
        return cls(*(np.array(facts[name], dtype=float) for name in cls.__slots__))


@dataclass(frozen=True, slots=True)
class TradingDays:
    """Consecutive days (days,) with one figure each, and which of them can be judged.

    `value` are counts or minor units. `silent` marks runs of three or more days almost without
    trade: the shop was closed, or its data are missing. `shut` marks days known as closed and
    weekdays on which the shop does not trade. `ordinary` are open and neither holiday nor
    between Christmas and New Year; weekday shares and levels are learned from them alone. `usual`
    and `share` are what weekdays bring in the median, on all days with trade and on ordinary ones.
    """

    day: Ints
    value: Floats
    holiday: Bools
    festive: Bools
    silent: Bools
    shut: Bools
    usual: Floats
    share: Floats

    @classmethod
    def of(
        cls,
        day: ArrayLike,
        value: ArrayLike,
        holiday: ArrayLike | None = None,
        closed: ArrayLike | None = None,
        known: DayModel | None = None,
    ) -> TradingDays:
        """Build from consecutive days, with the weekdays of a `known` model if there is one.

        Raises `InvalidInputError` for gaps or unequal lengths.
        """
        days, values = np.asarray(day, dtype=np.int64), np.asarray(value, dtype=float)
        free, known_shut = (_flags(flags, days.size) for flags in (holiday, closed))
        if values.shape != days.shape or (np.diff(days) != 1).any():
            raise InvalidInputError("days must be consecutive, with one value each")
        if not np.isfinite(values).all() or (values < 0).any():
            raise InvalidInputError("daily values must be zero or more")
        festive, number = _is_festive(days), weekday(days)
        usual = known.usual[number] if known else _weekday_median(days, values, values > 0)
        silent = _silent_runs(values, usual, known_shut)
        ordinary = ~(silent | known_shut | free | festive)
        share = known.share[number] if known else _weekday_median(days, values, ordinary)
        return cls(days, values, free, festive, silent, known_shut | (share <= 0), usual, share)

    def model(self, parameters: ArrayLike) -> DayModel:
        """What these days taught, with the parameters (n,) of who judged them."""
        usual, share = np.zeros(DAYS_IN_WEEK), np.zeros(DAYS_IN_WEEK)
        usual[self.weekday], share[self.weekday] = self.usual, self.share
        return DayModel(usual, share, np.asarray(parameters, dtype=np.float64))

    @property
    def weekday(self) -> Ints:
        """0 for Monday to 6 for Sunday."""
        return weekday(self.day)

    @property
    def open(self) -> Bools:
        """Days on which the shop traded as far as one can tell."""
        return ~(self.silent | self.shut)

    @property
    def ordinary(self) -> Bools:
        """Open days without holiday."""
        return self.open & ~self.holiday & ~self.festive

    def level(self, before: int, after: int) -> Floats:
        """The level of trade around each day (days,): 1 is usual for the weekday, NaN unknown.

        The weighted median of value over weekday share on the nearest `before` and `after`
        ordinary days, the day itself left out. Days further than 45 days away do not speak.
        """
        near = np.flatnonzero(self.ordinary)
        if not near.size:
            return np.full(self.day.size, np.nan)
        own = np.searchsorted(near, np.arange(self.day.size))
        beyond = own + self.ordinary
        steps = [own[:, None] - 1 - np.arange(before), beyond[:, None] + np.arange(after)]
        place = np.concatenate(steps, axis=1)
        inside = (place >= 0) & (place < near.size)
        found = near[np.clip(place, 0, near.size - 1)]
        inside &= np.abs(found - np.arange(self.day.size)[:, None]) <= REACH_DAYS
        weights = np.where(inside, np.sqrt(self.share[found]), 0.0)
        return weighted_median(self.value[found] / self.share[found], weights)


def weekday(day: Ints) -> Ints:
    """0 for Monday to 6 for Sunday, of day ordinals."""
    return (day + DAYS_IN_WEEK - 1) % DAYS_IN_WEEK


def public_holidays(day: ArrayLike, country: str, subdivision: str | None = None) -> Bools:
    """Which day ordinals are public holidays of a country (ISO 3166 code), from `holidays`."""
    dates = [date.fromordinal(int(ordinal)) for ordinal in np.asarray(day).ravel()]
    years = sorted({found.year for found in dates})
    calendar = holidays.country_holidays(country, subdiv=subdivision, years=years)
    return np.array([found in calendar for found in dates], dtype=bool)


def weighted_median(values: Floats, weights: Floats) -> Floats:
    """The weighted median of each row of (rows, columns); NaN where no weight is positive."""
    order = np.argsort(np.where(weights > 0, values, np.inf), axis=1)
    ordered = np.take_along_axis(values, order, axis=1)
    reached = np.cumsum(np.take_along_axis(weights, order, axis=1), axis=1)
    half = reached[:, -1:] / 2
    low, high = (reached >= half * (1 - 1e-12)).argmax(1), (reached > half * (1 + 1e-12)).argmax(1)
    rows = np.arange(values.shape[0])
    middle = (ordered[rows, low] + ordered[rows, high]) / 2
    return np.where(half[:, 0] > 0, middle, np.nan)


def _weekday_median(day: Ints, value: Floats, counted: Bools) -> Floats:
    """For each day the median value of its weekday over the `counted` days, 0 without any."""
    medians, number = np.zeros(DAYS_IN_WEEK), weekday(day)
    for place in range(DAYS_IN_WEEK):
        chosen = np.sort(value[counted & (number == place)])
        if chosen.size:
            medians[place] = (chosen[(chosen.size - 1) // 2] + chosen[chosen.size // 2]) / 2
    return medians[number]


def _silent_runs(value: Floats, usual: Floats, shut: Bools) -> Bools:
    """Days in runs of at least three on which almost nothing happened; shut days bridge runs."""
    quiet = (value <= SILENT_SHARE * usual) | shut
    silent = np.zeros(value.size, dtype=bool)
    for start, stop in _runs(quiet):
        if (~shut[start:stop]).sum() >= SILENT_RUN_DAYS:
            silent[start:stop] = True
    return silent


def _runs(flags: Bools) -> Iterator[tuple[int, int]]:
    """Start and end (exclusive) of every run of true flags."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    return zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _is_festive(day: Ints) -> Bools:
    """Which day ordinals lie between Christmas Eve and New Year's Day."""
    dates = (day - _EPOCH).astype("datetime64[D]")
    month = dates.astype("datetime64[M]")
    number = (dates - month).astype(np.int64) + 1
    of_year = month.astype(np.int64) % 12 + 1
    festive: Bools = ((of_year == 12) & (number >= 24)) | ((of_year == 1) & (number == 1))
    return festive


def _flags(flags: ArrayLike | None, size: int) -> Bools:
    array = np.zeros(size, dtype=bool) if flags is None else np.asarray(flags, dtype=bool)
    if array.shape != (size,):
        raise InvalidInputError("holiday and closed need one flag per day")
    return array
