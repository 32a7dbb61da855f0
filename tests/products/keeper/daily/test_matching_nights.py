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


async def happen(shop: Shop, dice: random.Random, back: int) -> None:
    """Let a day bring late edits, merges, deletions, bookings, cards and a newcomer."""
    some = [f"c{dice.randrange(60)}" for _ in range(6)]
    await shop.add_customer(
        f"new{back}", given_name="Given1", family_name="Family1", email="person1@example.com"
    )
    await shop.change(
        "UPDATE keeper.customer SET email = NULL, phone_e164 = NULL, updated_at = now()"
        " WHERE ext_id = %(own)s",
        {"own": some[0]},
    )
    await shop.change(
        "UPDATE keeper.customer SET merged_into_ext_id = %(into)s, updated_at = now()"
        " WHERE ext_id = %(own)s AND ext_id <> %(into)s",
        {"own": some[1], "into": some[2]},
    )
    await shop.change(
        "UPDATE keeper.customer SET deleted_at = now(), updated_at = now() WHERE ext_id = %(own)s",
        {"own": some[3]},
    )
    # Yesterday's newcomer is no longer what joined others.
    await shop.change(
        "UPDATE keeper.customer SET email = NULL, given_name = 'Gone', updated_at = now(),"
        " deleted_at = CASE WHEN %(deleted)s THEN now() END WHERE ext_id = %(own)s",
        {"own": f"new{back + 1}", "deleted": dice.random() < 0.5},
    )
    for own in ("c0", "c66", some[4]):
        await shop.book(own, LAST - timedelta(days=dice.randrange(3)))
    for own in (some[5], "c1"):
        await shop.sell(own, [LAST - timedelta(days=back)], card_fingerprint=f"card{back}")
    await shop.change(
        "UPDATE keeper.payment SET customer_ext_id = 'c2', updated_at = now()"
        " WHERE customer_ext_id = 'c1' AND card_fingerprint = 'card2'"
    )


@pytest.mark.parametrize("seed", range(3))
async def test_nights_after_merges_deletions_and_late_edits_link_as_one_that_compares_all(
    shop: Shop, seed: int
) -> None:
    dice = random.Random(seed)
    await open_shop(shop, 66)
    await night(shop, LAST - timedelta(days=4))
    for back in (3, 2, 1, 0):
        await happen(shop, dice, back)
        await night(shop, LAST - timedelta(days=back))
    quick = sorted(map(str, await shop.rows(_ROUNDED)))
    await shop.change("DELETE FROM keeper.agent_note WHERE agent = 'matching_base'")
    await shop.change(
        """UPDATE keeper.agent_note SET facts = facts || '{"digest": ""}' WHERE agent = 'matching'"""
    )
    await night(shop)
    assert quick == sorted(map(str, await shop.rows(_ROUNDED)))


async def test_what_changes_in_one_account_is_not_decided_again_in_another(
    shop: Shop, other_shop: Shop
) -> None:
    for each in (shop, other_shop):
        await open_shop(each)
        await night(each, LAST - timedelta(days=1))
    await other_shop.change("UPDATE keeper.identity_link SET weight = 1")
    await shop.add_customer(
        "again", given_name="Given7", family_name="Family7", email="person7@example.com"
    )
    for each in (shop, other_shop):
        await other_shop.sell("c1", [LAST])
        await night(each)
    assert len(await shop.rows(_LINKS)) == 3
    assert [row["weight"] for row in await other_shop.rows(_LINKS)] == [1.0, 1.0]


async def test_only_links_near_what_changed_are_written_again(shop: Shop) -> None:
    await open_shop(shop)
    await night(shop, LAST - timedelta(days=1))
    await shop.change("UPDATE keeper.identity_link SET weight = 1")
    await shop.add_customer(
        "again", given_name="Given1", family_name="Family1", email="person1@example.com"
    )
    await night(shop)
    weights = sorted(row["weight"] for row in await shop.rows(_LINKS))
    # That of c0 and c40 stays as it was; c1, c41 and the newcomer are decided together.
    assert weights[0] == 1.0
    assert min(weights[1:]) > 1.0
    assert len(weights) == 4


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
