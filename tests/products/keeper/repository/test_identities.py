"""Persons are found from links, and taking a link back restores what was."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myriad.kit.errors import NotFoundError
from myriad.products.keeper.errors import LinkDecisionError
from myriad.products.keeper.repository import (
    get_customer,
    link_pair,
    list_duplicates,
    reject_pair,
    undo_pair,
)
from myriad.products.keeper.repository.persons import components, describe, terms_of
from myriad.products.keeper.views import DuplicateFilter
from tests.products.keeper.ledger import LAST, Shop

_PERSONS = "SELECT ext_id, person_id FROM keeper.customer ORDER BY ext_id"


def _profile(number: int, merged_into: str | None = None) -> dict[str, Any]:
    return {"id": UUID(int=number), "ext_id": str(number), "merged_into_ext_id": merged_into}


@given(
    st.integers(1, 12).flatmap(
        lambda n: st.tuples(
            st.just(n),
            st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=15),
        )
    ),
    st.randoms(),
)
def test_components_do_not_depend_on_the_order_of_links(
    case: tuple[int, list[tuple[int, int]]], chance: Any
) -> None:
    count, pairs = case
    profiles = [_profile(number) for number in range(count)]
    links = [(UUID(int=left), UUID(int=right)) for left, right in pairs]
    found = components(profiles, links)
    chance.shuffle(links)
    assert components(profiles, links) == found
    # The oldest of a component names it, and naming is idempotent.
    assert all(found[person] == person for person in found.values())
    assert all(person.int <= own.int for own, person in found.items())
    assert components(profiles, []) == {profile["id"]: profile["id"] for profile in profiles}


def test_merges_of_square_are_followed_through_chains() -> None:
    profiles = [_profile(1, "2"), _profile(2, "3"), _profile(3), _profile(4, "gone")]
    found = components(profiles, [])
    assert found[UUID(int=1)] == found[UUID(int=2)] == found[UUID(int=3)] == UUID(int=1)
    assert found[UUID(int=4)] == UUID(int=4)


def test_a_deleted_profile_gives_no_contact() -> None:
    empty = dict.fromkeys(
        (
            "given_name",
            "family_name",
            "company_name",
            "email",
            "phone",
            "phone_e164",
            "merged_into_ext_id",
        )
    )
    row = {**empty, "ext_id": "abcdef123456", "deleted_at": "then", "email_unsubscribed": False}
    gone = describe([{**row, "email": "a@example.com", "phone_e164": "+12125550100"}])
    assert (gone["email"], gone["phone"]) == (None, None)
    assert describe([row])["display_name"] == "Customer 123456"


def test_a_person_is_found_by_the_last_digits_of_a_phone() -> None:
    names = ("given_name", "family_name", "company_name", "email", "email_norm", "ext_id", "phone")
    terms = terms_of({**dict.fromkeys(names), "phone_e164": "+12125550199"})
    assert {"12125550199", "2125550199", "0199"} <= terms


@pytest.fixture
async def twins(shop: Shop) -> Shop:
    """Ada twice, with the same contacts, and Bo once."""
    contact = {
        "email": "ada@example.com",
        "email_norm": "ada@example.com",
        "phone_e164": "+12125550142",
    }
    await shop.add_customer("ada-1", given_name="Ada", family_name="Lovelace", **contact)
    await shop.add_customer("ada-2", given_name="Ada", family_name="Lovelace", **contact)
    await shop.add_customer("bo", given_name="Bo", family_name="Diddley", email="bo@example.com")
    for number in range(40):
        await shop.add_customer(
            f"x{number}",
            given_name=f"G{number}x",
            family_name=f"F{number}y",
            email=f"{number}@b.org",
        )
    for ext_id in ("ada-1", "ada-2", "bo"):
        await shop.sell(ext_id, [LAST])
    return shop


async def test_a_sure_pair_is_linked_explained_and_reversible(twins: Shop) -> None:
    await twins.run()
    persons = {row["ext_id"]: row["person_id"] for row in await twins.rows(_PERSONS)}
    assert persons["ada-1"] == persons["ada-2"] != persons["bo"]
    async with twins.runtime.database.read_session(twins.tenant_id) as session:
        view = await list_duplicates(session, DuplicateFilter(show="linked"))
    (pair,) = view.pairs
    assert pair.state == "auto_linked"
    assert {fact.field for fact in pair.evidence} >= {"given", "family", "email", "phone"}
    assert {(fact.left, fact.right) for fact in pair.evidence if fact.field == "email"} == {
        ("ada@example.com", "ada@example.com")
    }
    async with twins.runtime.database.session(twins.tenant_id) as session:
        await undo_pair(session, pair.link_id, None)
    apart = {row["ext_id"]: row["person_id"] for row in await twins.rows(_PERSONS)}
    assert apart["ada-1"] == persons["ada-1"] != apart["ada-2"]
    # A later run does not link them again; joining by hand brings the same person back.
    await twins.run(again=True)
    assert {row["ext_id"]: row["person_id"] for row in await twins.rows(_PERSONS)} == apart
    async with twins.runtime.database.session(twins.tenant_id) as session:
        await link_pair(session, pair.link_id, None)
    assert {row["ext_id"]: row["person_id"] for row in await twins.rows(_PERSONS)} == persons


async def test_whoever_unsubscribes_later_is_not_called_again(twins: Shop) -> None:
    allowed = """
        SELECT p.contact_allowed FROM keeper.person p
        JOIN keeper.customer c ON c.person_id = p.id WHERE c.ext_id = 'bo'
    """
    await twins.run()
    assert await twins.value(allowed) is True
    await twins.change("UPDATE keeper.customer SET email_unsubscribed = true WHERE ext_id = 'bo'")
    await twins.run(again=True)
    assert await twins.value(allowed) is False


async def test_the_id_of_a_merged_person_shows_the_one_it_became(twins: Shop) -> None:
    second = await twins.value("SELECT id FROM keeper.customer WHERE ext_id = 'ada-2'")
    await twins.run()
    async with twins.runtime.database.read_session(twins.tenant_id) as session:
        person = await get_customer(session, second)
    assert [profile.ext_id for profile in person.profiles] == ["ada-1", "ada-2"]
    assert person.visit_count == 1
    assert person.spent_total is not None
    assert person.spent_total.minor == 16_000


async def test_two_different_birthdays_veto(twins: Shop) -> None:
    await twins.change(
        "UPDATE keeper.customer SET birth_year = 1980, birth_month = 5, "
        "birth_day = CASE ext_id WHEN 'ada-1' THEN 1 ELSE 20 END WHERE ext_id LIKE 'ada%%'",
        (),
    )
    await twins.run()
    states = await twins.rows("SELECT state, veto_reason FROM keeper.identity_link")
    assert [row["state"] for row in states] == ["vetoed"]
    assert "birthday" in states[0]["veto_reason"]


async def test_customer_with_no_contact_is_kept_and_not_matched_on_name_alone(shop: Shop) -> None:
    for ext_id in ("one", "two"):
        await shop.add_customer(ext_id, given_name="Ada", family_name="Lovelace")
        await shop.sell(ext_id, [LAST])
    await shop.run()
    assert await shop.value("SELECT count(*) FROM keeper.identity_link") == 0
    assert await shop.value("SELECT count(DISTINCT person_id) FROM keeper.customer") == 2
    assert await shop.value("SELECT count(*) FROM keeper.visit") == 2


async def test_birthday_without_a_year_is_kept_as_month_and_day(shop: Shop) -> None:
    customer_id = await shop.add_customer("one", given_name="Ada", birth_month=12, birth_day=10)
    other_id = await shop.add_customer("two", given_name="Ada", email="ada@example.com")
    await shop.run()
    await shop.insert(
        "identity_link",
        [
            {
                "tenant_id": shop.tenant_id,
                "left_customer_id": customer_id,
                "right_customer_id": other_id,
                "weight": 1.0,
                "probability": 0.8,
                "method": "by hand",
                "state": "proposed",
            }
        ],
    )
    async with shop.runtime.database.read_session(shop.tenant_id) as session:
        view = await list_duplicates(session, DuplicateFilter())
    assert view.pairs[0].left.birthday == "12-10"


async def test_decisions_that_make_no_sense_are_refused(twins: Shop) -> None:
    await twins.run()
    link_id = await twins.value("SELECT id FROM keeper.identity_link")
    async with twins.runtime.database.session(twins.tenant_id) as session:
        with pytest.raises(LinkDecisionError):
            await reject_pair(session, link_id, None)
        with pytest.raises(NotFoundError):
            await link_pair(session, uuid4(), None)
        await undo_pair(session, link_id, None)
        await undo_pair(session, link_id, None)
