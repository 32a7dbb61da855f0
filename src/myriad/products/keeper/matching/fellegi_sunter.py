"""Probabilistic linkage after Fellegi and Sunter (1969), as a mixture of four classes.

A pair of records is of one person, of one person who has moved house (the address agrees no more
than between strangers), of two people of one household (they share what a household shares), or of
strangers. In each class each comparison level has a frequency, and within a class the fields are
taken as independent: the dependence that matters is what the classes are for. The weight of a pair
is the sum over the fields of log2(m/u), m being the frequency for one person and u for strangers,
plus what moving explains and less what a household explains.

m and the priors come from expectation maximisation (Dempster, Laird and Rubin 1977; Winkler 1988)
over the candidate pairs; the pairs outside the blocks have next to no probability and so add
nothing. u comes from random pairs and counts (see `chance`). There are no labels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from myriad.products.keeper.matching.chance import (
    all_value_bits,
    chance_rates,
    nested_rate,
    nests,
    random_levels,
)
from myriad.products.keeper.matching.columns import Columns, Indexes, Levels, Scores
from myriad.products.keeper.matching.compare import EXACT, compare
from myriad.products.keeper.matching.fields import FIELDS, Field, unit
from myriad.products.keeper.matching.frequency import Frequency
from myriad.products.keeper.matching.model import Model, Pairs, Scored, Shares

ROUNDS = 40
_UNKNOWN: Mapping[str, Frequency] = MappingProxyType({})
# How many imaginary pairs the experience in `fields` is worth against the data.
SAME_WORTH = 12.0
# Before any data: of a hundred customers five have a duplicate, two a relative in the list.
DUPLICATES_PER_RECORD = 0.05
RELATIVES_PER_RECORD = 0.02
MOVED = 0.04
MOVED_WORTH = 50.0
# A pair whose odds start below this never matters to the estimates.
HOPELESS = 2.0**-20


def fit(columns: Columns, left: Indexes, right: Indexes, prior_worth: float = 0.5) -> Scored:
    """Fit the model to the candidate pairs (n each, left < right) and score them all.

    `prior_worth` is how many pairs of either kind our expectation of duplicates and relatives is
    worth against the data; half a pair is as little as a prior can say.
    """
    pairs = _pairs(columns, left, right)
    drawn = random_levels(columns)
    model = _start(columns, drawn, pairs)
    first = _shares(model, pairs)
    hopeful = np.flatnonzero(np.maximum(first.same, first.household) > HOPELESS)
    model = _fit(model, columns, drawn, pairs.only(hopeful), prior_worth)
    known = {f.name: Frequency.of(columns.text[f.name]) for f in FIELDS if f.by_value}
    return _score(replace(model, frequencies=known), left, right, pairs)


def score(model: Model, columns: Columns, left: Indexes, right: Indexes) -> Scored:
    """Score more pairs of the same records with a model that is already fitted."""
    return _score(model, left, right, _pairs(columns, left, right, model.frequencies))


def _pairs(
    columns: Columns, left: Indexes, right: Indexes, known: Mapping[str, Frequency] = _UNKNOWN
) -> Pairs:
    levels = compare(columns, left, right)
    return Pairs(levels, all_value_bits(columns, left, levels, known), nests(columns, levels))


def _pair_count(columns: Columns) -> float:
    return max(columns.size * (columns.size - 1) / 2.0, 1.0)


def _start(columns: Columns, drawn: dict[str, Levels], pairs: Pairs) -> Model:
    count = _pair_count(columns)
    prior = min(DUPLICATES_PER_RECORD * columns.size / count, 0.2)
    household_prior = min(RELATIVES_PER_RECORD * columns.size / count, 0.1)
    same = {field.name: unit([level.same for level in field.levels]) for field in FIELDS}
    nobody = np.zeros(len(next(iter(pairs.levels.values()))))
    return _model(columns, drawn, pairs, same, (prior, MOVED, household_prior), nobody)


def _model(
    columns: Columns,
    drawn: dict[str, Levels],
    pairs: Pairs,
    same: dict[str, Scores],
    priors: tuple[float, float, float],
    same_share: Scores,
    rounds: int = 0,
) -> Model:
    """Complete a model from m and the priors: u, the household and the nests follow."""
    chance = {
        f.name: chance_rates(f, columns, drawn[f.name], same[f.name], priors[0]) for f in FIELDS
    }
    household = {f.name: _household(f, same[f.name], chance[f.name]) for f in FIELDS}
    nested = tuple(
        nested_rate(nest, float(chance[nest.field][EXACT]), same_share) for nest in pairs.nests
    )
    return Model(same, chance, household, *priors, nested, rounds)


def _household(field: Field, same: Scores, chance: Scores) -> Scores:
    if field.shared:
        return 0.95 * same + 0.05 * chance
    told = [level.household for level in field.levels[1:]]
    given = np.array([c if h is None else h for h, c in zip(told, chance[1:], strict=True)])
    return unit([1.0, *given])


def _log_odds(model: Model, pairs: Pairs, value_bits: dict[str, Scores]) -> tuple[Scores, ...]:
    """Return log2 of likelihood ratios against strangers: (stayed, moved, household)."""
    stayed, moved, household = (np.zeros(len(next(iter(pairs.levels.values())))) for _ in range(3))
    for field in FIELDS:
        level, common = pairs.levels[field.name], value_bits[field.name]
        chance = np.log2(model.chance[field.name])
        bits = (np.log2(model.same[field.name]) - chance)[level] - common
        stayed += bits
        if not field.shared:
            moved += bits
        household += (np.log2(model.household[field.name]) - chance)[level]
        # A household shares a family name however common it is, but not a given name.
        household -= common if field.name != "given" else 0.0
    return stayed, moved, household


def _shares(model: Model, pairs: Pairs) -> Shares:
    """The expectation step."""
    ratios = _log_odds(model, pairs, pairs.value_bits(model))
    rest = 1.0 - model.prior - model.household_prior
    priors = (
        model.prior * (1.0 - model.moved),
        model.prior * model.moved,
        model.household_prior,
    )
    logs = [np.log2(p / rest) + r for p, r in zip(priors, ratios, strict=True)]
    top = np.maximum(np.max(logs, axis=0), 0.0)
    parts = [np.exp2(log - top) for log in logs]
    total = np.exp2(-top) + np.sum(parts, axis=0)
    return Shares(*(part / total for part in parts))


def _fit(
    model: Model, columns: Columns, drawn: dict[str, Levels], pairs: Pairs, prior_worth: float
) -> Model:
    """Alternate between whom the pairs are (E) and what that says about the frequencies (M)."""
    for rounds in range(1, ROUNDS + 1):
        shares = _shares(model, pairs)
        one = shares.same
        moved = (shares.moved.sum() + MOVED * MOVED_WORTH) / (one.sum() + MOVED_WORTH)
        priors = (
            _prior(one, DUPLICATES_PER_RECORD, columns, prior_worth),
            float(moved),
            _prior(shares.household, RELATIVES_PER_RECORD, columns, prior_worth),
        )
        same = {f.name: _same(f, pairs.levels[f.name], shares) for f in FIELDS}
        settled = abs(priors[0] - model.prior) <= 1e-4 * model.prior
        model = _model(columns, drawn, pairs, same, priors, one, rounds)
        if settled:
            break
    return model


def _prior(share: Scores, per_record: float, columns: Columns, worth: float) -> float:
    """The share of all pairs in a class; the expectation counts as `worth` pairs."""
    expected = min(per_record * columns.size, worth)
    pairs = _pair_count(columns) + worth / per_record
    return float(min((share.sum() + expected) / pairs, 0.3))


def _same(field: Field, level: Levels, shares: Shares) -> Scores:
    share = shares.stayed if field.shared else shares.same
    counts = np.bincount(level, weights=share, minlength=len(field.levels))
    expected = unit([known.same for known in field.levels])
    learned = unit(list(counts + SAME_WORTH * expected))
    return _bounded(field, learned)


def _bounded(field: Field, learned: Scores) -> Scores:
    """Hold each level to the most that it may have in one person; the best level takes the rest.

    Couples who share an e-mail would otherwise teach that one person goes by two given names.
    """
    bounded: Scores = np.minimum(learned, [level.most for level in field.levels])
    bounded[EXACT] += learned[1:].sum() - bounded[1:].sum()
    return bounded


def _score(model: Model, left: Indexes, right: Indexes, pairs: Pairs) -> Scored:
    value_bits = pairs.value_bits(model)
    bits = {
        f.name: np.log2(model.same[f.name] / model.chance[f.name])[pairs.levels[f.name]]
        - value_bits[f.name]
        for f in FIELDS
    }
    stayed, moved, household = _log_odds(model, pairs, value_bits)
    moved_bits = np.log2(1.0 - model.moved + model.moved * np.exp2(moved - stayed))
    strangers = (1.0 - model.prior - model.household_prior) / (1.0 - model.prior)
    home = np.exp2(household) * model.household_prior / (1.0 - model.prior)
    household_bits: Scores = np.minimum(-np.log2(strangers + home), 0.0)
    weight: Scores = stayed + moved_bits + household_bits
    odds = model.prior / (1.0 - model.prior) * np.exp2(weight)
    probability: Scores = odds / (1.0 + odds)
    none = np.full(len(left), -1, dtype=np.int64)
    told = (bits, moved_bits, household_bits, np.zeros(len(left)), none)
    return Scored(left, right, pairs.levels, *told, weight, probability, model)
