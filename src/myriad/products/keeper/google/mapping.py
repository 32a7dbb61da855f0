"""Google's review as Keeper keeps it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from myriad.products.keeper.reviewing import GivenReview, RefusedReview

SOURCE = "google"
STARS = {"ONE": 1, "TWO": 2, "THREE": 3, "FOUR": 4, "FIVE": 5}
_UNSPECIFIED = "STAR_RATING_UNSPECIFIED"
_PLACE_PARTS = 4


def read_reviews(items: list[dict[str, Any]]) -> tuple[list[GivenReview], list[RefusedReview]]:
    """Return the reviews of a page, and what is none with its reason."""
    given: list[GivenReview] = []
    refused: list[RefusedReview] = []
    for item in items:
        try:
            given.append(read_review(item))
        except KeyError as missing:
            refused.append(_refuse(item, f"missing_{missing.args[0]}"))
        except (ValueError, TypeError, AttributeError) as fault:
            refused.append(_refuse(item, str(fault) if str(fault) in _REASONS else "malformed"))
    return given, refused


_REASONS = ("unknown_stars", "no_id")


def read_review(item: dict[str, Any]) -> GivenReview:
    """Return one review; raises KeyError or ValueError for what is none.

    A rating that Google's reference does not name is refused, never guessed.
    """
    name = str(item["name"])
    if name.count("/") < _PLACE_PARTS:
        raise ValueError("no_id")
    reviewer = item.get("reviewer") or {}
    reply = item.get("reviewReply") or {}
    created = datetime.fromisoformat(item["createTime"])
    answered = reply.get("updateTime")
    return GivenReview(
        source=SOURCE,
        ext_id=name,
        stars=_stars(item.get("starRating")),
        text=str(item.get("comment") or ""),
        reviewed_at=created,
        changed_at=datetime.fromisoformat(item["updateTime"]) if "updateTime" in item else created,
        author=None if reviewer.get("isAnonymous") else reviewer.get("displayName"),
        location=place_of(name),
        reply_text=reply.get("comment") or None,
        reply_at=datetime.fromisoformat(answered) if answered else None,
    )


def place_of(review_name: str) -> str:
    """Return the location's resource name within that of a review."""
    return "/".join(review_name.split("/")[:_PLACE_PARTS])


def account_of(review_name: str) -> str:
    """Return the account's resource name within that of a review."""
    return "/".join(review_name.split("/")[:2])


def _stars(rating: Any) -> int | None:
    if rating in (None, _UNSPECIFIED):
        return None
    if rating not in STARS:
        raise ValueError("unknown_stars")
    return STARS[rating]


def _refuse(item: dict[str, Any], reason: str) -> RefusedReview:
    return RefusedReview(str(item.get("name") or "")[:500], reason, item)
