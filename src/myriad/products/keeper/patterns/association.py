"""Which of many pairs of items belong together: counted, tested, and held against confounders.

A pair is told when all of this holds:

- support: both together at least max(10, 1 % of the units), by at least five different people;
- lift: observed over expected under independence at least 1.3, also within calendar months, with
  the same member of staff where it is known, and within what else the caller stratifies by, so
  that no season and no single colleague is taken for a habit;
- both halves of the time: the same lift of at least 1.3 up to the median day and after it;
- chance: the larger of Fisher's exact p and the stratified score tests (Mantel & Haenszel 1959),
  one-sided, both with counts divided by the design effect of repeated buyers (Kish 1965; Rao &
  Scott 1981), passes Benjamini & Hochberg (1995) at .05 over all pairs whose margins could have
  reached the support. The margins are fixed under the test, so choosing the family by them costs
  nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from myriad.products.keeper.patterns.fisher import upper_tail

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

FALSE_DISCOVERY_RATE = 0.05
LEAST_COUNT = 10
LEAST_SHARE = 0.01
LEAST_LIFT = 1.3
LEAST_PEOPLE = 5
_CONTINUITY = 0.5


@dataclass(frozen=True, slots=True)
class Tables:
    """The counts of all pairs (items, items): units that count, with each item, with both."""

    total: Floats
    first: Floats
    second: Floats
    both: Floats

    @property
    def expected(self) -> Floats:
        """How often both would come together if neither knew of the other."""
        return self.first * self.second / np.maximum(self.total, 1.0)


@dataclass(frozen=True, slots=True)
class Units:
    """The units behind one pair: those that count, with the first item, with the second."""

    counted: Bools
    first: Bools
    second: Bools


@dataclass(frozen=True, slots=True)
class Frame:
    """What every unit carries: whose it is, on which day, and its strata by name."""

    buyer: Ints
    day: Ints
    strata: Mapping[str, Ints]


@dataclass(frozen=True, slots=True)
class Association:
    """Two items that belong together; counts are units, lifts are observed over expected.

    `lift_by` has the lift within each stratification, `lift_early` and `lift_late` those of the
    halves of the time. `either_way` says that the same was found with the items exchanged.
    """

    first: str
    second: str
    total: int
    first_count: int
    second_count: int
    both_count: int
    people: int
    expected: float
    lift: float
    lift_by: Mapping[str, float]
    lift_early: float
    lift_late: float
    p_value: float
    q_value: float = 1.0
    either_way: bool = False

    @property
    def holds(self) -> bool:
        """Whether it survives the confounders, the halves and the false discovery control."""
        return (
            self.people >= LEAST_PEOPLE
            and min(self.lift_by.values(), default=self.lift) >= LEAST_LIFT
            and min(self.lift_early, self.lift_late) >= LEAST_LIFT
            and self.q_value <= FALSE_DISCOVERY_RATE
        )


@dataclass(frozen=True, slots=True)
class Mined:
    """What was found, the surest first, among how many pairs tested over how many units."""

    found: tuple[Association, ...]
    tested: int
    units: int
    people: int


def least_support(units: int) -> int:
    """How often both must come together: ten times, or in one of a hundred units."""
    return max(LEAST_COUNT, int(np.ceil(LEAST_SHARE * units)))


def judge(
    items: tuple[str, ...],
    tables: Tables,
    frame: Frame,
    family: Bools,
    units_of: Callable[[int, int], Units],
) -> tuple[list[Association], int]:
    """Return the pairs of the `family` that hold, and how many of it were tested.

    `family` (items, items) marks the pairs asked about; those whose margins cannot reach the
    support are no part of the test.
    """
    support = least_support(frame.day.size)
    family = family & (np.minimum(tables.first, tables.second) >= support)
    lift = tables.both / np.maximum(tables.expected, 1e-12)
    chosen = np.argwhere(family & (tables.both >= support) & (lift >= LEAST_LIFT))
    measured = [
        _measure(items, (first, second), tables, frame, units_of(first, second))
        for first, second in chosen.tolist()
    ]
    tested = int(family.sum())
    return [one for one in _with_q_values(measured, tested) if one.holds], tested


def _measure(
    items: tuple[str, ...], pair: tuple[int, int], tables: Tables, frame: Frame, units: Units
) -> Association:
    first, second = pair
    both = units.first & units.second
    repeats = np.unique(frame.buyer[both], return_counts=True)[1].astype(float)
    effect = float((repeats**2).sum() / repeats.sum())
    total, had, took = (float(x[pair]) for x in (tables.total, tables.first, tables.second))
    observed, expected = float(tables.both[pair]), float(tables.expected[pair])
    strata = {name: _Stratified.of(codes, units) for name, codes in frame.strata.items()}
    size, one, other = (np.ceil(count / effect) for count in (total, had, took))
    exact = upper_tail(size, one, other, np.floor(observed / effect))
    scores = [one.p_value(effect) for one in strata.values()]
    early, late = _lifts_of_halves(frame.day, units)
    return Association(
        first=items[first],
        second=items[second],
        total=round(total),
        first_count=round(had),
        second_count=round(took),
        both_count=round(observed),
        people=repeats.size,
        expected=expected,
        lift=observed / expected,
        lift_by={name: one.lift for name, one in strata.items()},
        lift_early=early,
        lift_late=late,
        p_value=max(float(exact[0]), *scores) if scores else float(exact[0]),
    )


@dataclass(frozen=True, slots=True)
class _Stratified:
    """Observed, expected and variance of both together, given the margins of every stratum."""

    observed: float
    expected: float
    variance: float

    @classmethod
    def of(cls, codes: Ints, units: Units) -> _Stratified:
        """Add up the strata; those of one unit say nothing."""
        place = np.unique(codes[units.counted], return_inverse=True)[1]
        size, first, second, both = (
            np.bincount(place, weight[units.counted].astype(float))
            for weight in (units.counted, units.first, units.second, units.first & units.second)
        )
        expected = first * second / size
        spread = expected * (size - first) * (size - second) / (size * np.maximum(size - 1, 1))
        return cls(float(both.sum()), float(expected.sum()), float(spread.sum()))

    @property
    def lift(self) -> float:
        """Observed over expected within the strata."""
        return self.observed / self.expected if self.expected else 0.0

    def p_value(self, effect: float) -> float:
        """The one-sided score test, with counts over the design effect."""
        if self.variance <= 0:
            return 1.0
        off = (self.observed - self.expected - _CONTINUITY) / np.sqrt(self.variance * effect)
        return float(ndtr(-off))


def _lifts_of_halves(day: Ints, units: Units) -> Iterator[float]:
    """The lift up to the median day of the units and after it; 0 where nothing was expected."""
    early = day <= np.median(day[units.counted])
    for half in (early, ~early):
        size = max(int((units.counted & half).sum()), 1)
        first, second = int((units.first & half).sum()), int((units.second & half).sum())
        both = int((units.first & units.second & half).sum())
        yield both * size / (first * second) if first and second else 0.0


def _with_q_values(measured: list[Association], tested: int) -> list[Association]:
    """Benjamini & Hochberg over the whole family; pairs not measured count as p = 1."""
    ordered = sorted(measured, key=lambda one: one.p_value)
    least, judged = 1.0, []
    for rank in range(len(ordered), 0, -1):
        least = min(least, ordered[rank - 1].p_value * tested / rank)
        judged.append(replace(ordered[rank - 1], q_value=least))
    return judged[::-1]
