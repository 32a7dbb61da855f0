"""What the models of `reviews` make of reviews: unhappy or not, honest stars, and whose visit.

Texts are judged by the lexicon, or by it and a trained model, moved by one constant to the
account's own share of two stars or fewer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from myriad.products.keeper.reviews.mismatch import Mismatch, find_mismatch
from myriad.products.keeper.reviews.model import (
    SentimentModel,
    is_dissatisfied,
    lexicon_scores,
)
from myriad.products.keeper.reviews.transfer import (
    Choice,
    choose,
    domain_weight,
    lexicon_log_odds,
)
from myriad.products.keeper.reviews.visits import Visit, find_visits
from myriad.products.keeper.reviews.words import fold, words_of

__all__ = [
    "FoundVisit",
    "Judge",
    "Mismatch",
    "chance_negative",
    "find_mismatch",
    "make_judge",
    "match_visits",
]

FEWEST_STARRED = 30


@dataclass(frozen=True, slots=True)
class FoundVisit:
    """The visit that a review is most likely about, with what speaks for it."""

    person_id: UUID
    visited_on: date
    probability: float
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judge:
    """How one account's texts are judged: a trained model, if any, and what its stars decided."""

    model: SentimentModel | None
    choice: Choice


def make_judge(starred: Sequence[tuple[str, int]], model: SentimentModel | None) -> Judge:
    """Return the judge of an account from its own (text, stars): the gate and the base rate.

    Fewer than `FEWEST_STARRED` say nothing about the account: one furious text would be called
    ordinary, because the mean over it alone must be the base rate.
    """
    coverage = model.coverage([text for text, _ in starred]) if model else float("nan")
    told = starred if len(starred) >= FEWEST_STARRED else ()
    texts = [text for text, _ in told]
    happened = is_dissatisfied([stars for _, stars in told])
    odds = lexicon_log_odds(lexicon_scores(texts))
    if model is None:
        return Judge(None, choose(odds, happened))
    weight = domain_weight(coverage, model.provenance.coverage)
    rate = model.provenance.base_rate
    return Judge(model, choose(odds, happened, model.log_odds(texts), weight, rate))


LEXICON = make_judge((), None)


def chance_negative(texts: Sequence[str], judge: Judge = LEXICON) -> list[float | None]:
    """Return P(two stars or fewer | text) of each text, None where there are no words."""
    if not texts:
        return []
    odds = lexicon_log_odds(lexicon_scores(texts))
    trained = judge.model.log_odds(texts) if judge.model else None
    chances = judge.choice.probabilities(odds, trained)
    return [
        float(chance) if words_of(fold(text)) else None
        for text, chance in zip(texts, chances, strict=True)
    ]


def match_visits(
    reviews: Sequence[Mapping[str, Any]], visits: Sequence[Mapping[str, Any]]
) -> list[FoundVisit | None]:
    """Return for each review (author, local_date, text) the visit behind it, or None.

    `visits` have person_id, local_date, names, services and staff.
    """
    known = [
        Visit(
            person=row["person_id"],
            day=row["local_date"],
            names=tuple(row["names"]),
            services=tuple(row["services"]),
            staff=tuple(row["staff"]),
        )
        for row in visits
    ]
    asked = [(row["author"], row["local_date"], row["text"]) for row in reviews]
    return [
        FoundVisit(match.person, match.day, match.probability, match.reasons) if match else None
        for match in find_visits(known, asked)
    ]
