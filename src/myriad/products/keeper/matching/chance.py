"""How often strangers agree: from random pairs, from exact counts, and from where people live.

Agreeing on a rare value is worth more than on a common one (term frequency). Suburb, postcode and
state are told apart only as far as the data do: where every record of a suburb has its postcode,
the postcode says nothing new, and is weighed by how often strangers of one suburb share it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from myriad.products.keeper.matching.columns import (
    Columns,
    Flags,
    Indexes,
    Levels,
    Scores,
    agreeing,
)
from myriad.products.keeper.matching.compare import EXACT, UNKNOWN, compare
from myriad.products.keeper.matching.fields import FIELDS, Field, unit
from myriad.products.keeper.matching.frequency import Frequency, usual_of

RANDOM_PAIRS = 60_000
SEED = 20_240_229
# How many imaginary pairs the experience in `fields` is worth against the data.
CHANCE_WORTH = 4_000.0
NESTED_WORTH = 20.0
# (the field that says nothing new, the fields that say it already, the first that agrees counts)
NESTED = (("postcode", ("suburb",)), ("state", ("suburb", "postcode")))


@dataclass(frozen=True, slots=True)
class Nest:
    """Pairs whose agreement on `field` comes after an agreement on `after`.

    `pairs` (n) marks them among the scored pairs; `both` and `outer` count pairs of records in the
    whole list that agree on both, and on `after` where both know `field`.
    """

    field: str
    pairs: Flags
    agree_outer: Flags
    both: float
    outer: float


def random_levels(columns: Columns) -> dict[str, Levels]:
    """Compare random pairs, or all pairs when there are not many."""
    n = columns.size
    if n * (n - 1) // 2 <= RANDOM_PAIRS:
        upper = np.triu_indices(n, 1)
        left, right = upper[0].astype(np.int64), upper[1].astype(np.int64)
    else:
        draw = np.random.default_rng(SEED)
        left = draw.integers(0, n, RANDOM_PAIRS)
        right = (left + draw.integers(1, n, RANDOM_PAIRS)) % n
    return compare(columns, left, right)


def chance_rates(
    field: Field, columns: Columns, drawn: Levels, same: Scores, prior: float
) -> Scores:
    """Estimate u per level, less the pairs of one person (a share `prior`) among all pairs."""
    counts = np.bincount(drawn, minlength=len(field.levels)).astype(np.float64)
    counts[UNKNOWN] = 0.0
    seen = counts.sum()
    expected = unit([level.chance for level in field.levels])
    worth = min(CHANCE_WORTH, 0.1 * seen + 100.0)
    rates = (counts + worth * expected) / (seen + worth)
    rates[EXACT] = _exact_rate(field, columns, float(rates[EXACT]))
    strangers = (rates - prior * same) / (1.0 - prior)
    floor = np.maximum(0.05 * rates, 0.02 * expected)
    return unit(list(np.maximum(strangers, floor)))


def _exact_rate(field: Field, columns: Columns, drawn: float) -> float:
    """The share of all pairs that agree exactly, counted; `drawn` for what is not one text."""
    column = columns.text.get(field.name)
    if column is None or column.known < 2:
        return drawn
    pairs = column.known * (column.known - 1.0)
    worth = min(CHANCE_WORTH, 0.1 * pairs)
    return (2.0 * column.agreeing + worth * field.exact.chance) / (pairs + worth)


def value_bits(
    field: Field, columns: Columns, left: Indexes, level: Levels, known: Frequency | None = None
) -> Scores:
    """Return log2 of u(value) / u(exact) for exact agreements (n), and 0 elsewhere.

    u(value) is how many others carry the value, against the average over agreeing pairs: in this
    list, or in the one in which the frequencies became `known`.
    """
    bits = np.zeros(len(level))
    if not field.by_value:
        return bits
    exact = level == EXACT
    if not exact.any():
        return bits
    column = columns.text[field.name]
    codes = column.codes[left[exact]]
    if known is None:
        others, usual = np.maximum(column.counts[codes] - 1.0, 0.5), usual_of(column)
    else:
        others, usual = known.others(column, codes), known.usual
    bits[exact] = np.log2(others / usual)
    return bits


def nests(columns: Columns, levels: dict[str, Levels]) -> list[Nest]:
    """Find the agreements that come after another one on the same place."""
    found = []
    for field, outers in NESTED:
        taken = np.zeros(len(levels[field]), dtype=np.bool_)
        for outer in outers:
            agree_outer = (levels[outer] == EXACT) & (levels[field] != UNKNOWN) & ~taken
            taken = taken | agree_outer
            both, of_all = _nested_counts(columns, field, outer)
            found.append(
                Nest(field, agree_outer & (levels[field] == EXACT), agree_outer, both, of_all)
            )
    return found


def _nested_counts(columns: Columns, field: str, outer: str) -> tuple[float, float]:
    inner_codes, outer_codes = columns.text[field].codes, columns.text[outer].codes
    known = (inner_codes >= 0) & (outer_codes >= 0)
    inner, around = inner_codes[known], outer_codes[known]
    joint = np.unique(around * (len(columns.text[field].values) + 1) + inner, return_counts=True)[1]
    alone = np.unique(around, return_counts=True)[1]
    return agreeing(joint), agreeing(alone)


def nested_rate(nest: Nest, exact_rate: float, same_share: Scores) -> float:
    """How often strangers who agree on the outer field agree on the nested one as well.

    The pairs of one person (by `same_share`, n) are taken out of both counts first.
    """
    both = max(nest.both - float(same_share[nest.pairs].sum()), 0.0)
    outer = max(nest.outer - float(same_share[nest.agree_outer].sum()), 0.0)
    return (both + NESTED_WORTH * exact_rate) / (outer + NESTED_WORTH)


def nested_bits(nest: Nest, own_bits: Scores, exact_rate: float, rate: float) -> Scores:
    """Return the value bits (n) of a nested field; a nest never makes agreement more telling."""
    bits = own_bits.copy()
    bits[nest.pairs] = np.maximum(own_bits[nest.pairs], np.log2(rate / exact_rate))
    return bits


def all_value_bits(
    columns: Columns,
    left: Indexes,
    levels: dict[str, Levels],
    known: Mapping[str, Frequency] = MappingProxyType({}),
) -> dict[str, Scores]:
    """Return the value bits of every field, with the `known` frequencies of a fitted model."""
    return {f.name: value_bits(f, columns, left, levels[f.name], known.get(f.name)) for f in FIELDS}
