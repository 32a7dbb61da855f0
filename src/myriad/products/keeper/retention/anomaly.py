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
from myriad.products.keeper.retention.trading_days import (
    DAYS_IN_WEEK,
    REACH_DAYS,
    SILENT_RUN_DAYS,
    DayModel,
    TradingDays,
)

FALSE_DISCOVERY_RATE = 0.1
LEAST_EFFECT = 0.2
MINIMUM_OPEN_DAYS = 42
# Before a day that is judged: its week, as far as levels reach, and what tells of silence there.
LEAD_DAYS = DAYS_IN_WEEK + REACH_DAYS + 4 * SILENT_RUN_DAYS
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
    marks runs of days almost without trade: closed, or data missing. `odd` is the finding, `model`
    what the days were judged by.
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
    model: DayModel


def count_anomalies(
    day: ArrayLike,
    count: ArrayLike,
    *,
    holiday: ArrayLike | None = None,
    closed: ArrayLike | None = None,
    known: DayModel | None = None,
) -> Anomalies:
    """Judge daily counts. `day` are consecutive ordinals, `holiday` and `closed` optional flags.

    With the `known` model of a few days ago nothing is fitted, and `LEAD_DAYS` before the days whose
    verdict is wanted are enough.

    Raises `NotEnoughDaysError` below 42 open days (without a known model), `InvalidInputError` for
    gaps between days, negative counts or unequal lengths.
    """
    days = TradingDays.of(day, count, holiday, closed, known)
    sides = _sides(days)
    tested = _tested(days, sides, known)
    designs = [_design(days, side, tested) for side in sides]
    if known is None:
        model = _fit_without_outliers(designs[0], days.value, tested)
        known = days.model([*model.coefficients, model.dispersion])
    else:
        model = negative_binomial.CountModel(known.parameters[:-1], float(known.parameters[-1]))
    means = [model.mean(design) for design in designs]
    return _verdict(days, means, model.tail(days.value, means[0]), tested, known)


def revenue_anomalies(
    day: ArrayLike,
    revenue: ArrayLike,
    *,
    holiday: ArrayLike | None = None,
    closed: ArrayLike | None = None,
    known: DayModel | None = None,
) -> Anomalies:
    """Judge daily takings in minor units, as `count_anomalies` does counts."""
    days = TradingDays.of(day, revenue, holiday, closed, known)
    sides = _sides(days)
    tested = _tested(days, sides, known)
    if known is None:
        known = days.model(_takings_model(days, sides[0], tested))
    festive, holidays, floor, centre, workday, weekend = known.parameters.tolist()
    special = _special(days, festive, holidays)
    means = [np.where(tested, days.share * side * special, 1.0) for side in sides]
    residual = np.log((days.value + floor) / (means[0] + floor))
    off = np.abs(residual - centre) / np.where(_is_weekend(days), weekend, workday)
    tail = np.asarray(2 * stdtr(_TAIL_FREEDOM, -off), dtype=np.float64)
    return _verdict(days, means, tail, tested, known)


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


def _tested(days: TradingDays, sides: list[Floats], known: DayModel | None) -> Bools:
    tested = days.open & np.isfinite(sides).all(axis=0)
    if known is None and tested.sum() < MINIMUM_OPEN_DAYS:
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


def _takings_model(days: TradingDays, level: Floats, tested: Bools) -> list[float]:
    """The six parameters of takings: both factors, floor, centre, and the scales of the residual."""
    factors = _holiday_factors(days, level, tested)
    mean = np.where(tested, days.share * level * _special(days, *factors), 1.0)
    floor = max(float(np.median(days.value[tested])) * 1e-3, 1.0)
    residual = np.log((days.value + floor) / (mean + floor))
    centre = float(np.median(residual[tested]))
    scales = _residual_scales(np.abs(residual - centre), days, tested)
    return [*factors, floor, centre, *scales]


def _holiday_factors(days: TradingDays, level: Floats, tested: Bools) -> tuple[float, float]:
    """What a festive day usually leaves of a day's takings, and a holiday; 1 where none is known."""
    ratio = days.value / np.where(tested, days.share * level, 1.0)
    marks = [special & tested for special in (days.festive & ~days.holiday, days.holiday)]
    festive, holiday = (
        max(float(np.median(ratio[known])), _LEAST_LEVEL) if known.any() else 1.0 for known in marks
    )
    return festive, holiday


def _special(days: TradingDays, festive: float, holiday: float) -> Floats:
    """The factor of each day (days,), 1 on ordinary ones."""
    return np.where(days.holiday, holiday, np.where(days.festive, festive, 1.0))


def _residual_scales(distance: Floats, days: TradingDays, tested: Bools) -> list[float]:
    """Robust standard deviations of workdays and of weekends: these vary more."""
    weekend, scales = _is_weekend(days), []
    for kind in (~weekend, weekend):
        known = kind & tested
        chosen = known if known.sum() >= MINIMUM_OPEN_DAYS // 2 else tested
        scales.append(max(_NORMAL * float(np.median(distance[chosen])), 1e-9))
    return scales


def _is_weekend(days: TradingDays) -> Bools:
    return days.weekday >= DAYS_IN_WEEK - 2


def _verdict(
    days: TradingDays, means: list[Floats], tail: Floats, tested: Bools, model: DayModel
) -> Anomalies:
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
        model=model,
    )
