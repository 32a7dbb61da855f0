"""What the models of `reviews` make of reviews: unhappy or not, honest stars, and whose visit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from uuid import UUID

Mismatch = Literal["worse_than_stars", "better_than_stars"]


@dataclass(frozen=True, slots=True)
class FoundVisit:
    """The visit that a review is most likely about, with what speaks for it."""

    person_id: UUID
    visited_on: date | None
    probability: float
    reasons: tuple[str, ...] = ()


def chance_negative(texts: Sequence[str]) -> list[float | None]:
    """Return P(two stars or fewer | text) of each text, None where there are no words."""
    return [None for _ in texts]


def find_mismatch(stars: int | None, p_negative: float | None, text: str) -> Mismatch | None:
    """Return how the words differ from the stars, or None."""
    return None


def match_visits(
    reviews: Sequence[Mapping[str, Any]], visits: Sequence[Mapping[str, Any]]
) -> list[FoundVisit | None]:
    """Return for each review the visit behind it, or None."""
    return [None for _ in reviews]
