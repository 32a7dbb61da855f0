"""Matching works at night only when something that it depends on has changed."""

from __future__ import annotations

import json
import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from myriad.products.keeper import matching
from myriad.products.keeper.agents.graph import get_agent, run_agent
from myriad.products.keeper.agents.matching import VERSION, find_model
from myriad.products.keeper.repository.notes import Note, find_note
from tests.products.keeper.ledger import LAST, Shop

_LINKS = "SELECT state, method, weight, probability FROM keeper.identity_link ORDER BY id"
_ROUNDED = """
SELECT l.ext_id AS "left", r.ext_id AS "right", state, method, veto_reason, round(weight::numeric, 5) AS weight,
       round(probability::numeric, 7) AS probability, evidence
FROM keeper.identity_link k
JOIN keeper.customer l ON l.id = k.left_customer_id
JOIN keeper.customer r ON r.id = k.right_customer_id
"""


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


@pytest.mark.parametrize("seed", range(3))
async def test_nights_that_compare_what_changed_link_as_one_that_compares_all(
    shop: Shop, seed: int
) -> None:
    dice = random.Random(seed)
    await open_shop(shop, 66)
    await night(shop, LAST - timedelta(days=3))
    for back in (2, 1, 0):
        own = dice.randrange(60)
        await shop.add_customer(
            f"new{back}",
            given_name=f"Given{own}",
            family_name=f"Family{own}",
            email=dice.choice([f"person{own}@example.com", None]),
            phone_e164=dice.choice([f"+1212555{own:04d}", None]),
        )
        for customer in (f"c{dice.randrange(60)}", f"new{back}"):
            await shop.sell(customer, [LAST], card_fingerprint=f"card{dice.randrange(3)}")
        await shop.change(
            "UPDATE keeper.customer SET given_name = 'Renamed', updated_at = now()"
            " WHERE ext_id = %(own)s",
            {"own": f"c{dice.randrange(60)}"},
        )
        await night(shop, LAST - timedelta(days=back))
    base = "SELECT business_date FROM keeper.agent_note WHERE agent = 'matching_base'"
    assert await shop.value(base) == LAST - timedelta(days=3)
    quick = sorted(map(str, await shop.rows(_ROUNDED)))
    await shop.change("DELETE FROM keeper.agent_note WHERE agent = 'matching_base'")
    await shop.change(
        """UPDATE keeper.agent_note SET facts = facts || '{"digest": ""}' WHERE agent = 'matching'"""
    )
    await night(shop)
    assert await shop.value(base) == LAST
    assert quick == sorted(map(str, await shop.rows(_ROUNDED)))


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


def test_a_model_serves_four_weeks_and_a_twentieth_more_profiles() -> None:
    facts: dict[str, Any] = {
        "version": VERSION,
        "model": {"day": LAST.isoformat(), "profiles": 100, "rates": {}},
    }
    note = Note(LAST, datetime(2025, 7, 1, tzinfo=UTC), facts)
    assert find_model(note, 105, LAST + timedelta(days=27))
    assert find_model(note, 106, LAST) is None
    assert find_model(note, 100, LAST + timedelta(days=28)) is None
    assert find_model(note, 100, LAST - timedelta(days=1)) is None
    assert find_model(None, 100, LAST) is None
