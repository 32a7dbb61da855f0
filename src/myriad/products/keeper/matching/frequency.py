"""How common each value was when a model was fitted.

A model serves for weeks. So that a pair keeps its weight for as long as neither of its records
changes, what agreeing on a value tells stays with the model: how many records had it then. Only
values that several records had are held, as digests of 64 bits of which nobody can be read; one
that a single record had, or none, is counted in the list at hand.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from myriad.products.keeper.matching.columns import (
    Column,
    Digests,
    Flags,
    Indexes,
    Scores,
    digest_of,
)

# Four times as many others with a value (2 bits) is another list than the model was fitted to.
MOST_GROWTH = 4.0


@dataclass(frozen=True, slots=True)
class Frequency:
    """The values (k, digests in rising order) of one field that several records have.

    `counts` (k) says how many; `usual` is how many others share a value, over agreeing pairs.
    """

    digests: Digests
    counts: Indexes
    usual: float

    @classmethod
    def of(cls, column: Column) -> Self:
        """Count a whole list."""
        shared = column.counts > 1
        digests = np.array([digest_of(value) for value in column.values[shared]], dtype=np.uint64)
        order = np.argsort(digests)
        return cls(digests[order], column.counts[shared][order], usual_of(column))

    def others(self, column: Column, codes: Indexes) -> Scores:
        """Return how many other records had each value (n); unheard-of ones are counted now."""
        used, inverse = np.unique(codes, return_inverse=True)
        own = np.array([digest_of(value) for value in column.values[used]], dtype=np.uint64)
        counts = column.counts[used].copy()
        if len(self.digests):
            place, known = _find(self.digests, own)
            counts[known] = self.counts[place[known]]
        others: Scores = np.maximum(counts[inverse] - 1.0, 0.5)
        return others

    def is_worn(self, digests: Digests, counts: Indexes) -> bool:
        """Whether a value has become so common that its old frequency tells too much."""
        if not len(self.digests):
            return False
        place, known = _find(self.digests, digests)
        return bool((counts[known] - 1 > MOST_GROWTH * (self.counts[place[known]] - 1)).any())

    def as_dict(self) -> dict[str, Any]:
        """The frequencies as plain JSON values."""
        packed = b64encode(self.digests.tobytes()).decode()
        return {"digests": packed, "counts": self.counts.tolist(), "usual": self.usual}

    @classmethod
    def from_dict(cls, facts: dict[str, Any]) -> Self:
        """Read what `as_dict` wrote."""
        digests = np.frombuffer(b64decode(facts["digests"]), dtype=np.uint64)
        return cls(digests, np.array(facts["counts"], dtype=np.int64), facts["usual"])


def usual_of(column: Column) -> float:
    """How many others share a value, on average over agreeing pairs."""
    return max(2.0 * column.agreeing / max(column.known, 1), 0.5)


def _find(held: Digests, wanted: Digests) -> tuple[Indexes, Flags]:
    """Return where each wanted digest would stand among those held, and whether it does."""
    place = np.minimum(np.searchsorted(held, wanted), len(held) - 1)
    return place, held[place] == wanted
