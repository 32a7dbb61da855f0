"""How good mapping is: coverage, calibration and drift as pure arithmetic over counts.

Coverage is told by purchase, by distinct string and of the rare strings (seen up to three times):
any one alone flatters. The population stability index compares the mix of methods of the last week
with that of the four weeks before; below 0.1 nothing moved, from 0.25 on much did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from math import log

import msgspec

from myriad.products.kamioi.mapping.confidence import wilson

RARE = 3
PSI_SOME, PSI_MUCH = 0.1, 0.25
_HALF = 0.5


class Covered(msgspec.Struct, frozen=True):
    """Strings in use, the purchases that have them, and how many of the strings are rare."""

    is_decided: bool
    method: str
    descriptors: int
    purchases: int
    rare_descriptors: int


class Audited(msgspec.Struct, frozen=True):
    """Audited decisions of one method, model and tenth of confidence.

    `believed` is the sum of their confidences, `right_ones` how many a person found right.
    """

    method: str
    model: str
    bin: int
    total: int
    believed: float
    right_ones: int


class Decisions(msgspec.Struct, frozen=True):
    """How many decisions a method and model made, of the last week or of the weeks before."""

    method: str
    model: str
    is_recent: bool
    decisions: int
    cost_usd_micros: int


class Queue(msgspec.Struct, frozen=True):
    """What waits for a person, and for how long (seconds)."""

    waiting: int = 0
    median_seconds: float | None = None
    oldest_seconds: float | None = None


class Precision(msgspec.Struct, frozen=True):
    """A share that audits found right, with Wilson's 95 % interval."""

    label: str
    right_ones: int
    total: int

    @property
    def share(self) -> float | None:
        """The share, None of nothing."""
        return self.right_ones / self.total if self.total else None

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval; (0, 1) of nothing."""
        return wilson(self.right_ones, self.total)


class ModelFigures(msgspec.Struct, frozen=True):
    """One model beside the others: what it decided, what that cost, how often it was right."""

    model: str
    decisions: int
    cost_usd_micros: int
    precision: Precision


class Quality(msgspec.Struct, frozen=True):
    """Everything that was counted at one moment."""

    measured_at: datetime
    covered: tuple[Covered, ...] = ()
    audits: tuple[Audited, ...] = ()
    decisions: tuple[Decisions, ...] = ()
    overridden: int = 0
    queue: Queue = Queue()

    @property
    def descriptors(self) -> int:
        """How many strings are in use."""
        return sum(one.descriptors for one in self.covered)

    @property
    def decided(self) -> int:
        """How many of them are decided."""
        return sum(one.descriptors for one in self.covered if one.is_decided)

    @property
    def coverage_tx(self) -> float | None:
        """The share of purchases whose string is decided."""
        return self._share([(one.purchases, one.is_decided) for one in self.covered])

    @property
    def coverage_distinct(self) -> float | None:
        """The share of strings that are decided."""
        return self._share([(one.descriptors, one.is_decided) for one in self.covered])

    @property
    def coverage_tail(self) -> float | None:
        """The share of rare strings that are decided."""
        return self._share([(one.rare_descriptors, one.is_decided) for one in self.covered])

    @property
    def override_rate(self) -> float | None:
        """The share of decided strings that a member has corrected to something else."""
        return self.overridden / self.decided if self.decided else None

    @property
    def precision(self) -> Precision:
        """What audits found of all decisions together."""
        return _precision("all", self.audits)

    @property
    def calibration_error(self) -> float | None:
        """The expected calibration error over ten bins, 0..1."""
        return calibration_error(self.audits)

    @property
    def drift(self) -> float | None:
        """The population stability index of the methods' mix; None until both spans have some."""
        now, before = self.mix(is_recent=True), self.mix(is_recent=False)
        return stability_index(now, before) if now and before else None

    def mix(self, *, is_recent: bool) -> dict[str, int]:
        """Return how many decisions each method made in the last week, or in the four before."""
        found: dict[str, int] = {}
        for one in self.decisions:
            if one.is_recent is is_recent:
                found[one.method] = found.get(one.method, 0) + one.decisions
        return found

    def methods(self) -> list[Precision]:
        """Return the audited precision of each method."""
        names = sorted({one.method for one in self.audits})
        return [
            _precision(name, [one for one in self.audits if one.method == name]) for name in names
        ]

    def models(self) -> list[ModelFigures]:
        """Return each model beside the others, the one with most decisions first."""
        names = {one.model for one in self.decisions if one.model}
        names |= {one.model for one in self.audits if one.model}
        found = [self._model(name) for name in sorted(names)]
        return sorted(found, key=lambda one: -one.decisions)

    def _model(self, name: str) -> ModelFigures:
        made = [one for one in self.decisions if one.model == name]
        return ModelFigures(
            name,
            sum(one.decisions for one in made),
            sum(one.cost_usd_micros for one in made),
            _precision(name, [one for one in self.audits if one.model == name]),
        )

    @staticmethod
    def _share(parts: Sequence[tuple[int, bool]]) -> float | None:
        whole = sum(count for count, _ in parts)
        return sum(count for count, is_decided in parts if is_decided) / whole if whole else None


class Tenth(msgspec.Struct, frozen=True):
    """Audited decisions that were believed alike: mean confidence, share right, interval."""

    label: str
    total: int
    believed: float
    precision: Precision


def tenths(audits: Sequence[Audited]) -> list[Tenth]:
    """Return the calibration of those tenths of confidence that have audits."""
    found = []
    for number in sorted({one.bin for one in audits}):
        group = [one for one in audits if one.bin == number]
        total = sum(one.total for one in group)
        believed = sum(one.believed for one in group) / total
        label = f"{number * 10} to {number * 10 + 10}%"
        found.append(Tenth(label, total, believed, _precision(label, group)))
    return found


def calibration_error(audits: Sequence[Audited]) -> float | None:
    """Return the expected calibration error (Naeini et al. 2015) over ten bins, None of nothing."""
    total = sum(one.total for one in audits)
    if not total:
        return None
    gaps: dict[int, float] = {}
    for one in audits:
        gaps[one.bin] = gaps.get(one.bin, 0.0) + one.believed - one.right_ones
    return sum(abs(gap) for gap in gaps.values()) / total


def stability_index(now: Mapping[str, int], before: Mapping[str, int]) -> float:
    """Return the population stability index of two mixes of counts; zero for equal ones.

    Each count has half a case added, so that a method that only one of them knows stays finite.
    """
    names = sorted({*now, *before})
    first = _shares([now.get(name, 0) for name in names])
    second = _shares([before.get(name, 0) for name in names])
    return sum((p - q) * log(p / q) for p, q in zip(first, second, strict=True))


def _shares(counts: Sequence[int]) -> list[float]:
    whole = sum(counts) + _HALF * len(counts)
    return [(count + _HALF) / whole for count in counts]


def _precision(label: str, audits: Sequence[Audited]) -> Precision:
    return Precision(label, sum(one.right_ones for one in audits), sum(one.total for one in audits))
