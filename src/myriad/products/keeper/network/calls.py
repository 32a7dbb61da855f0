"""What calls bring in many accounts, for one kind of call: shown to those who lend, and their prior.

An account lends four counts a kind: people called and held out, and how many of each came back
within their ninety days. Over the accounts the shares of an arm are draws of one beta distribution
(the hierarchical beta-binomial model of `proof.playbooks`). The rules of the pools hold: at least
ten accounts, none above a quarter of the people.

Three rows are published, each as p10, p25, p50, p75 and p90: what share a further account would see
among those called, and among those held out, and by how much the arms' means differ. The two arms
of an account are pooled apart, so that the prior of a difference is rather too wide than too sure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from myriad.kit.lazy import lazily
from myriad.products.keeper.network.pools import LEVELS, Withheld, withheld
from myriad.products.keeper.proof.intervals import Interval
from myriad.products.keeper.proof.playbooks import Beta, PlaybookArms, draw_population

# Every process reads these rows; few of them pool, and numpy costs 10 MB.
if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = lazily("numpy")

Quantiles = tuple[float, ...]
"""p10, p25, p50, p75, p90; empty where nothing may be said."""

_SEED = 20261
_MEANS = (0.0025, 0.9975, 200)
_SHARE_STEP, _UPLIFT_STEP = 0.01, 0.005
_LEAST_STRENGTH, _MOST_STRENGTH = 2.0, 200.0
_SWANSON = (0.3, 0.4, 0.3)
# From the middle to p10 a normal distribution goes 1.2816 deviations, to p05 1.6449.
_STRETCH = 1.6448536269514722 / 1.2815515655446004


@dataclass(frozen=True, slots=True)
class PooledCalls:
    """What may be said of one kind of call over a pool, or why nothing may."""

    accounts: int
    called: Quantiles = ()
    held_out: Quantiles = ()
    uplift: Quantiles = ()
    withheld: Withheld | None = None


def pool_calls(lent: Sequence[PlaybookArms]) -> PooledCalls:
    """Return what may be published of what accounts lent of one kind of call.

    The same counts give the same answer: draws have a fixed seed.
    """
    reason = withheld(np.array([one.called[1] + one.held_out[1] for one in lent], dtype=float))
    if reason:
        return PooledCalls(len(lent), withheld=reason)
    chance = np.random.default_rng(_SEED)
    arms = [
        draw_population(sorted(counts), chance, _MEANS)
        for counts in ([one.called for one in lent], [one.held_out for one in lent])
    ]
    (a, b), (c, d) = arms
    return PooledCalls(
        len(lent),
        called=_quantiles(chance.beta(a, b), _SHARE_STEP),
        held_out=_quantiles(chance.beta(c, d), _SHARE_STEP),
        uplift=_quantiles(a / (a + b) - c / (c + d), _UPLIFT_STEP),
    )


def beta_of(shares: Quantiles) -> Beta:
    """Return the beta distribution with the mean and variance that published shares have.

    Both by the extended Swanson-Megill rule: .3, .4 and .3 of p10, p50 and p90 (Keefer & Bodily,
    Management Science 29, 1983). It never counts as less than two people or more than two hundred.
    """
    points = np.array([shares[0], shares[2], shares[4]])
    mean = float(np.clip(points @ _SWANSON, _SHARE_STEP, 1 - _SHARE_STEP))
    variance = max(float((points - mean) ** 2 @ _SWANSON), 1e-9)
    strength = mean * (1 - mean) / variance - 1
    strength = min(max(strength, _LEAST_STRENGTH), _MOST_STRENGTH)
    return mean * strength, (1 - mean) * strength


def interval_of(uplift: Quantiles) -> Interval:
    """Return a published uplift with its 90 % interval, stretched from p10 and p90 as of a normal."""
    low, middle, high = uplift[0], uplift[2], uplift[4]
    return Interval(middle, middle - (middle - low) * _STRETCH, middle + (high - middle) * _STRETCH)


def _quantiles(draws: NDArray[np.float64], step: float) -> Quantiles:
    return tuple(round(round(value / step) * step, 6) for value in np.quantile(draws, LEVELS))
