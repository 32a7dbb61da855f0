"""Did much change? A sequential test on a sample answers without looking at everything.

Two shares are stated: at `p0` or less changed, a rescan is a waste; at `p1` or more it must not be
missed. Wald's sequential probability ratio test (1945) looks at one thing after another and stops
when the likelihood ratio of the two passes 1/alpha (rescan) or beta (rest). Things are drawn
without replacement, so the likelihoods are hypergeometric: that keeps both errors at or below
alpha and beta in small populations too, and needs fewer looks than the binomial ratio. The test is
cut off at the first look at which both errors, computed exactly, hold with a little to spare.

Sampling some share and rescanning above a threshold has no such errors: of 100 things, 10 %
changed, "sample 10 %, rescan above 5 %" misses a third of the cases.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from hashlib import blake2b
from math import ceil, exp, floor, inf, lgamma, log

from myriad.kit.errors import InvalidInputError

SMALLEST_POPULATION = 100
_MEDIUM_POPULATION = 500
# The rest of each error is left to worlds that are not quite as assumed.
_USED = 0.98
# Shares such as 0.07 * 100 come out a hair off the whole number that is meant.
_HAIR = 1e-9


class Verdict(StrEnum):
    """What to do after the looks so far."""

    CONTINUE = "continue"
    REST = "rest"
    RESCAN = "rescan"


@dataclass(frozen=True)
class SamplingPlan:
    """The promise of a test: rescan at `p0` with at most `alpha`, rest at `p1` with at most `beta`.

    Raises InvalidInputError unless 0 < p0 < p1 < 1 and both errors lie between 0 and 0.5.
    """

    p0: float
    p1: float
    alpha: float = 0.05
    beta: float = 0.05

    def __post_init__(self) -> None:
        if not (0 < self.p0 < self.p1 < 1 and 0 < self.alpha < 0.5 and 0 < self.beta < 0.5):
            message = "a plan needs 0 < p0 < p1 < 1 and errors below 0.5, such as 0.01, 0.05"
            raise InvalidInputError(message)


def plan_for(population: int) -> SamplingPlan | None:
    """Return the plan for so many things; None below 100, where looking at all is no dearer."""
    if population < SMALLEST_POPULATION:
        return None
    return SamplingPlan(0.01, 0.10 if population <= _MEDIUM_POPULATION else 0.05)


@dataclass(frozen=True)
class SequentialTest:
    """A plan for one population: after m looks (index), rest or rescan at these counts.

    `rest_at[m]` is the largest number of changed that ends in rest (-1: none), `rescan_at[m]` the
    smallest that ends in a rescan. The last index is the cap.
    """

    plan: SamplingPlan
    population: int
    rest_at: tuple[int, ...]
    rescan_at: tuple[int, ...]

    @property
    def cap(self) -> int:
        """The most looks that the test can take."""
        return len(self.rest_at) - 1

    def decide(self, looked: int, changed: int) -> Verdict:
        """Return what to do after `changed` of `looked` things had changed."""
        if not 0 <= changed <= looked <= self.cap:
            raise InvalidInputError(f"0 <= changed <= looked <= {self.cap} does not hold")
        if changed >= self.rescan_at[looked]:
            return Verdict.RESCAN
        return Verdict.REST if changed <= self.rest_at[looked] else Verdict.CONTINUE

    def operating_point(self, changed: int) -> tuple[float, float]:
        """Return, when `changed` of the population did, P(rescan) and the expected looks; exact."""
        walk, looks = _Walk(self.population, changed), 0.0
        for rest, rescan in zip(self.rest_at[1:], self.rescan_at[1:], strict=True):
            looks += sum(walk.going.values())
            walk.look(rest, rescan)
        return walk.rescanned, looks


class _Walk:
    """The exact distribution of a test under way when `changed` of the population did."""

    def __init__(self, population: int, changed: int) -> None:
        self.population, self.changed = population, changed
        self.going, self.looked, self.rescanned, self.rested = {0: 1.0}, 0, 0.0, 0.0

    def look(self, rest: int, rescan: int) -> None:
        """Draw once more and stop where the count reaches a bound."""
        after: dict[int, float] = {}
        for x, p in self.going.items():
            hit = (self.changed - x) / (self.population - self.looked)
            after[x + 1] = after.get(x + 1, 0.0) + p * hit
            after[x] = after.get(x, 0.0) + p * (1 - hit)
        self.looked += 1
        self.rescanned += sum(p for x, p in after.items() if x >= rescan)
        self.rested += sum(p for x, p in after.items() if x <= rest)
        self.going = {x: p for x, p in after.items() if rest < x < rescan}


@lru_cache(maxsize=256)
def sequential_test(plan: SamplingPlan, population: int) -> SequentialTest:
    """Return the test of `plan` for `population` things.

    Raises InvalidInputError for a population below one.
    """
    if population < 1:
        raise InvalidInputError("a test needs a population of one or more")
    few, many = floor(plan.p0 * population + _HAIR), ceil(plan.p1 * population - _HAIR)
    bounds, cut = [(-1, 1)], None
    quiet, loud = _Walk(population, few), _Walk(population, many)
    while cut is None:
        bounds.append(_bounds(plan, population, few, many, len(bounds)))
        quiet.look(*bounds[-1])
        loud.look(*bounds[-1])
        cut = _cut(plan, quiet, loud, bounds[-1])
    bounds[-1] = (cut, cut + 1)
    rest_at, rescan_at = zip(*bounds, strict=True)
    return SequentialTest(plan, population, rest_at, rescan_at)


def _cut(plan: SamplingPlan, quiet: _Walk, loud: _Walk, bounds: tuple[int, int]) -> int | None:
    """Return the count up to which to rest if the test ended now, None if an error would break."""
    for c in range(*bounds):
        false = quiet.rescanned + sum(p for x, p in quiet.going.items() if x > c)
        missed = loud.rested + sum(p for x, p in loud.going.items() if x <= c)
        if false <= _USED * plan.alpha:
            return c if missed <= _USED * plan.beta else None
    return None


def _bounds(plan: SamplingPlan, n: int, few: int, many: int, looked: int) -> tuple[int, int]:
    """Return the largest count to rest at and the smallest to rescan at; the ratio only grows."""
    ratios = [_log_ratio(n, few, many, looked, x) for x in range(min(looked, few + 1) + 1)]
    rest = sum(ratio <= log(_USED * plan.beta) for ratio in ratios) - 1
    rescan = sum(ratio < -log(_USED * plan.alpha) for ratio in ratios)
    return rest, rescan


def _log_ratio(n: int, few: int, many: int, looked: int, x: int) -> float:
    """Return ln P(x | many changed) - ln P(x | few changed) after `looked` draws."""
    if x > few:
        return inf
    if looked - x > n - many:
        return -inf
    return _log_ways(n, many, looked, x) - _log_ways(n, few, looked, x)


def _log_ways(n: int, k: int, m: int, x: int) -> float:
    return _log_choose(k, x) + _log_choose(n - k, m - x) if m - x <= n - k else -inf


def _log_choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)


def fixed_plan(plan: SamplingPlan, population: int | None = None) -> tuple[int, int]:
    """Return (m, c): look at m things at once and rescan when more than c had changed.

    The smallest m that keeps both errors; binomial without a population.
    """
    m = 0
    while population is None or m < population:
        m += 1
        most = _largest_tail(plan, population, m)
        if most >= 0 and 1 - _at_most(most, plan.p0, population, m) <= plan.alpha:
            return m, most
    return m, floor(plan.p0 * m + _HAIR)


def _largest_tail(plan: SamplingPlan, population: int | None, m: int) -> int:
    """Return the largest c with P(X <= c | p1) <= beta, -1 when there is none."""
    c = -1
    while c < m and _at_most(c + 1, plan.p1, population, m, up=True) <= plan.beta:
        c += 1
    return c


def _at_most(c: int, share: float, n: int | None, m: int, *, up: bool = False) -> float:
    """Return P(X <= c) of m draws from a world where `share` changed, rounded `up` or down."""
    if n is None:
        logs = [_log_choose(m, x) + x * log(share) + (m - x) * log(1 - share) for x in range(c + 1)]
    else:
        k = ceil(share * n - _HAIR) if up else floor(share * n + _HAIR)
        most = min(c, k)
        logs = [_log_ways(n, k, m, x) - _log_choose(n, m) for x in range(most + 1)]
    return min(1.0, sum(exp(value) for value in logs))


def detection_size(population: int, share: float, miss: float = 0.05) -> int:
    """Return how many looks find any change at all when more than `share` changed.

    The chance to see none, C(N - K, m) / C(N, m) with K the next count above the share, is at
    most `miss`.
    """
    if not (population > 0 and 0 <= share < 1 and 0 < miss < 1):
        raise InvalidInputError("a population above zero, 0 <= share < 1 and 0 < miss < 1 please")
    changed = floor(share * population + _HAIR) + 1
    unseen, looks = 1.0, 0
    while unseen > miss:
        unseen *= max(0, population - changed - looks) / (population - looks)
        looks += 1
    return looks


@dataclass(frozen=True)
class DailySample:
    """One day's order of looks; `seed` is to be recorded, so that anyone can draw it again."""

    day: date
    seed: str
    order: tuple[Hashable, ...]


def draw_sample(
    things: Sequence[Hashable], strata: Sequence[Hashable], day: date, of: str
) -> DailySample:
    """Return the things in the order in which to look at them on that day.

    `strata` (same length) names each thing's group, such as its interval. Within a group the order
    is random, and each beginning of the whole holds the groups in proportion. `of` tells samples
    of the same day apart, such as a tenant's id. The same arguments give the same order anywhere.
    """
    if len(things) != len(strata):
        raise InvalidInputError("things and strata must be of one length")
    seed = _digest(of, day.isoformat())
    groups: dict[Hashable, list[Hashable]] = {}
    for thing, stratum in zip(things, strata, strict=True):
        groups.setdefault(stratum, []).append(thing)
    placed = []
    for stratum, members in groups.items():
        start = _unit(seed, "stratum", stratum)
        members.sort(key=lambda thing: _digest(seed, repr(thing)))
        placed += [((rank + start) / len(members), thing) for rank, thing in enumerate(members)]
    placed.sort(key=lambda one: one[0])
    return DailySample(day, seed, tuple(thing for _, thing in placed))


def _digest(*parts: str) -> str:
    return blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()


def _unit(seed: str, kind: str, thing: Hashable) -> float:
    return int(_digest(seed, kind, repr(thing))[:12], 16) / 16**12
