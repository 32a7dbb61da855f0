"""Matching works at night only when something that it depends on has changed."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

from myriad.products.keeper import matching
from myriad.products.keeper.agents.graph import get_agent, run_agent
from myriad.products.keeper.agents.matching import find_model
from myriad.products.keeper.repository.notes import Note, find_note
from tests.products.keeper.ledger import LAST, Shop

_LINKS = "SELECT state, method, weight, probability FROM keeper.identity_link ORDER BY id"


async def night(shop: Shop, day: date = LAST) -> None:
    """Run the two agents that make persons."""
    context = await shop.context(day)
    for name in ("data", "matching"):
        report = await run_agent(get_agent(name), context, True)
        assert report.state == "ok", report


async def note_of(shop: Shop) -> Note:
    async with shop.runtime.database.read_session(shop.tenant_id) as session:
        note = await find_note(session, "matching")
    assert note is not None
    return note


async def open_shop(shop: Shop, people: int = 40) -> None:
    """Customers of whom the last two have the name, e-mail and telephone of the first two."""
    for number in range(people + 2):
        own = number % people
        await shop.add_customer(
            f"c{number}",
            given_name=f"Given{own}",
            family_name=f"Family{own}",
            email=f"person{own}@example.com",
            phone=f"+1212555{own:04d}",
            phone_e164=f"+1212555{own:04d}",
        )
        await shop.sell(f"c{number}", [LAST - timedelta(days=20 + number)])


async def test_a_night_without_new_profiles_leaves_links_alone(shop: Shop) -> None:
    await open_shop(shop)
    await night(shop, LAST - timedelta(days=1))
    before = await shop.rows(_LINKS)
    assert len(before) == 2
    await shop.change("UPDATE keeper.identity_link SET weight = 1")
    await shop.sell("c3", [LAST])
    await night(shop)
    assert {row["weight"] for row in await shop.rows(_LINKS)} == {1.0}


async def test_a_new_profile_is_matched_the_same_night_by_the_model_of_the_week(shop: Shop) -> None:
    await open_shop(shop)
    await night(shop, LAST - timedelta(days=1))
    model = (await note_of(shop)).facts["model"]
    await shop.add_customer(
        "again",
        given_name="Given7",
        family_name="Family7",
        email="person7@example.com",
        phone="+12125550007",
        phone_e164="+12125550007",
    )
    await night(shop)
    assert [row["state"] for row in await shop.rows(_LINKS)] == ["auto_linked"] * 3
    assert (await note_of(shop)).facts["model"] == model


async def test_a_booking_that_puts_one_person_at_two_places_is_noticed(shop: Shop) -> None:
    await open_shop(shop)
    await night(shop, LAST - timedelta(days=1))
    for ext_id in ("c0", "c40"):
        await shop.book(ext_id, LAST - timedelta(days=5))
    await night(shop)
    states = sorted(row["state"] for row in await shop.rows(_LINKS))
    assert states == ["auto_linked", "vetoed"]
    await shop.change("UPDATE keeper.booking SET status = 'CANCELLED_BY_CUSTOMER'")
    await night(shop)
    assert [row["state"] for row in await shop.rows(_LINKS)] == ["auto_linked"] * 2


def records(people: int = 60) -> list[matching.Record]:
    return [
        matching.record(
            f"{number:03d}",
            given=f"Given{number % people}",
            family=f"Family{number % 23}",
            email=f"p{number % people}@example.com",
        )
        for number in range(people + 6)
    ]


def test_a_stored_model_scores_as_the_fitted_one() -> None:
    fitted = matching.link(records())
    assert fitted.model is not None
    stored = json.loads(json.dumps(fitted.model.as_dict()))
    again = matching.link(records(), known=matching.Model.from_dict(stored))
    assert fitted.links
    assert again.links == fitted.links


def test_a_model_serves_a_week_and_a_twentieth_more_profiles() -> None:
    facts: dict[str, Any] = {
        "version": 1,
        "model": {"day": LAST.isoformat(), "profiles": 100, "rates": {}},
    }
    note = Note(LAST, datetime(2025, 7, 1, tzinfo=UTC), facts)
    assert find_model(note, 105, LAST + timedelta(days=6))
    assert find_model(note, 106, LAST) is None
    assert find_model(note, 100, LAST + timedelta(days=7)) is None
    assert find_model(note, 100, LAST - timedelta(days=1)) is None
    assert find_model(None, 100, LAST) is None
