"""What customers say in public, the alerts it raised, and its trend."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from myriad.products.keeper.models.columns import (
    SCHEMA,
    Day,
    Real,
    Small,
    TenantKey,
    Word,
    of_account,
    of_person,
)
from myriad.scale.data import TenantModel, TimestampedModel


class Review(TenantModel):
    """One public review as its author last left it.

    `changed_at` is the source's own time of change: what arrives with an older one changes nothing.
    `history` holds earlier stars as {stars, changed_at}, oldest first. `examined` is false until the
    agent has seen this state. `mismatch` is `worse_than_stars`, `better_than_stars` or None.
    `reply_state` is none, draft, approved (a person has sent it, the source has not answered yet),
    sent or failed; `match_p` is the probability that the visit is the one spoken of.
    """

    __tablename__ = "review"
    __table_args__ = (
        of_account(),
        of_person("person_id", "SET NULL (person_id)"),
        CheckConstraint("stars BETWEEN 1 AND 5", name="stars"),
        CheckConstraint(
            "reply_state IN ('none', 'draft', 'approved', 'sent', 'failed')", name="reply_state"
        ),
        Index("uq_review_ext_id", "tenant_id", "source", "ext_id", unique=True),
        Index("ix_review_newest", "tenant_id", sql("reviewed_at DESC"), sql("id DESC")),
        Index("ix_review_person", "tenant_id", "person_id"),
        Index(
            "ix_review_unexamined",
            "tenant_id",
            "local_date",
            postgresql_where=sql("NOT examined"),
        ),
        {"schema": SCHEMA},
    )

    source: Mapped[Word]
    ext_id: Mapped[Word]
    location_ext_id: Mapped[Word | None]
    stars: Mapped[Small | None]
    previous_stars: Mapped[Small | None]
    history: Mapped[list[Any]] = mapped_column(server_default=sql("'[]'"))
    text: Mapped[Word] = mapped_column(server_default="")
    author: Mapped[Word | None]
    reviewed_at: Mapped[datetime]
    local_date: Mapped[Day]
    changed_at: Mapped[datetime]
    taken_in_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
    deleted_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]
    examined: Mapped[bool] = mapped_column(server_default=sql("false"))
    p_negative: Mapped[Real | None]
    mismatch: Mapped[Word | None]
    aspects: Mapped[list[Any]] = mapped_column(server_default=sql("'[]'"))
    person_id: Mapped[UUID | None]
    visit_date: Mapped[Day | None]
    match_p: Mapped[Real | None]
    match_reason: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'"))
    reply_text: Mapped[Word | None]
    reply_state: Mapped[Word] = mapped_column(server_default="none")
    reply_by: Mapped[Word | None]
    reply_at: Mapped[datetime | None]
    reply_error: Mapped[Word | None]


class ReviewAlert(TenantModel):
    """An alert about one state of one review, raised once; `reason` is stars, text or lowered."""

    __tablename__ = "review_alert"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "review_id"],
            ["keeper.review.tenant_id", "keeper.review.id"],
            ondelete="CASCADE",
        ),
        Index("uq_review_alert_change", "tenant_id", "review_id", "changed_at", unique=True),
        {"schema": SCHEMA},
    )

    review_id: Mapped[UUID]
    changed_at: Mapped[datetime]
    reason: Mapped[Word]
    stars: Mapped[Small | None]
    p_negative: Mapped[Real | None]
    seconds_after_intake: Mapped[Real | None]


class ReviewSummary(TenantKey, TimestampedModel):
    """The reviews of one month as they were known on a business date; sums, never means."""

    __tablename__ = "review_summary"
    __table_args__ = (of_account(), {"schema": SCHEMA})

    business_date: Mapped[date] = mapped_column(primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    reviews: Mapped[int]
    rated: Mapped[int]
    stars_total: Mapped[int]
    negative: Mapped[int]
    mismatched: Mapped[int]
    matched: Mapped[int]
    aspects: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'"))
