"""Unhappy customers are told of at once, once for each change, and again when they go lower."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from myriad.kit.clock import utc_now
from myriad.products.keeper.review_alerts import describe, find_reason
from myriad.products.keeper.reviewing import take_in
from tests.products.keeper.ledger import Shop
from tests.products.keeper.reviews_inbox.given import intake, later, review


@pytest.mark.parametrize(
    ("stars", "p_negative", "reason"),
    [
        (1, None, "stars"),
        (2, 0.1, "stars"),
        (3, 0.89, None),
        (5, 0.9, "text"),
        (None, 0.95, "text"),
    ],
)
def test_two_stars_or_an_unhappy_text_are_worth_an_alert(
    stars: int | None, p_negative: float | None, reason: str | None
) -> None:
    """Two stars or fewer, or words that are a complaint with 90 per cent."""
    assert find_reason(stars, p_negative, is_new=True) == reason


@pytest.mark.parametrize(
    ("before", "now", "reason"),
    [(2, 1, "lowered"), (5, 2, "stars"), (1, 2, None), (1, 1, None), (5, 4, None)],
)
def test_a_change_alerts_when_it_lowers(before: int, now: int, reason: str | None) -> None:
    """Only a change for the worse is told again."""
    assert find_reason(now, None, is_new=False, stars_before=before) == reason


async def test_one_alert_for_each_change(shop: Shop, other_shop: Shop) -> None:
    """A one-star review raises one alert and one notice however often it is read."""
    low = review(stars=1, text="Cold room")
    for _ in range(3):
        await intake(shop, low)
    await intake(other_shop, review("theirs", stars=5))
    assert await shop.value("SELECT count(*) FROM keeper.review_alert") == 1
    notices = await shop.rows("SELECT kind, level, title FROM keeper.notice")
    assert [(row["kind"], row["level"]) for row in notices] == [("review", "urgent")]
    assert "one star" in notices[0]["title"]
    assert await other_shop.rows("SELECT 1 FROM keeper.review_alert") == []


async def test_an_edit_downward_alerts_again_and_an_edit_upward_does_not(shop: Shop) -> None:
    """Two stars, then one: two alerts; then two again: no third."""
    at = utc_now() - timedelta(hours=3)
    counts = []
    for step, stars in enumerate((2, 1, 2)):
        done = await intake(shop, review(stars=stars, at=at, changed_at=later(at, step)))
        counts.append(done.alerts)
    assert counts == [1, 1, 0]
    reasons = await shop.rows("SELECT reason FROM keeper.review_alert ORDER BY changed_at")
    assert [row["reason"] for row in reasons] == ["stars", "lowered"]


async def test_an_edit_without_a_time_of_its_own_was_made_when_it_is_seen(shop: Shop) -> None:
    """A file tells only when a review was written: two stars of last month that are one star now."""
    at = utc_now() - timedelta(days=30)
    counts = [(await intake(shop, review(stars=stars, at=at))).alerts for stars in (5, 2, 1, 1)]
    assert counts == [0, 1, 1, 0]
    levels = await shop.rows("SELECT title FROM keeper.notice ORDER BY created_at")
    assert [row["title"] for row in levels][1].endswith("from 2 to 1 stars")


async def test_the_past_is_no_news(shop: Shop) -> None:
    """One star of a month ago, read with a new connection, wakes nobody."""
    done = await intake(shop, review(stars=1, at=utc_now() - timedelta(days=30)))
    assert (done.new, done.alerts) == (1, 0)
    assert await shop.rows("SELECT 1 FROM keeper.notice") == []


async def test_a_deed_that_fails_leaves_no_alert(shop: Shop) -> None:
    """The alert exists if and only if the review does."""
    with pytest.raises(RuntimeError):
        await _take_in_and_fail(shop)
    assert await shop.rows("SELECT 1 FROM keeper.review_alert") == []


def test_a_name_of_control_characters_breaks_no_notice() -> None:
    """What a stranger calls himself becomes one printable line."""
    given = review(stars=1)
    row = {"id": "1", "stars": 1, "stars_before": None, "text": "bad", "author": "A\n\u202eB"}
    notice = describe({**row, "changed_at": replace(given).changed_at}, "stars")
    assert notice.title == "AB left one star"


async def _take_in_and_fail(shop: Shop) -> None:
    async with shop.runtime.database.session(shop.tenant_id) as session:
        await take_in(session, [review(stars=1)])
        raise RuntimeError
