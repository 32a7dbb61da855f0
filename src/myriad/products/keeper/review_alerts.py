"""When a review is told at once: two stars or fewer, or a text that is very likely a complaint.

Once for each (source, id, time of change); again when the author lowers it. History that comes in
with a first import or a new connection is no news and raises nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Literal

from myriad.kit.clock import local_date, utc_now
from myriad.products.keeper.notify import Notice, raise_notice
from myriad.products.keeper.repository.accounts import AccountFacts
from myriad.products.keeper.repository.review_intake import store_alerts
from myriad.scale.data import Session

LOW_STARS = 2
LIKELY_NEGATIVE = 0.9
NEWS_DAYS = 14
_EXCERPT = 400

Reason = Literal["stars", "text", "lowered"]


def find_reason(
    stars: int | None,
    p_negative: float | None,
    *,
    is_new: bool,
    stars_before: int | None = None,
    p_negative_before: float | None = None,
) -> Reason | None:
    """Return why this state of a review is worth an alert, or None.

    A change that leaves an unhappy review as unhappy as it was says nothing new.
    """
    if not is_unhappy(stars, p_negative):
        return None
    if is_new or not is_unhappy(stars_before, p_negative_before):
        return "stars" if stars is not None and stars <= LOW_STARS else "text"
    lowered = stars is not None and stars_before is not None and stars < stars_before
    return "lowered" if lowered else None


def is_unhappy(stars: int | None, p_negative: float | None) -> bool:
    """Whether stars or words alone say that somebody went away unhappy."""
    return (stars is not None and stars <= LOW_STARS) or (p_negative or 0) >= LIKELY_NEGATIVE


async def raise_alerts(
    session: Session, account: AccountFacts, rows: Sequence[Mapping[str, Any]]
) -> int:
    """Alert about stored reviews, within the transaction that stored them; return how many."""
    day = account.as_of or account.today
    moved = [{**row, "changed_at": _moment(row)} for row in rows]
    found = {row["id"]: alert for row in moved if (alert := _alert(row, account, day))}
    raised = await store_alerts(session, list(found.values()))
    by_id = {row["id"]: row for row in moved}
    for alert in raised:
        review = by_id[alert["review_id"]]
        await raise_notice(session, describe(review, found[review["id"]]["reason"]))
    return len(raised)


def _moment(row: Mapping[str, Any]) -> datetime:
    """Return when a review was changed; where its source gives no time for that, it is now."""
    is_untold = not row["is_new"] and row["changed_before"] == row["changed_at"]
    return utc_now() if is_untold else row["changed_at"]


def _alert(row: Mapping[str, Any], account: AccountFacts, day: date) -> dict[str, Any] | None:
    if local_date(row["changed_at"], account.timezone) < day - timedelta(days=NEWS_DAYS):
        return None
    reason = find_reason(
        row["stars"],
        row["p_negative"],
        is_new=row["is_new"],
        stars_before=row["stars_before"],
        p_negative_before=row["p_negative_before"],
    )
    if reason is None:
        return None
    chosen = {name: row[name] for name in ("changed_at", "stars", "p_negative")}
    return {"review_id": row["id"], "reason": reason, **chosen}


def describe(row: Mapping[str, Any], reason: Reason) -> Notice:
    """Return what people are told about a review."""
    author = _printable(row["author"] or "Somebody")[:80]
    stars = row["stars"]
    title = f"{author} left {_STARS[stars]}" if stars else f"{author} wrote an unhappy review"
    if reason == "lowered":
        title = f"{author} lowered a review from {row['stars_before']} to {stars} stars"
    elif reason == "text" and stars:
        title = f"{author} gave {stars} stars, but the words are unhappy"
    return Notice(
        kind="review",
        dedup_key=f"review:{row['id']}:{row['changed_at'].isoformat()}",
        level="urgent",
        title=title,
        detail=row["text"][:_EXCERPT],
        href=f"/keeper/reviews/{row['id']}",
        review_id=row["id"],
    )


_STARS = {1: "one star", 2: "two stars", 3: "three stars", 4: "four stars", 5: "five stars"}


def _printable(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable()) or "Somebody"
