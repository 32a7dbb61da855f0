"""Reviews come in once for each change, in any order, and what makes no sense stands apart."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from myriad.kit.clock import utc_now
from myriad.products.keeper.reviewing import (
    GivenReview,
    RefusedReview,
    derived_id,
    find_fault,
    take_in,
)
from tests.products.keeper.ledger import Shop
from tests.products.keeper.reviews_inbox.given import intake, later, review


async def test_the_same_page_twice_changes_nothing(shop: Shop) -> None:
    """A second arrival of the same reviews counts as unchanged and writes no row."""
    rows = [review(f"r{number}", text="Lovely") for number in range(3)]
    first, second = await intake(shop, *rows), await intake(shop, *rows)
    assert (first.new, first.changed, first.unchanged) == (3, 0, 0)
    assert (second.new, second.changed, second.unchanged) == (0, 0, 3)
    assert await shop.value("SELECT count(*) FROM keeper.review") == 3


async def test_an_older_state_that_arrives_late_changes_nothing(shop: Shop) -> None:
    """What the source changed earlier than our state is ignored, whenever it comes."""
    old = review(stars=5, text="Fine")
    new = replace(old, stars=3, text="Not so fine", changed_at=later(old.changed_at))
    await intake(shop, new)
    late = await intake(shop, old)
    assert late.unchanged == 1
    rows = await shop.rows("SELECT stars, text, history FROM keeper.review")
    assert rows == [{"stars": 3, "text": "Not so fine", "history": []}]


async def test_earlier_stars_are_kept(shop: Shop) -> None:
    """A changed review remembers the stars that it had, oldest first."""
    at = utc_now() - timedelta(days=3)
    for step, stars in enumerate((5, 4, 2)):
        await intake(shop, review(stars=stars, at=at, changed_at=later(at, step)))
    row = (await shop.rows("SELECT stars, previous_stars, history FROM keeper.review"))[0]
    assert (row["stars"], row["previous_stars"]) == (2, 4)
    assert [item["stars"] for item in row["history"]] == [5, 4]


async def test_two_states_in_one_page_become_the_newer(shop: Shop) -> None:
    """A page that names a review twice leaves its newest state, wherever it stands."""
    old = review(stars=4)
    new = replace(old, stars=5, changed_at=later(old.changed_at))
    done = await intake(shop, new, old)
    assert (done.new, done.unchanged) == (1, 1)
    assert await shop.value("SELECT stars FROM keeper.review") == 5


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"stars": 6}, "stars_out_of_range"),
        ({"stars": 0}, "stars_out_of_range"),
        ({"stars": None, "text": "  "}, "empty"),
        ({"ext_id": "", "stars": 5}, "no_id"),
        ({"text": "x" * 10_001}, "text_too_long"),
        ({"at": datetime(2026, 1, 1)}, "no_zone"),  # noqa: DTZ001 - what is refused
        ({"at": datetime(2999, 1, 1, tzinfo=UTC)}, "from_the_future"),
    ],
)
def test_a_row_that_is_no_review_is_named(facts: dict[str, object], reason: str) -> None:
    """Every fault has one word."""
    row: GivenReview = review(**facts)  # type: ignore[arg-type]
    assert find_fault(row) == reason


async def test_refused_rows_stand_apart_until_they_are_mended(shop: Shop, other_shop: Shop) -> None:
    """A bad row is kept in quarantine with its reason and leaves it when a sound one comes."""
    done = await intake(shop, review("good"), review("bad", stars=9))
    assert (done.new, done.quarantined) == (1, 1)
    kept = await shop.rows("SELECT object, ext_id, reason FROM keeper.quarantine")
    assert kept == [{"object": "review", "ext_id": "bad", "reason": "stars_out_of_range"}]
    assert await other_shop.rows("SELECT 1 FROM keeper.quarantine") == []
    assert await other_shop.rows("SELECT 1 FROM keeper.review") == []
    await intake(shop, review("bad", stars=4))
    assert await shop.rows("SELECT 1 FROM keeper.quarantine") == []


async def test_rows_refused_by_a_reader_of_files_stand_apart_as_well(shop: Shop) -> None:
    """Rows that a file's reader could not understand are counted and kept with the others."""
    refused = RefusedReview("line-7", "stars_unreadable", {"line": 7, "stars": "great"})
    async with shop.runtime.database.session(shop.tenant_id) as session:
        done = await take_in(session, [review()], [refused])
    assert (done.new, done.unchanged, done.quarantined) == (1, 0, 1)
    assert await shop.value("SELECT reason FROM keeper.quarantine") == "stars_unreadable"


async def test_text_with_a_nul_and_a_day_in_the_accounts_zone(shop: Shop) -> None:
    """A NUL is dropped, and the day of a review is the account's own."""
    at = datetime(2026, 3, 1, 2, 30, tzinfo=UTC)
    await intake(shop, review(text="Nice\0 place", at=at))
    zone = await shop.value("SELECT timezone FROM platform.tenant")
    row = (await shop.rows("SELECT text, local_date FROM keeper.review"))[0]
    assert row["text"] == "Nice place"
    assert row["local_date"] == (date(2026, 2, 28) if zone.startswith("America") else at.date())


async def test_an_answer_that_the_source_shows_is_ours_too(shop: Shop) -> None:
    """A reply written at the source itself counts as sent, also when it comes later."""
    given = review()
    await intake(shop, given)
    await intake(shop, replace(given, reply_text="Thank you!", reply_at=utc_now()))
    row = (await shop.rows("SELECT reply_state, reply_text, reply_by FROM keeper.review"))[0]
    assert row == {"reply_state": "sent", "reply_text": "Thank you!", "reply_by": "source"}


def test_a_derived_name_ignores_space_and_case() -> None:
    """The same author, day and text is one review however it is typed; another day is not."""
    day = date(2026, 5, 1)
    one = derived_id(author="Ann M.", day=day, text="So  good")
    assert one == derived_id(author="ANN M.", day=day, text="so good ")
    assert one != derived_id(author="Ann M.", day=date(2026, 5, 2), text="So good")
