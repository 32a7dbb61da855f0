"""Which kind of call brings people back, each kind learning from the others, or from the network.

A kind with few people is drawn toward what all kinds show: the shares of one arm are draws of one
beta distribution, whose mean and strength are themselves unknown (the hierarchical beta-binomial
model, Gelman et al., Bayesian Data Analysis, section 5.3). One best strength would be far too sure
of itself with three kinds: its 90 % intervals held 65 %.

Where ten accounts or more have said what a kind of call brings (`network.calls`), their shares are
the prior of that kind instead, so that a new account has an answer before it has called anybody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from myriad.kit.lazy import lazily
from myriad.products.keeper.proof.intervals import Interval

# Every process reads these rows; few of them pool, and numpy costs 10 MB.
if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
else:
    np = lazily("numpy")
_special = lazily("scipy.special")

_DRAWS = 4000
_SEED = 20260
Grid = tuple[float, float, int]
"""From, to, and how many."""
_MEANS: Grid = (0.01, 0.99, 50)
_STRENGTHS: Grid = (2.0, 200.0, 12)

PLAYBOOKS = ("slowing", "likely_lapsed", "lapsed")
Beta = tuple[float, float]
"""(a, b) of a beta distribution, both positive."""


@dataclass(frozen=True, slots=True)
class PlaybookArms:
    """One kind of call: (returned, people) of those called and of those held out."""

    playbook: str
    called: tuple[int, int]
    held_out: tuple[int, int]


@dataclass(frozen=True, slots=True)
class ArmPriors:
    """How the shares who return differ between `accounts` accounts, for one kind of call."""

    called: Beta
    held_out: Beta
    accounts: int


@dataclass(frozen=True, slots=True)
class PlaybookUplift:
    """By how much more people return when called: a difference of shares with 90 % interval.

    `leans_on` is how many accounts' experience is the prior, 0 without one.
    """

    playbook: str
    called: int
    held_out: int
    uplift: Interval
    leans_on: int = 0


def pooled_uplift(
    groups: Sequence[PlaybookArms], priors: Mapping[str, ArmPriors] | None = None
) -> tuple[PlaybookUplift, ...]:
    """Return the uplift of every kind of call; a kind without people stands at what all show.

    A kind named in `priors` leans on these instead. The bounds are the 5th and 95th percentiles of
    draws with a fixed seed, so that the same counts give the same answer.
    """
    chance = np.random.default_rng(_SEED)
    called = draw_shares([group.called for group in groups], chance)
    held_out = draw_shares([group.held_out for group in groups], chance)
    found = []
    for place, group in enumerate(groups):
        prior = (priors or {}).get(group.playbook)
        arms = called[place], held_out[place]
        if prior:
            arms = (
                _draw(prior.called, group.called, chance),
                _draw(prior.held_out, group.held_out, chance),
            )
        found.append(
            PlaybookUplift(
                group.playbook,
                group.called[1],
                group.held_out[1],
                _interval(arms[0] - arms[1]),
                prior.accounts if prior else 0,
            )
        )
    return tuple(found)


def _draw(prior: Beta, counted: tuple[int, int], chance: np.random.Generator) -> Floats:
    returned, people = counted
    return chance.beta(prior[0] + returned, prior[1] + people - returned, _DRAWS)


def draw_shares(
    counts: Sequence[tuple[int, int]], chance: np.random.Generator
) -> NDArray[np.float64]:
    """Return draws of each group's share given (successes, people): an array (groups, 4000).

    Means are uniform on a grid from 1 to 99 %, strengths log-uniform between 2 and 200 people.
    """
    a, b = draw_population(counts, chance)
    drawn = [chance.beta(a + s, b + n - s) for s, n in counts]
    return np.array(drawn).reshape(len(counts), _DRAWS)


def draw_population(
    counts: Sequence[tuple[int, int]], chance: np.random.Generator, means: Grid = _MEANS
) -> tuple[Floats, Floats]:
    """Return draws of the (a, b) of the distribution that the groups' shares come from: (4000,)."""
    grid = np.meshgrid(np.linspace(*means), np.geomspace(*_STRENGTHS))
    mean, strength = (axis.ravel() for axis in grid)
    a, b = mean * strength, (1 - mean) * strength
    logs, whole = np.zeros(a.size), _special.betaln(a, b)
    for (successes, people), times in Counter(counts).items():
        logs += times * (_special.betaln(a + successes, b + people - successes) - whole)
    weights = np.exp(logs - logs.max())
    cell = chance.choice(a.size, size=_DRAWS, p=weights / weights.sum())
    return a[cell], b[cell]


def _interval(draws: NDArray[np.float64]) -> Interval:
    low, high = np.quantile(draws, (0.05, 0.95))
    return Interval(float(draws.mean()), float(low), float(high))
