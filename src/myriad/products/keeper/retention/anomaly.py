"""Days that were out of the ordinary, with at most a tenth of the findings false.

Counts: a negative-binomial regression on weekday, holidays and the local level of trade (the
trend), fitted without the outliers it finds; each day's two-sided tail probability; Benjamini &
Hochberg (1995) within each week; an effect of at least 20 %. The effect must hold against the
days before and the days after alike: where the days after are like it, the level has changed,
and a change of level is not an odd day. At the end of the data only the days before can speak.

Revenue: the same expectation, judged by the robust residual of its logarithm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtr

from myriad.products.keeper.retention import negative_binomial
from myriad.products.keeper.retention.errors import NotEnoughDaysError
from myriad.products.keeper.retention.history import Bools, Floats, Ints
from myriad.products.keeper.retention.trading_days import DAYS_IN_WEEK, TradingDays

FALSE_DISCOVERY_RATE = 0.1
LEAST_EFFECT = 0.2
MINIMUM_OPEN_DAYS = 42
LEVEL_DAYS = 5
SIDE_DAYS = 3
_OUTLIER_DEVIATIONS = 4.0
_ROUNDS = 3
_LEAST_LEVEL = 0.05
_NORMAL = 1.4826
_TAIL_FREEDOM = 12.0


@dataclass(frozen=True, slots=True)
class Anomalies:
    """The verdict on each day; every array is (days,).

    `effect` is observed over expected less one. `q_value` is Benjamini-Hochberg's within the
    Monday week. Days not `tested` (closed, silent, without neighbours) have p = q = 1. `silent`
    marks runs of days almost without trade: closed, or data missing. `odd` is the finding.
    """

    day: Ints
    observed: Floats
    expected: Floats
    effect: Floats
    p_value: Floats
    q_value: Floats
    tested: Bools
    silent: Bools
    odd: Bools


def count_anomalies(
    day: ArrayLike,
    count: ArrayLike,
    *,
    holiday: ArrayLike | None = None,
    closed: ArrayLike | None = None,
) -> Anomalies:
    """Judge daily counts. `day` are consecutive ordinals, `holiday` and `closed` optional flags.

    Raises `NotEnoughDaysError` below 42 open days, `InvalidInputError` for gaps between days,
    negative counts or unequal lengths.
    """
    days = TradingDays.of(day, count, holiday, closed)
    sides = _sides(days)
    tested = _tested(days, sides)
    designs = [_design(days, side, tested) for side in sides]
    model = _fit_without_outliers(designs[0], days.value, tested)
    means = [model.mean(design) for design in designs]
    return _verdict(days, means, model.tail(days.value, means[0]), tested)


def revenue_anomalies(
    day: ArrayLike,
    revenue: ArrayLike,
    *,
    holiday: ArrayLike | None = None,
    closed: ArrayLike | None = None,
) -> Anomalies:
    """Judge daily takings in minor units, as `count_anomalies` does counts."""
    days = TradingDays.of(day, revenue, holiday, closed)
    sides = _sides(days)
    tested = _tested(days, sides)
    special = _holiday_factor(days, sides[0], tested)
    means = [np.where(tested, days.share * side * special, 1.0) for side in sides]
    floor = max(float(np.median(days.value[tested])) * 1e-3, 1.0)
    residual = np.log((days.value + floor) / (means[0] + floor))
    centre = float(np.median(residual[tested]))
    off = np.abs(residual - centre) / _residual_scale(np.abs(residual - centre), days, tested)
    tail = np.asarray(2 * stdtr(_TAIL_FREEDOM, -off), dtype=np.float64)
    return _verdict(days, means, tail, tested)


def q_values(p_value: Floats, family: Ints) -> Floats:
    """Benjamini & Hochberg's adjusted p-values, separately within each `family`."""
    order = np.lexsort((p_value, family))
    sorted_family = family[order]
    starts = np.flatnonzero(np.diff(sorted_family, prepend=sorted_family[:1] - 1))
    sizes = np.diff(np.append(starts, order.size))
    row, rank = np.repeat(np.arange(sizes.size), sizes), np.arange(order.size)
    rank -= np.repeat(starts, sizes)
    raw = np.full((sizes.size, sizes.max(initial=0)), np.inf)
    raw[row, rank] = p_value[order] * sizes[row] / (rank + 1)
    least = np.minimum.accumulate(raw[:, ::-1], axis=1)[:, ::-1]
    adjusted = np.ones(order.size)
    adjusted[order] = np.minimum(least[row, rank], 1.0)
    return adjusted


def _sides(days: TradingDays) -> list[Floats]:
    """The level around each day, before it and after it; a missing side is taken from another."""
    around = days.level(LEVEL_DAYS, LEVEL_DAYS)
    before, after = days.level(SIDE_DAYS, 0), days.level(0, SIDE_DAYS)
    before, after = (
        np.where(np.isnan(before), after, before),
        np.where(np.isnan(after), before, after),
    )
    return [np.maximum(level, _LEAST_LEVEL) for level in (around, before, after)]


def _tested(days: TradingDays, sides: list[Floats]) -> Bools:
    tested = days.open & np.isfinite(sides).all(axis=0)
    if tested.sum() < MINIMUM_OPEN_DAYS:
        raise NotEnoughDaysError(int(tested.sum()), MINIMUM_OPEN_DAYS)
    return tested


def _design(days: TradingDays, level: Floats, tested: Bools) -> Floats:
    """Weekdays, the log level on workdays and weekends, and holidays, one column each."""
    log_level = np.log(np.where(tested, level, 1.0))
    weekend = days.weekday >= DAYS_IN_WEEK - 2
    special = [
        log_level * ~weekend,
        log_level * weekend,
        days.holiday & ~weekend,
        days.holiday & weekend,
        days.festive & ~days.holiday,
    ]
    return np.column_stack([np.eye(DAYS_IN_WEEK)[days.weekday], *special]).astype(float)


def _fit_without_outliers(
    design: Floats, count: Floats, tested: Bools
) -> negative_binomial.CountModel:
    """Fit to the tested days; days four deviations off are left out of the next round."""
    rows, observed = design[tested], count[tested]
    weight, model = np.ones(observed.size), None
    for _ in range(_ROUNDS):
        model = negative_binomial.fit(rows, observed, weight, model)
        off = np.abs(model.standardised(observed, model.mean(rows)))
        before, weight = weight, (off < _OUTLIER_DEVIATIONS).astype(float)
        if np.array_equal(before, weight):
            break
    assert model is not None
    return model


def _holiday_factor(days: TradingDays, level: Floats, tested: Bools) -> Floats:
    """What a holiday usually leaves of a day's takings, and a festive day; 1 otherwise."""
    factor = np.ones(days.day.size)
    ratio = days.value / np.where(tested, days.share * level, 1.0)
    for special in (days.festive & ~days.holiday, days.holiday):
        known = special & tested
        if known.any():
            factor[special] = max(float(np.median(ratio[known])), _LEAST_LEVEL)
    return factor


def _residual_scale(distance: Floats, days: TradingDays, tested: Bools) -> Floats:
    """A robust standard deviation (days,), of workdays and weekends apart: these vary more."""
    weekend = days.weekday >= DAYS_IN_WEEK - 2
    scale = np.full(distance.size, np.median(distance[tested]))
    for kind in (weekend, ~weekend):
        known = kind & tested
        if known.sum() >= MINIMUM_OPEN_DAYS // 2:
            scale[kind] = np.median(distance[known])
    return np.maximum(_NORMAL * scale, 1e-9)


def _verdict(days: TradingDays, means: list[Floats], tail: Floats, tested: Bools) -> Anomalies:
    p_value = np.where(tested, tail, 1.0)
    q_value = np.ones(p_value.size)
    week = (days.day - 1) // DAYS_IN_WEEK
    q_value[tested] = q_values(p_value[tested], week[tested])
    effects = np.stack([days.value / np.maximum(mean, 1e-9) - 1 for mean in means])
    strong = (effects <= -LEAST_EFFECT).all(axis=0) | (effects >= LEAST_EFFECT).all(axis=0)
    return Anomalies(
        day=days.day,
        observed=days.value,
        expected=np.where(tested, means[0], np.nan),
        effect=np.where(tested, effects[0], 0.0),
        p_value=p_value,
        q_value=q_value,
        tested=tested,
        silent=days.silent,
        odd=tested & strong & (q_value <= FALSE_DISCOVERY_RATE),
    )
