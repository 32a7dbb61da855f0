"""Events that tell of a change: how far to believe them, and whether to look at once.

A source signals a change with probability `recall` and cries wolf `false_alarms_per_day` times a
day for each thing, both independent Poisson thinnings. Its record says how it did so far: `hits`
(a signal, and the look found a change), `false_alarms` (a signal, and nothing had changed) and
`misses` (a look without a signal found a change).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from myriad.kit.errors import InvalidInputError
from myriad.scale.schedule.adaptive.rate import HALF_LIFE_DAYS, Array

# A new source is believed as if it had caught one change of two and erred once in fifty days.
_PRIOR_HITS, _PRIOR_MISSES = 1.0, 1.0
_PRIOR_FALSE_ALARMS, _PRIOR_DAYS = 1.0, 50.0


@dataclass(frozen=True)
class SourceRecord:
    """How well a source of events has done, in counts that fade.

    `watched_days` is the sum over things of the days that the counts cover.
    """

    hits: float = 0.0
    misses: float = 0.0
    false_alarms: float = 0.0
    watched_days: float = 0.0

    @property
    def recall(self) -> float:
        """The share of changes that the source signals."""
        return (self.hits + _PRIOR_HITS) / (self.hits + self.misses + _PRIOR_HITS + _PRIOR_MISSES)

    @property
    def false_alarms_per_day(self) -> float:
        """Signals about nothing, for each thing and day."""
        return (self.false_alarms + _PRIOR_FALSE_ALARMS) / (self.watched_days + _PRIOR_DAYS)

    @property
    def precision(self) -> float:
        """The share of signals that were right; 0.5 before any."""
        signals = self.hits + self.false_alarms
        return self.hits / signals if signals else 0.5

    def precision_interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Return Wilson's score interval of the precision (JASA 1927); (0, 1) before any signal."""
        if not 0 < confidence < 1:
            raise InvalidInputError("the confidence lies between 0 and 1, such as 0.95")
        signals = self.hits + self.false_alarms
        if not signals:
            return 0.0, 1.0
        z2 = NormalDist().inv_cdf((1 + confidence) / 2) ** 2
        centre = (self.hits + z2 / 2) / (signals + z2)
        spread = self.hits * self.false_alarms / signals + z2 / 4
        half = (z2 * spread) ** 0.5 / (signals + z2)
        return max(0.0, centre - half), min(1.0, centre + half)

    def after_looks(
        self, signalled: ArrayLike, changed: ArrayLike, elapsed_days: ArrayLike
    ) -> SourceRecord:
        """Return the record after looks, (n,) each: was it signalled, had it changed, since when."""
        told, hit = np.asarray(signalled, dtype=bool), np.asarray(changed, dtype=bool)
        return replace(
            self,
            hits=self.hits + float((told & hit).sum()),
            misses=self.misses + float((~told & hit).sum()),
            false_alarms=self.false_alarms + float((told & ~hit).sum()),
            watched_days=self.watched_days + float(np.sum(elapsed_days)),
        )

    def faded(self, days: float, half_life_days: float = HALF_LIFE_DAYS) -> SourceRecord:
        """Return the record as it counts `days` later."""
        keep = 0.5 ** (days / half_life_days)
        return SourceRecord(
            self.hits * keep,
            self.misses * keep,
            self.false_alarms * keep,
            self.watched_days * keep,
        )


def change_probability(
    rate: ArrayLike, age_days: ArrayLike, recall: float, false_alarms_per_day: float
) -> Array:
    """Return the chance that a thing has changed when its source signals now.

    `age_days` is the time since the last look, in which the source was silent. The signal is false
    with probability a / (recall rate + a); then only a change that the source missed could have
    happened: 1 - a / (recall rate + a) * exp(-(1 - recall) rate age).
    """
    r, age = np.asarray(rate, dtype=np.float64), np.asarray(age_days, dtype=np.float64)
    told = recall * r + false_alarms_per_day
    is_false = np.where(told > 0, false_alarms_per_day / np.where(told > 0, told, 1.0), 1.0)
    return 1.0 - is_false * np.exp(-(1.0 - recall) * r * age)


def is_worth_a_look(
    probability: ArrayLike, weight: ArrayLike, price: float, interval_days: ArrayLike
) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Return whether to look now instead of when the interval ends.

    Looking w days early saves probability * weight * w stale days and costs w / interval of a
    look, so it pays when probability * weight > price / interval, whatever w is.
    """
    gain = np.asarray(probability, dtype=np.float64) * np.asarray(weight, dtype=np.float64)
    return np.asarray(gain > price / np.asarray(interval_days, dtype=np.float64))
