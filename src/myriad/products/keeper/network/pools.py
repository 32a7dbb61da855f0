"""What may be said of a pool of accounts, so that none of them can be read off.

A pool is published only when at least ten accounts are in it and none of them holds more than a
quarter of what the figure counts (customers, visits, appointments …), the rule of dominance of
statistical offices. Every account counts once in the quantiles.

A quantile is Harrell & Davis's weighted mean of all ordered values (Biometrika 69, 1982), with no
account weighing more than a third in it, so that each published number is a mean of at least three
accounts; in pools of ten or twenty this draws the outer quantiles a little towards the middle.
Then it is rounded to the figure's step, money to two significant digits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from myriad.kit.errors import InvalidInputError
from myriad.kit.lazy import lazily
from myriad.products.keeper.network.figures import Figure

# Every process reads these rows; few of them pool, and numpy costs 10 MB.
if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
else:
    np = lazily("numpy")
_special = lazily("scipy.special")

Withheld = Literal["too_few", "dominated"]

LEAST_ACCOUNTS = 10
MOST_SHARE = 0.25
MOST_WEIGHT_IN_QUANTILE = 1 / 3
LEVELS = (0.10, 0.25, 0.50, 0.75, 0.90)
_SIGNIFICANT = 2


@dataclass(frozen=True, slots=True)
class Pooled:
    """One pool: how many accounts are in it, and p10, p25, p50, p75, p90 or why there are none."""

    accounts: int
    quantiles: tuple[float, ...] = ()
    withheld: Withheld | None = None


def pool_figures(figure: Figure, values: ArrayLike, weights: ArrayLike) -> Pooled:
    """Return what may be published of one figure; `values` and `weights` are (accounts,).

    Raises InvalidInputError for values that are no numbers or weights that are not positive.
    """
    value, weight = np.asarray(values, dtype=float), np.asarray(weights, dtype=float)
    if not (np.isfinite(value).all() and (weight > 0).all() and value.shape == weight.shape):
        raise InvalidInputError("a pool needs a number and a positive weight from each account")
    reason = withheld(weight)
    if reason:
        return Pooled(value.size, withheld=reason)
    ordered = np.sort(value)
    smooth = [float(ordered @ quantile_weights(value.size, level)) for level in LEVELS]
    rounded = (coarse(figure, number) for number in np.maximum.accumulate(smooth).tolist())
    return Pooled(value.size, tuple(rounded))


def withheld(weight: Floats) -> Withheld | None:
    """Return why nothing may be said of accounts with these weights, or None."""
    if weight.size < LEAST_ACCOUNTS:
        return "too_few"
    return "dominated" if weight.max() > MOST_SHARE * weight.sum() else None


def quantile_weights(accounts: int, level: float) -> Floats:
    """The weight of each ordered value in the quantile `level`, none above a third; sums to 1."""
    shapes = (accounts + 1) * level, (accounts + 1) * (1 - level)
    cumulative = _special.betainc(*shapes, np.arange(accounts + 1) / accounts)
    # Near 1 the series steps back by a rounding, and no weight may be below nought.
    weights = np.asarray(np.diff(np.maximum.accumulate(cumulative)), dtype=np.float64)
    capped = np.zeros(accounts, dtype=bool)
    while (over := ~capped & (weights > MOST_WEIGHT_IN_QUANTILE)).any():
        capped |= over
        weights[capped] = MOST_WEIGHT_IN_QUANTILE
        weights[~capped] *= (1 - weights[capped].sum()) / weights[~capped].sum()
    return weights


def coarse(figure: Figure, value: float) -> float:
    """Return the value as it is published."""
    step = figure.step
    if figure.unit == "money" and value:
        step = max(step, 10.0 ** (math.floor(math.log10(abs(value))) + 1 - _SIGNIFICANT))
    return round(round(value / step) * step, 6)
