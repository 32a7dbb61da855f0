"""What the models of `reviews` make of reviews: unhappy or not, honest stars, and whose visit.

Texts are judged by the lexicon, moved by one constant to the account's own share of two stars or
fewer, which the review agent measures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import numpy as np
from scipy.special import expit

from myriad.products.keeper.reviews.mismatch import Mismatch, find_mismatch
from myriad.products.keeper.reviews.model import is_dissatisfied, lexicon_scores
from myriad.products.keeper.reviews.transfer import choose, lexicon_log_odds
from myriad.products.keeper.reviews.visits import Visit, find_visits
from myriad.products.keeper.reviews.words import fold, words_of

__all__ = [
    "FoundVisit",
    "Mismatch",
    "chance_negative",
    "find_mismatch",
    "match_visits",
    "measure_shift",
]

SHIFT_SETTING = "review_shift"
_MOST_MEASURED = 2_000


@dataclass(frozen=True, slots=True)
class FoundVisit:
    """The visit that a review is most likely about, with what speaks for it."""

    person_id: UUID
    visited_on: date
    probability: float
    reasons: tuple[str, ...] = ()


def chance_negative(texts: Sequence[str], shift: float = 0.0) -> list[float | None]:
    """Return P(two stars or fewer | text) of each text, None where there are no words.

    `shift` is the account's constant on the scale of log odds.
    """
    if not texts:
        return []
    chances = expit(lexicon_log_odds(lexicon_scores(texts)) + shift)
    return [
        float(chance) if words_of(fold(text)) else None
        for text, chance in zip(texts, chances, strict=True)
    ]


def measure_shift(reviews: Sequence[Mapping[str, Any]]) -> float:
    """Return the account's constant from its reviews with `stars` and `text`, the newest 2,000."""
    told = [row for row in reviews if row["stars"] is not None and row["text"]][-_MOST_MEASURED:]
    odds = lexicon_log_odds(lexicon_scores([row["text"] for row in told]))
    happened = is_dissatisfied([row["stars"] for row in told])
    return choose(np.asarray(odds), happened).shift


def read_shift(settings: Mapping[str, Any]) -> float:
    """Return the constant that an account's settings hold, 0 before it was measured."""
    return float(settings.get(SHIFT_SETTING) or 0.0)


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
