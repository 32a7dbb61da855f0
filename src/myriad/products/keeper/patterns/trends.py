"""Where weekly figures are going: robust slopes, told only when they are clear.

Whole weeks from Monday to Sunday are compared, so weekdays cancel out. With a year and a half of
data each week is compared with the same week of the year before (method `season`), which is the
seasonal Kendall test of Hirsch & Slack, "A Nonparametric Trend Test for Seasonal Data with Serial
Dependence", Water Resources Research 20 (1984), with a season for every week. Before that all
pairs of weeks of the last year are (method `plain`), and a season cannot be told from a trend.

The slope is the median of the pairwise slopes (Theil 1950; Sen 1968) with Sen's 95 % interval, the
test Mann's and Kendall's. Its variance is multiplied by (1 + r) / (1 - r) with r the first
autocorrelation of what remains, freed of its bias (Marriott & Pope 1954), because weeks that are
like the week before count for less. All figures of an account are judged together by Benjamini &
Hochberg at .05, and a slope of less than 3 % of the level in a quarter is not told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from myriad.products.keeper.retention.anomaly import q_values

Floats = NDArray[np.float64]

FALSE_DISCOVERY_RATE = 0.05
LEAST_EFFECT = 0.03
MINIMUM_WEEKS = 26
QUARTER_WEEKS = 13
_YEAR = 52
_SEASON_FROM = 78
_CERTAINTY = 1.959964
_MOST_MEMORY = 0.9


@dataclass(frozen=True, slots=True)
class Trend:
    """One figure's way. Slopes are per week in the figure's unit, `level` is the last quarter's.

    `low` and `high` bound the slope with 95 % confidence; `clear` says that it may be told.
    """

    name: str
    method: str
    weeks: int
    level: float
    slope: float
    low: float
    high: float
    p_value: float
    q_value: float = 1.0
    clear: bool = False

    @property
    def quarterly(self) -> float:
        """The change in a quarter as a share of the level; 0 without a level."""
        return self.slope * QUARTER_WEEKS / abs(self.level) if self.level else 0.0


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Slopes between pairs of weeks, the score, its variance, and what the weeks leave over."""

    slopes: Floats
    score: float
    variance: float
    rest: Floats


def judge_trends(series: Mapping[str, ArrayLike]) -> tuple[Trend, ...]:
    """Return the trend of each weekly series, oldest week first, NaN where nothing is known.

    Series of fewer than 26 known weeks are left out.
    """
    found = []
    for name, given in series.items():
        values = np.asarray(given, dtype=float)
        if np.isfinite(values).sum() >= MINIMUM_WEEKS:
            found.append(_measure(name, values))
    p_value = np.array([trend.p_value for trend in found])
    adjusted = q_values(p_value, np.zeros(p_value.size, dtype=np.int64))
    return tuple(_told(trend, float(q)) for trend, q in zip(found, adjusted.tolist(), strict=True))


def _told(trend: Trend, q_value: float) -> Trend:
    clear = (
        q_value <= FALSE_DISCOVERY_RATE
        and abs(trend.quarterly) >= LEAST_EFFECT
        and trend.low * trend.high > 0
    )
    known = {name: getattr(trend, name) for name in Trend.__slots__}
    return Trend(**{**known, "q_value": q_value, "clear": clear})


def _measure(name: str, values: Floats) -> Trend:
    known = int(np.isfinite(values).sum())
    has_season = values.size >= _SEASON_FROM and known >= _SEASON_FROM - QUARTER_WEEKS
    pairs = _season_pairs(values[-2 * _YEAR :]) if has_season else _plain_pairs(values[-_YEAR:])
    variance = pairs.variance * _inflation(pairs.rest)
    low, slope, high = _interval(pairs.slopes, variance)
    off = max(abs(pairs.score) - 1, 0.0) / np.sqrt(variance) if variance > 0 else 0.0
    return Trend(
        name=name,
        method="season" if has_season else "plain",
        weeks=known,
        level=float(np.nanmedian(values[-QUARTER_WEEKS:])),
        slope=slope,
        low=low,
        high=high,
        p_value=float(2 * ndtr(-off)),
    )


def _plain_pairs(values: Floats) -> _Pairs:
    week = np.flatnonzero(np.isfinite(values))
    value = values[week]
    early, late = np.triu_indices(week.size, 1)
    rise = value[late] - value[early]
    slopes = rise / (week[late] - week[early])
    n, ties = week.size, np.unique(value, return_counts=True)[1]
    variance = (n * (n - 1) * (2 * n + 5) - (ties * (ties - 1) * (2 * ties + 5)).sum()) / 18
    rest = value - float(np.median(slopes)) * week
    return _Pairs(slopes, float(np.sign(rise).sum()), float(variance), rest)


def _season_pairs(values: Floats) -> _Pairs:
    rise = values[_YEAR:] - values[:-_YEAR]
    rise = rise[np.isfinite(rise)]
    return _Pairs(rise / _YEAR, float(np.sign(rise).sum()), float((rise != 0).sum()), rise)


def _inflation(rest: Floats) -> float:
    """How much memory from week to week inflates the variance of the score."""
    off = rest - rest.mean()
    spread, n = float(off @ off), off.size
    if n <= 4 or spread == 0:
        return 1.0
    seen = float(off[1:] @ off[:-1]) / spread
    memory = min(max((n * seen + 2) / (n - 4), 0.0), _MOST_MEMORY)
    return float((1 + memory) / (1 - memory))


def _interval(slopes: Floats, variance: float) -> tuple[float, float, float]:
    """Sen's interval and the median slope: ranks as far from the middle as the score may stray."""
    ordered, half = np.sort(slopes), _CERTAINTY * np.sqrt(variance) / 2
    middle = (ordered.size - 1) / 2
    ranks = np.clip([middle - half, middle, middle + half], 0, ordered.size - 1)
    low, slope, high = np.interp(ranks, np.arange(ordered.size), ordered)
    return float(low), float(slope), float(high)
