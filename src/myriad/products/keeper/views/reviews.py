"""The Reviews screen: what customers said in public, and what was answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal
from uuid import UUID

ReviewShow = Literal["all", "unanswered", "answered", "unhappy", "mismatch"]
ReplyState = Literal["none", "draft", "approved", "sent", "failed"]
Mismatch = Literal["worse_than_stars", "better_than_stars"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewFilter:
    """What the Reviews screen is asked for."""

    show: ReviewShow = "all"
    stars: int | None = None
    after: str | None = None
    limit: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewAspect:
    """One thing that the author speaks of, how, and the words that say so."""

    name: str
    feeling: Literal["good", "bad", "mixed", "neutral"]
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewVisit:
    """The visit that a review is most likely about; the owner's own knowledge, never published."""

    person_id: UUID
    name: str
    probability: float
    visited_on: date | None = None
    services: tuple[str, ...] = ()
    staff: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewCard:
    """One review. `p_negative` is the chance that the text belongs to two stars or fewer.

    `can_send` says that an answer can be published from here; else the source must be visited.
    """

    review_id: UUID
    source: str
    stars: int | None
    text: str
    author: str | None
    reviewed_at: datetime
    changed_at: datetime
    previous_stars: int | None = None
    p_negative: float | None = None
    mismatch: Mismatch | None = None
    aspects: tuple[ReviewAspect, ...] = ()
    visit: ReviewVisit | None = None
    reply_state: ReplyState = "none"
    reply_text: str | None = None
    reply_by: str | None = None
    reply_at: datetime | None = None
    reply_error: str | None = None
    can_send: bool = False
    is_deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StarsMonth:
    """The reviews of one calendar month; `mean` None when none of them gave stars."""

    month: date
    reviews: int
    mean: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AspectCount:
    """How often an aspect was praised and how often it was criticised, in the last 12 months."""

    name: str
    good: int
    bad: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GooglePlace:
    """One business account on Google and how its reading goes."""

    connection_id: UUID
    title: str
    status: str
    notice: str | None = None
    places: tuple[str, ...] = ()
    last_read_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewsView:
    """One page of reviews, the last written first. `counts` has a number for each `show`."""

    filter: ReviewFilter
    counts: dict[str, int] = field(default_factory=dict)
    by_stars: dict[int, int] = field(default_factory=dict)
    mean: float | None = None
    months: tuple[StarsMonth, ...] = ()
    aspects: tuple[AspectCount, ...] = ()
    rows: tuple[ReviewCard, ...] = ()
    next_after: str | None = None
    google: tuple[GooglePlace, ...] = ()
    google_notice: str | None = None
    quarantined: int = 0
