"""The Reviews screen: filter, trend, aspects, page by page, and the state of answers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from myriad.kit.errors import NotFoundError
from myriad.products.keeper.repository.accounts import find_account, get_account
from myriad.products.keeper.repository.keys import join_key, moment_part, split_key, uuid_part
from myriad.products.keeper.repository.sql import Row, execute, fetch, find, get
from myriad.products.keeper.views.reviews import (
    AspectCount,
    GooglePlace,
    ReviewAspect,
    ReviewCard,
    ReviewFilter,
    ReviewsView,
    ReviewVisit,
    StarsMonth,
)
from myriad.scale.data import ReadSession, Session

_SHOWS = ("all", "unanswered", "answered", "unhappy", "mismatch")
_SAME = (
    "source",
    "stars",
    "previous_stars",
    "text",
    "author",
    "reviewed_at",
    "changed_at",
    "p_negative",
    "mismatch",
    "reply_state",
    "reply_text",
    "reply_by",
    "reply_at",
    "reply_error",
    "can_send",
)


async def list_reviews(session: ReadSession, wanted: ReviewFilter) -> ReviewsView:
    """Return one page of reviews, the last written first, with the trend around them.

    Without an account the view is empty. Raises InvalidInputError for a foreign page mark.
    """
    at, review_id = split_key(wanted.after, 2)
    rows = await fetch(
        session,
        "list_reviews",
        review_id=None,
        stars=wanted.stars,
        show=wanted.show,
        after_at=moment_part(at),
        after_id=uuid_part(review_id),
        limit=wanted.limit + 1,
    )
    more, rows = len(rows) > wanted.limit, rows[: wanted.limit]
    counted = await get(session, "count_reviews")
    account = await find_account(session)
    return ReviewsView(
        filter=wanted,
        counts={show: counted[show] for show in _SHOWS},
        by_stars={stars: counted[f"stars_{stars}"] for stars in range(5, 0, -1)},
        mean=counted["mean"],
        rows=tuple(review_card(row) for row in rows),
        next_after=join_key(rows[-1]["reviewed_at"], rows[-1]["id"]) if more else None,
        google_notice=(account.settings.get("google_notice") or None) if account else None,
        quarantined=counted["quarantined"],
        **await _trend(session),
    )


async def _trend(session: ReadSession) -> dict[str, Any]:
    account = await find_account(session)
    if account is None:
        return {}
    day = account.as_of or account.today
    return {
        "months": tuple(StarsMonth(**row) for row in await fetch(session, "star_months", day=day)),
        "aspects": tuple(
            AspectCount(**row) for row in await fetch(session, "aspect_counts", day=day)
        ),
        "google": tuple(_place(row) for row in await fetch(session, "google_places")),
    }


def _place(row: Row) -> GooglePlace:
    places = row.pop("plan_flags").get("places", ())
    return GooglePlace(places=tuple(place["title"] for place in places), **row)


async def get_review(session: ReadSession, review_id: UUID) -> ReviewCard:
    """Return one review, also a deleted one; raises NotFoundError."""
    row = await find(
        session,
        "list_reviews",
        review_id=review_id,
        stars=None,
        show="all",
        after_at=None,
        after_id=None,
        limit=1,
    )
    if row is None:
        raise NotFoundError("no such review")
    return review_card(row)


def review_card(row: Row) -> ReviewCard:
    """Return a stored review as the screens show it."""
    return ReviewCard(
        review_id=row["id"],
        aspects=tuple(ReviewAspect(**item) for item in row["aspects"]),
        visit=_visit(row),
        is_deleted=row["deleted_at"] is not None,
        **{name: row[name] for name in _SAME},
    )


def _visit(row: Row) -> ReviewVisit | None:
    if row["person_id"] is None or row["match_p"] is None:
        return None
    return ReviewVisit(
        person_id=row["person_id"],
        name=row["display_name"] or "",
        probability=row["match_p"],
        visited_on=row["visit_date"],
        services=tuple(row["services"] or ()),
        staff=tuple(row["staff"] or ()),
        reasons=tuple(row["match_reason"].get("reasons", ())),
    )


async def lock_review(session: Session, review_id: UUID) -> Row:
    """Return a review for an answer, held until the transaction ends; raises NotFoundError."""
    row = await find(session, "lock_review", review_id=review_id)
    if row is None:
        raise NotFoundError("no such review")
    return row


async def set_reply(
    session: Session, review_id: UUID, *, state: str, text: str, by: str | None
) -> None:
    """Keep a draft, or what a person has decided to publish."""
    await execute(session, "set_reply", review_id=review_id, state=state, text=text, by=by)


async def end_reply(
    session: Session, review_id: UUID, *, state: str, text: str, error: str | None = None
) -> bool:
    """Note how sending `text` went; False when another answer was decided on meanwhile."""
    changed = await execute(
        session, "end_reply", review_id=review_id, state=state, text=text, error=error
    )
    return changed > 0


async def business_name(session: ReadSession) -> str:
    """Return the name that answers are signed with."""
    return (await get_account(session)).name
