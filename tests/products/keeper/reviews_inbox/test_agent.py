"""The review agent: aspects, honest stars, the visit behind a review, and the months."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from myriad.products.keeper.agents.context import AgentReport
from myriad.products.keeper.agents.graph import run_agent
from myriad.products.keeper.agents.review import REVIEW
from tests.products.keeper.ledger import LAST, Shop, fill
from tests.products.keeper.reviews_inbox.given import intake, review

ONE = "SELECT * FROM keeper.review WHERE ext_id = %(ext_id)s"


def at(day: date, hour: int = 16) -> datetime:
    """Return an hour of a day."""
    return datetime.combine(day, time(hour), UTC)


async def examine(shop: Shop, day: date = LAST, *, again: bool = False) -> AgentReport:
    return await run_agent(REVIEW, await shop.context(day), again)


async def found(shop: Shop, ext_id: str = "r1") -> dict[str, Any]:
    return (await shop.rows(ONE, ext_id=ext_id))[0]


async def test_without_reviews_the_agent_says_how_they_come(shop: Shop) -> None:
    """An account without reviews costs one look and is told what to do."""
    report = await examine(shop)
    assert report.state == "skipped"
    assert "import a file" in (report.error or "")


async def test_the_same_reviews_are_examined_once(shop: Shop) -> None:
    """A second run on the same inputs does nothing; a new review makes it work again."""
    await intake(shop, review(text="Friendly staff", at=at(LAST)))
    first, second = await examine(shop), await examine(shop)
    assert (first.state, first.unchanged) == ("ok", False)
    assert second.unchanged
    await intake(shop, review("r2", at=at(LAST)))
    assert not (await examine(shop)).unchanged


async def test_aspects_and_a_mismatch_are_found(shop: Shop) -> None:
    """Five stars over a complaint stand out, with what the text speaks of."""
    text = "Horrible, the staff was rude and dirty rooms everywhere. Terrible, worst spa ever."
    await intake(shop, review(stars=5, text=text, at=at(LAST)))
    await examine(shop)
    row = await found(shop)
    assert row["mismatch"] == "worse_than_stars"
    spoken = {aspect["name"]: aspect["feeling"] for aspect in row["aspects"]}
    assert spoken["staff"] == "bad"
    assert row["p_negative"] > 0.75


async def test_a_review_finds_the_visit_of_its_author(shop: Shop, other_shop: Shop) -> None:
    """The name and the days since a visit say whose it is; the neighbour's visitors do not count."""
    for one in (shop, other_shop):
        await fill(one, 40)
    await shop.add_customer("ida", given_name="Ida", family_name="Holmberg")
    await shop.sell("ida", [LAST - timedelta(days=3)])
    await shop.run()
    given = review(author="Ida Holmberg", text="Lovely", at=at(LAST - timedelta(days=1)))
    for one in (shop, other_shop):
        await intake(one, given)
        await examine(one)
    row = await found(shop)
    person = await shop.value("SELECT person_id FROM keeper.customer WHERE ext_id = 'ida'")
    assert (row["person_id"], row["visit_date"]) == (person, LAST - timedelta(days=3))
    assert row["match_p"] >= 0.8
    assert row["match_reason"]["reasons"]
    assert (await found(other_shop))["person_id"] is None


async def test_a_changed_review_is_examined_again(shop: Shop) -> None:
    """What was found belongs to the words that stood there."""
    old = review(text="Friendly staff", at=at(LAST))
    await intake(shop, old)
    await examine(shop)
    await intake(
        shop, replace(old, text="Overpriced", changed_at=old.changed_at + timedelta(hours=1))
    )
    await examine(shop)
    assert [aspect["name"] for aspect in (await found(shop))["aspects"]] == ["price"]


async def test_a_run_as_of_a_day_knows_nothing_after_it(shop: Shop) -> None:
    """Months as of May know neither June's review nor that May's was lowered in June."""
    may, june = date(2025, 5, 20), date(2025, 6, 10)
    first = review("may", stars=5, at=at(may))
    await intake(shop, first, review("june", stars=1, at=at(june)))
    await intake(shop, replace(first, stars=2, changed_at=at(june)))
    await examine(shop)
    examined = await found(shop, "may")
    await shop.change("UPDATE keeper.account SET business_date = DATE '2025-06-30'")
    await examine(shop, date(2025, 5, 31))
    months = (
        "SELECT month, reviews, stars_total FROM keeper.review_summary "
        "WHERE business_date = %(day)s ORDER BY month"
    )
    now = await shop.rows(months, day=LAST)
    then = await shop.rows(months, day=date(2025, 5, 31))
    assert [(row["reviews"], row["stars_total"]) for row in now] == [(1, 2), (1, 1)]
    assert [(row["reviews"], row["stars_total"]) for row in then] == [(1, 5)]
    assert await found(shop, "may") == examined
