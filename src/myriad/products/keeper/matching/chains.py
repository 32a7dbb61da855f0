"""What two certain pairs say about a third: if A is B and B is C, then A is C.

Probabilities that know of each other obey P(A=C) >= P(A=B) + P(B=C) - 1 (Frechet 1935). Two copies
of a record that were damaged in different places may share no block and look like strangers, while
both resemble the original; the bound brings them together. It can raise a probability, never lower
one, and what it raises is proposed, never linked by itself.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np

from myriad.products.keeper.matching.columns import Columns, Flags, Indexes, Scores
from myriad.products.keeper.matching.fellegi_sunter import score
from myriad.products.keeper.matching.fields import NAME_FIELDS
from myriad.products.keeper.matching.model import Scored

LIKELY = 0.5
# A record that resembles more than this many others is a placeholder, not a link in a chain.
MOST_BRIDGES = 50
CERTAIN = 1.0 - 1e-9
# A pair that is as good as certain by itself needs no chain.
SURE = 0.98


def names_only(scored: Scored) -> Flags:
    """Say of which pairs (n) nothing but the names, directly or by a chain, speaks for a link."""
    others: Flags = scored.chain_bits > 0.0
    for field, bits in scored.bits.items():
        if field not in NAME_FIELDS:
            others = others | (bits > 0.0)
    return ~others


def complete(columns: Columns, scored: Scored, bridges: Indexes) -> Scored:
    """Add the pairs that chains imply and raise probabilities to the bound.

    `bridges` numbers the pairs that may carry a chain: likely ones without a conflict.
    """
    size = columns.size
    implied = _implied(scored, bridges, size)
    known = set((scored.left * size + scored.right).tolist())
    missing = np.array(sorted(implied.keys() - known), dtype=np.int64)
    if len(missing):
        scored = _joined(scored, score(scored.model, columns, *np.divmod(missing, size)))
    keys = (scored.left * size + scored.right).tolist()
    bound, via = np.zeros(len(keys)), np.full(len(keys), -1, dtype=np.int64)
    for pair, key in enumerate(keys):
        if key in implied:
            bound[pair], via[pair] = implied[key]
    return _raised(scored, bound, via)


def _implied(scored: Scored, bridges: Indexes, size: int) -> dict[int, tuple[float, int]]:
    """Return by pair (left * size + right) the best bound and the record it goes through."""
    near: dict[int, list[tuple[int, float]]] = {}
    for pair in bridges.tolist():
        a, b, p = int(scored.left[pair]), int(scored.right[pair]), float(scored.probability[pair])
        near.setdefault(a, []).append((b, p))
        near.setdefault(b, []).append((a, p))
    best: dict[int, tuple[float, int]] = {}
    for middle, others in near.items():
        if len(others) > MOST_BRIDGES:
            continue
        for (a, p), (c, q) in combinations(sorted(others), 2):
            bound, key = p + q - 1.0, a * size + c
            if bound > LIKELY and bound > best.get(key, (0.0, 0))[0]:
                best[key] = (bound, middle)
    return best


def _joined(one: Scored, other: Scored) -> Scored:
    """Put two sets of scored pairs of the same records one after the other."""
    names = one.levels.keys()
    return replace(
        one,
        left=np.concatenate([one.left, other.left]),
        right=np.concatenate([one.right, other.right]),
        levels={n: np.concatenate([one.levels[n], other.levels[n]]) for n in names},
        bits={n: np.concatenate([one.bits[n], other.bits[n]]) for n in names},
        moved_bits=np.concatenate([one.moved_bits, other.moved_bits]),
        household_bits=np.concatenate([one.household_bits, other.household_bits]),
        chain_bits=np.concatenate([one.chain_bits, other.chain_bits]),
        via=np.concatenate([one.via, other.via]),
        weight=np.concatenate([one.weight, other.weight]),
        probability=np.concatenate([one.probability, other.probability]),
    )


def _raised(scored: Scored, bound: Scores, via: Indexes) -> Scored:
    bound = np.minimum(bound, CERTAIN)
    higher = (bound > scored.probability) & (scored.probability < SURE)
    prior_bits = np.log2(scored.model.prior / (1.0 - scored.model.prior))
    wanted = np.log2(bound[higher] / (1.0 - bound[higher])) - prior_bits
    chain_bits, weight = scored.chain_bits.copy(), scored.weight.copy()
    chain_bits[higher] = wanted - weight[higher]
    weight[higher] = wanted
    return replace(
        scored,
        chain_bits=chain_bits,
        via=np.where(higher, via, -1),
        weight=weight,
        probability=np.where(higher, bound, scored.probability),
    )
