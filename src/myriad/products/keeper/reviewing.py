"""Taking reviews in: once for each change, judged at once, and told when somebody is unhappy.

Whatever the source, a review is named by (source, ext_id) and its states are ordered by the
source's own time of change, so that pages, webhooks and files may come twice and in any order.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from myriad.kit.clock import local_date, utc_now
from myriad.products.keeper.judging import JUDGES
from myriad.products.keeper.opinions import chance_negative
from myriad.products.keeper.repository.accounts import AccountFacts, get_account
from myriad.products.keeper.repository.review_intake import keep_apart, store_reviews, store_scores
from myriad.products.keeper.repository.sql import Row
from myriad.products.keeper.review_alerts import raise_alerts
from myriad.scale.data import Session

LONGEST_TEXT = 10_000
MOST_AHEAD = timedelta(days=1)
_BEST, _WORST = 5, 1
_KEPT_CHARACTERS = 2_000
REASONS = {
    "stars_out_of_range": "stars are one to five",
    "empty": "neither stars nor a text",
    "no_id": "no name that would tell it from others",
    "text_too_long": "the text is longer than 10,000 characters",
    "no_zone": "a time without a zone",
    "from_the_future": "its time is still to come",
    "unknown_stars": "a rating that is not known",
}


@dataclass(frozen=True, slots=True)
class GivenReview:
    """One review as a source has it now.

    `ext_id` is the source's own name for it, or `derived_id` where the source has none. `stars` is
    1 to 5, None where none were given. `reply_text` is the answer that the source already shows,
    `line` where the review stands in a file.
    """

    source: str
    ext_id: str
    stars: int | None
    text: str
    reviewed_at: datetime
    changed_at: datetime
    author: str | None = None
    location: str | None = None
    reply_text: str | None = None
    reply_at: datetime | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class RefusedReview:
    """A row that is no review, why, and what it held; kept in quarantine under `ext_id`."""

    ext_id: str
    reason: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Intake:
    """What became of the rows; an older state than ours counts as unchanged."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    alerts: int = 0
    refused: tuple[RefusedReview, ...] = ()

    @property
    def quarantined(self) -> int:
        """How many rows were kept apart."""
        return len(self.refused)


def derived_id(*, author: str | None, day: date, text: str, stars: int | None = None) -> str:
    """Return a name for a review whose source gives none: the same author, day and text.

    Stars count only where there is no text, so that a corrected file changes a review.
    """
    parts = (author or "", day.isoformat(), text or f"{stars}")
    joined = "\0".join(" ".join(part.casefold().split()) for part in parts)
    return "derived-" + hashlib.blake2b(joined.encode(), digest_size=16).hexdigest()


async def take_in(
    session: Session, rows: Sequence[GivenReview], refused: Iterable[RefusedReview] = ()
) -> Intake:
    """Store what is new or changed, judge its text, and alert; `refused` go to quarantine as well.

    Part of the caller's transaction. Raises NoAccountError before the account is open.
    """
    account = await get_account(session)
    sound, unsound = sort_out(rows)
    own = len(unsound)
    unsound += refused
    await keep_apart(session, [asdict(row) for row in unsound], [row.ext_id for row in sound])
    stored = await store_reviews(session, [_stored_form(row, account) for row in sound])
    alerts = await raise_alerts(session, account, await _judge(session, stored))
    fresh = sum(1 for row in stored if row["is_new"])
    return Intake(
        new=fresh,
        changed=len(stored) - fresh,
        unchanged=len(rows) - own - len(stored),
        alerts=alerts,
        refused=tuple(sorted(unsound, key=lambda row: int(row.body.get("line", 0)))),
    )


def sort_out(rows: Sequence[GivenReview]) -> tuple[list[GivenReview], list[RefusedReview]]:
    """Return the newest state of each usable review, and what is refused with its reason."""
    newest: dict[tuple[str, str], GivenReview] = {}
    refused = []
    for row in rows:
        reason = find_fault(row)
        if reason is not None:
            refused.append(_refusal(row, reason))
            continue
        known = newest.get((row.source, row.ext_id))
        if known is None or row.changed_at >= known.changed_at:
            newest[row.source, row.ext_id] = row
    return list(newest.values()), refused


def find_fault(row: GivenReview) -> str | None:
    """Return why a row is no review, or None: a word of `REASONS`."""
    if not row.ext_id or not row.source:
        return "no_id"
    if row.stars is not None and not _WORST <= row.stars <= _BEST:
        return "stars_out_of_range"
    if row.stars is None and not row.text.strip():
        return "empty"
    if len(row.text) > LONGEST_TEXT:
        return "text_too_long"
    if row.reviewed_at.tzinfo is None or row.changed_at.tzinfo is None:
        return "no_zone"
    if max(row.reviewed_at, row.changed_at) > utc_now() + MOST_AHEAD:
        return "from_the_future"
    return None


def _refusal(row: GivenReview, reason: str) -> RefusedReview:
    body = {
        "source": row.source,
        "stars": row.stars,
        "author": row.author,
        "text": row.text[:_KEPT_CHARACTERS],
        "reviewed_at": row.reviewed_at.isoformat(),
        "changed_at": row.changed_at.isoformat(),
    }
    if row.line is not None:
        body |= {"line": row.line, "detail": f"line {row.line}: {REASONS[reason]}"}
    return RefusedReview(row.ext_id, reason, body)


def _stored_form(row: GivenReview, account: AccountFacts) -> dict[str, Any]:
    # PostgreSQL keeps no NUL in text; nobody meant to write one.
    cleaned = replace(
        row, text=row.text.replace("\0", "").strip(), author=(row.author or "").replace("\0", "")
    )
    return {
        **asdict(cleaned),
        "author": cleaned.author or None,
        "local_date": local_date(row.reviewed_at, account.timezone),
    }


async def _judge(session: Session, stored: list[Row]) -> list[Row]:
    judge = await JUDGES.get(session)
    chances = await asyncio.to_thread(chance_negative, [row["text"] for row in stored], judge)
    judged = [{**row, "p_negative": p} for row, p in zip(stored, chances, strict=True)]
    await store_scores(session, judged)
    return judged
