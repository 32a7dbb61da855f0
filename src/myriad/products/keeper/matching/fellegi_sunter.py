"""Probabilistic linkage after Fellegi and Sunter (1969), with a third class for one household.

A pair of records is of the same person, of two people of one household, or of strangers. Each class
gives each comparison level a frequency; the weight of a pair is the sum over the fields of
log2(m/u), where m is the frequency in the class "same person" and u among strangers, less what the
household explains better. Only differences between fields are assumed independent within a class.

m and the prior come from expectation maximisation (Dempster, Laird and Rubin 1977; Winkler 1988)
over the candidate pairs; the pairs outside the blocks have next to no probability and so add
nothing. u comes from random pairs, and from the exact counts of values for exact agreement. Where u
depends on the value (term frequency), agreeing on a rare name weighs more. There are no labels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from myriad.products.keeper.matching.columns import Column, Columns, Indexes, Levels, Scores
from myriad.products.keeper.matching.compare import EXACT, UNKNOWN, compare
from myriad.products.keeper.matching.fields import FIELDS, Field

RANDOM_PAIRS = 100_000
ROUNDS = 40
SEED = 20_240_229
# How many imaginary pairs the experience in `fields` is worth against the data.
SAME_WORTH = 12.0
CHANCE_WORTH = 4_000.0
# Before any data: of a thousand customers fifty have one duplicate, twenty a relative in the list.
DUPLICATES_PER_RECORD = 0.05
RELATIVES_PER_RECORD = 0.02
PRIOR_WORTH = 4.0
# A pair whose odds start below this never matters to the estimates.
HOPELESS_BITS = -20.0


@dataclass(frozen=True, slots=True)
class Model:
    """The fitted frequencies: per field one value per level, and the priors of the two classes."""

    same: dict[str, Scores]
    chance: dict[str, Scores]
    household: dict[str, Scores]
    prior: float
    household_prior: float
    rounds: int


@dataclass(frozen=True, slots=True)
class Scored:
    """n scored pairs: record numbers, levels by field, weights in bits, probabilities.

    `bits` holds log2(m/u) of each field; `household_bits` (n, never positive) is what a shared
    household takes away; `weight` is the sum of them all and `probability` is
    1 / (1 + (1 - prior) / prior * 2 ** -weight).
    """

    left: Indexes
    right: Indexes
    levels: dict[str, Levels]
    bits: dict[str, Scores]
    household_bits: Scores
    weight: Scores
    probability: Scores
    model: Model


def score(columns: Columns, left: Indexes, right: Indexes) -> Scored:
    """Fit the model to the candidate pairs (n each, left < right) and score them all."""
    levels = compare(columns, left, right)
    chance_bits = {
        field.name: _value_bits(field, columns, left, levels[field.name]) for field in FIELDS
    }
    drawn = _random_levels(columns)
    model = _start(columns, drawn)
    hopeful = _hopeful(model, levels, chance_bits)
    kept = {name: level[hopeful] for name, level in levels.items()}
    kept_bits = {name: bits[hopeful] for name, bits in chance_bits.items()}
    model = _fit(model, columns, drawn, kept, kept_bits)
    return _score(model, left, right, levels, chance_bits)


def _random_levels(columns: Columns) -> dict[str, Levels]:
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


def _value_bits(field: Field, columns: Columns, left: Indexes, level: Levels) -> Scores:
    """Return log2 of u(value) / u(exact) for exact agreements, and 0 elsewhere.

    u(value) is how many others carry the value: agreeing on a value twice as common as usual is
    half as telling. The ratio is taken against the average over agreeing pairs of strangers.
    """
    bits = np.zeros(len(level))
    if not field.by_value:
        return bits
    column = columns.text[field.name]
    usual = _usual_count(column)
    exact = level == EXACT
    others = np.maximum(column.counts[column.codes[left[exact]]] - 1.0, 0.5)
    bits[exact] = np.log2(others / usual)
    return bits


def _usual_count(column: Column) -> float:
    """How many others share a record's value, on average over records: n * u(exact)."""
    counts = column.counts.astype(np.float64)
    shared = float((counts * (counts - 1.0)).sum())
    return max(shared / max(column.known, 1), 0.5)


def _pair_count(columns: Columns) -> float:
    return max(columns.size * (columns.size - 1) / 2.0, 1.0)


def _start(columns: Columns, drawn: dict[str, Levels]) -> Model:
    pairs = _pair_count(columns)
    prior = min(DUPLICATES_PER_RECORD * columns.size / pairs, 0.2)
    household_prior = min(RELATIVES_PER_RECORD * columns.size / pairs, 0.1)
    same = {field.name: _unit([level.same for level in field.levels]) for field in FIELDS}
    chance = {f.name: _chance(f, columns, drawn[f.name], same[f.name], prior) for f in FIELDS}
    household = {f.name: _household(f, same[f.name], chance[f.name]) for f in FIELDS}
    return Model(same, chance, household, prior, household_prior, 0)


def _unit(frequencies: list[float]) -> Scores:
    """Scale the known levels to sum to 1; the unknown level stays 1 and so weighs nothing."""
    known = np.array(frequencies[1:], dtype=np.float64)
    return np.concatenate(([1.0], known / known.sum()))


def _chance(field: Field, columns: Columns, drawn: Levels, same: Scores, prior: float) -> Scores:
    """Estimate u from random pairs and counts, less the pairs of one person among them."""
    counts = np.bincount(drawn, minlength=len(field.levels)).astype(np.float64)
    counts[UNKNOWN] = 0.0
    seen = counts.sum()
    expected = _unit([level.chance for level in field.levels])
    worth = min(CHANCE_WORTH, 0.1 * seen + 100.0)
    rates = (counts + worth * expected) / (seen + worth)
    exact = _exact_rate(field, columns)
    if exact is not None:
        rates[EXACT] = exact
    strangers = (rates - prior * same) / (1.0 - prior)
    floor = np.maximum(0.05 * rates, 0.02 * expected)
    return _unit(list(np.maximum(strangers, floor)))


def _exact_rate(field: Field, columns: Columns) -> float | None:
    """The share of all pairs that agree exactly, counted; None for what is not one text."""
    column = columns.text.get(field.name)
    if column is None or column.known < 2:
        return None
    counts = column.counts.astype(np.float64)
    pairs = column.known * (column.known - 1.0)
    expected = field.exact.chance
    worth = min(CHANCE_WORTH, 0.1 * pairs)
    return float(((counts * (counts - 1.0)).sum() + worth * expected) / (pairs + worth))


def _household(field: Field, same: Scores, chance: Scores) -> Scores:
    if field.shared:
        return 0.95 * same + 0.05 * chance
    told = [level.household for level in field.levels[1:]]
    given = np.array([c if h is None else h for h, c in zip(told, chance[1:], strict=True)])
    return _unit([1.0, *given])


def _log_class(
    frequencies: dict[str, Scores], levels: dict[str, Levels], value_bits: dict[str, Scores] | None
) -> Scores:
    total: Scores = np.zeros(len(next(iter(levels.values()))))
    for field in FIELDS:
        total += np.log2(frequencies[field.name])[levels[field.name]]
        if value_bits is not None:
            total += value_bits[field.name]
    return total


def _household_value_bits(value_bits: dict[str, Scores]) -> Scores:
    """A household shares a family name whatever its frequency, but not a given name."""
    return value_bits["given"]


def _posteriors(
    model: Model, levels: dict[str, Levels], value_bits: dict[str, Scores]
) -> tuple[Scores, Scores]:
    """Return the probabilities of "same person" and of "one household"."""
    same = np.log2(model.prior) + _log_class(model.same, levels, None)
    home = np.log2(model.household_prior) + _log_class(model.household, levels, None)
    home = home + _household_value_bits(value_bits)
    rest = np.log2(1.0 - model.prior - model.household_prior)
    strangers = rest + _log_class(model.chance, levels, value_bits)
    top = np.maximum(np.maximum(same, home), strangers)
    odds = np.exp2(np.stack([same, home, strangers]) - top)
    shares = odds / odds.sum(axis=0)
    return shares[0], shares[1]


def _hopeful(model: Model, levels: dict[str, Levels], value_bits: dict[str, Scores]) -> Indexes:
    same, home = _posteriors(model, levels, value_bits)
    return np.flatnonzero(np.maximum(same, home) > 2.0**HOPELESS_BITS)


def _fit(
    model: Model,
    columns: Columns,
    drawn: dict[str, Levels],
    levels: dict[str, Levels],
    value_bits: dict[str, Scores],
) -> Model:
    """Alternate between whom the pairs are (E) and what that says about the frequencies (M)."""
    for done in range(1, ROUNDS + 1):
        same_share, home_share = _posteriors(model, levels, value_bits)
        pairs = _pair_count(columns)
        prior = _prior(same_share, DUPLICATES_PER_RECORD, columns.size, pairs)
        household_prior = _prior(home_share, RELATIVES_PER_RECORD, columns.size, pairs)
        same = {f.name: _same(f, levels[f.name], same_share) for f in FIELDS}
        chance = {f.name: _chance(f, columns, drawn[f.name], same[f.name], prior) for f in FIELDS}
        household = {f.name: _household(f, same[f.name], chance[f.name]) for f in FIELDS}
        settled = abs(prior - model.prior) <= 1e-4 * model.prior
        model = Model(same, chance, household, prior, household_prior, done)
        if settled:
            break
    return model


def _prior(share: Scores, per_record: float, size: int, pairs: float) -> float:
    """The share of all pairs in a class; the expectation counts as a few records' worth."""
    expected = min(per_record * size, PRIOR_WORTH)
    return float(min((share.sum() + expected) / (pairs + PRIOR_WORTH / per_record), 0.3))


def _same(field: Field, level: Levels, share: Scores) -> Scores:
    counts = np.bincount(level, weights=share, minlength=len(field.levels))
    expected = _unit([known.same for known in field.levels])
    return _unit(list(counts + SAME_WORTH * expected))


def _score(
    model: Model,
    left: Indexes,
    right: Indexes,
    levels: dict[str, Levels],
    value_bits: dict[str, Scores],
) -> Scored:
    bits = {
        f.name: np.log2(model.same[f.name] / model.chance[f.name])[levels[f.name]]
        - value_bits[f.name]
        for f in FIELDS
    }
    weight: Scores = np.sum(list(bits.values()), axis=0)
    home = _log_class(model.household, levels, None) + _household_value_bits(value_bits)
    home -= _log_class(model.chance, levels, value_bits)
    rest = 1.0 - model.prior - model.household_prior
    mixed = (rest + model.household_prior * np.exp2(np.minimum(home, 900.0))) / (1.0 - model.prior)
    household_bits: Scores = np.minimum(-np.log2(mixed), 0.0)
    weight = weight + household_bits
    odds = model.prior / (1.0 - model.prior) * np.exp2(np.clip(weight, -900.0, 900.0))
    probability: Scores = odds / (1.0 + odds)
    return Scored(left, right, levels, bits, household_bits, weight, probability, model)
