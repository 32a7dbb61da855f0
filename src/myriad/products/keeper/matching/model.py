"""What the linkage of records works with: the fitted model, pairs as compared, pairs as scored.

What the classes and the weights mean stands in `fellegi_sunter`.
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any

import numpy as np

from myriad.products.keeper.matching.chance import Nest, nested_bits
from myriad.products.keeper.matching.columns import Flags, Indexes, Levels, Scores
from myriad.products.keeper.matching.compare import EXACT
from myriad.products.keeper.matching.frequency import Frequency

_RATES = ("same", "chance", "household")


@dataclass(frozen=True, slots=True)
class Model:
    """The fitted frequencies: per field one value per level, and the priors of the classes.

    `prior` is the share of all pairs that are one person, `moved` the share of those who have
    moved, `household_prior` the share of all pairs that are two people of one household. `nested`
    has the conditional rate of each nest (see `chance.NESTED`). `frequencies` hold how common the
    values of a field were; without them they are counted in the list at hand.
    """

    same: dict[str, Scores]
    chance: dict[str, Scores]
    household: dict[str, Scores]
    prior: float
    moved: float
    household_prior: float
    nested: tuple[float, ...]
    rounds: int
    frequencies: dict[str, Frequency] = dataclass_field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The model as plain JSON values."""
        levels = {
            name: {field: rates.tolist() for field, rates in getattr(self, name).items()}
            for name in _RATES
        }
        rest = (self.prior, self.moved, self.household_prior)
        values = {name: known.as_dict() for name, known in self.frequencies.items()}
        return {
            **levels,
            "priors": rest,
            "nested": self.nested,
            "rounds": self.rounds,
            "frequencies": values,
        }

    @classmethod
    def from_dict(cls, facts: dict[str, Any]) -> Model:
        """Read what `as_dict` wrote."""
        same, chance, household = (
            {field: np.array(rates, dtype=float) for field, rates in facts[name].items()}
            for name in _RATES
        )
        prior, moved, at_home = facts["priors"]
        nested = tuple(facts["nested"])
        rounds = facts["rounds"]
        known = {n: Frequency.from_dict(each) for n, each in facts.get("frequencies", {}).items()}
        return cls(same, chance, household, prior, moved, at_home, nested, rounds, known)


@dataclass(frozen=True, slots=True)
class Pairs:
    """The compared pairs (n): levels and value bits by field, and the nested agreements."""

    levels: dict[str, Levels]
    own_bits: dict[str, Scores]
    nests: list[Nest]

    def only(self, kept: Indexes) -> Pairs:
        """Return these pairs alone; the nests keep their counts over the whole list."""
        return Pairs(
            {name: level[kept] for name, level in self.levels.items()},
            {name: bits[kept] for name, bits in self.own_bits.items()},
            [
                Nest(n.field, n.pairs[kept], n.agree_outer[kept], n.both, n.outer)
                for n in self.nests
            ],
        )

    def value_bits(self, model: Model) -> dict[str, Scores]:
        """Return log2 of u(value) / u(exact) by field, with nested fields seen as nested."""
        bits = dict(self.own_bits)
        for nest, rate in zip(self.nests, model.nested, strict=True):
            exact_rate = float(model.chance[nest.field][EXACT])
            bits[nest.field] = nested_bits(nest, bits[nest.field], exact_rate, rate)
        return bits


@dataclass(frozen=True, slots=True)
class Shares:
    """The probabilities (n each) of the classes for each pair."""

    stayed: Scores
    moved: Scores
    household: Scores

    @property
    def same(self) -> Scores:
        """The probability that the pair is one person."""
        return self.stayed + self.moved


@dataclass(frozen=True, slots=True)
class Scored:
    """n scored pairs: record numbers, levels by field, weights in bits, probabilities.

    `bits` holds log2(m/u) of each field; `moved_bits` is what a change of address gives back,
    `household_bits` (never positive) what a shared household takes away, `chain_bits` (never negative)
    what the chain over the record `via` adds (-1 for none; see `chains`); `weight` is the sum of
    all and `probability` is 1 / (1 + (1 - prior) / prior * 2 ** -weight).
    """

    left: Indexes
    right: Indexes
    levels: dict[str, Levels]
    bits: dict[str, Scores]
    moved_bits: Scores
    household_bits: Scores
    chain_bits: Scores
    via: Indexes
    weight: Scores
    probability: Scores
    model: Model

    def only(self, kept: Flags) -> Scored:
        """Return the pairs that are `kept` (n)."""
        return Scored(
            self.left[kept],
            self.right[kept],
            {name: level[kept] for name, level in self.levels.items()},
            {name: bits[kept] for name, bits in self.bits.items()},
            self.moved_bits[kept],
            self.household_bits[kept],
            self.chain_bits[kept],
            self.via[kept],
            self.weight[kept],
            self.probability[kept],
            self.model,
        )
