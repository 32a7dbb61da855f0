"""Only the certain is linked, conflicts veto, and undoing leaves no trace."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myriad.products.keeper.matching import (
    PERSONS_LIST,
    Decision,
    Link,
    Record,
    clusters,
    conflict,
    link,
    record,
)
from tests.products.keeper.matching.people import HOUR, NOON, customers, lookalikes

SEEDS = range(6)


def decided(records: list[Record], left: str, right: str) -> Link | None:
    return next((k for k in link(records).links if {k.left, k.right} == {left, right}), None)


def automatic(records: list[Record]) -> list[tuple[str, str]]:
    return [(k.left, k.right) for k in link(records).links if k.decision is Decision.AUTO_LINKED]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("count", [0, 60, 500])
def test_no_false_merge_at_the_automatic_level_among_the_hardest_lookalikes(
    seed: int, count: int
) -> None:
    assert automatic([*customers(count, seed), *lookalikes()]) == []


@pytest.mark.parametrize("seed", SEEDS)
def test_real_copies_with_a_contact_are_linked_without_a_person(seed: int) -> None:
    people = customers(400, seed)
    copies = [
        replace(p, id=f"copy of {p.id}", phone="", birthday="") for p in people[:30] if p.email
    ]
    linked = automatic([*people, *copies, *lookalikes()])
    assert all(right == f"copy of {left}" for left, right in linked)
    assert len(linked) >= 0.9 * len(copies)


def test_a_customer_with_no_contact_is_not_matched_on_name_alone() -> None:
    people = [*customers(200, seed=1), *lookalikes()]
    assert decided(people, "zeb1", "zeb2") is None


def test_two_different_birthdays_veto_with_a_reason() -> None:
    found = decided([*customers(200, seed=1), *lookalikes()], "henry1", "henry2")
    assert found is not None
    assert found.decision is Decision.VETOED
    assert "birthdays" in found.reason


def test_two_bookings_at_the_same_time_veto_with_a_reason() -> None:
    found = decided([*customers(200, seed=1), *lookalikes()], "kim1", "kim2")
    assert found is not None
    assert found.decision is Decision.VETOED
    assert "booked" in found.reason


def test_bookings_that_only_touch_do_not_veto() -> None:
    first = record("1", busy=((NOON, NOON + HOUR), (NOON + 5 * HOUR, NOON + 6 * HOUR)))
    second = record("2", busy=((NOON + HOUR, NOON + 2 * HOUR),))
    assert conflict(first, second) == ""
    assert conflict(first, replace(second, busy=((NOON - HOUR, NOON + timedelta(minutes=1)),)))


def test_a_birthday_without_a_year_vetoes_nothing() -> None:
    first, second = record("1", birthday="0000-04-01"), record("2", birthday="1980-05-02")
    assert conflict(first, second) == ""


CONTACTS = st.fixed_dictionaries(
    {
        "given": st.sampled_from(["Ann", "Bob", "Robert"]),
        "family": st.sampled_from(["Gold", "Silver"]),
        "email": st.sampled_from(["", "a@x.com", "b@x.com"]),
        "phone": st.sampled_from(["", "4155552671"]),
        "birthday": st.sampled_from(["", "1980-01-02", "1990-01-02", "0000-01-02"]),
    }
)


@settings(deadline=None)
@given(st.lists(CONTACTS, min_size=2, max_size=8))
def test_a_conflict_is_never_linked_not_even_through_a_chain(people: list[dict[str, str]]) -> None:
    records = [record(str(i), **person) for i, person in enumerate(people)]
    by_id = {r.id: r for r in records}
    for group in clusters(automatic([*records, *customers(40, seed=2)])):
        members = [by_id[i] for i in group if i in by_id]
        for place, left in enumerate(members):
            assert not any(conflict(left, right) for right in members[place + 1 :])


def test_one_record_that_fits_both_father_and_son_is_linked_to_neither() -> None:
    people = [*customers(300, seed=4), *lookalikes()]
    people.append(record("either", given="Henry", family="Baker", phone="4155557777"))
    for other in ("henry1", "henry2"):
        found = decided(people, other, "either")
        assert found is not None
        assert found.decision is Decision.PROPOSED


def test_copies_that_meet_only_through_a_third_are_proposed() -> None:
    people = customers(300, seed=8)
    full = record(
        "full", given="Oda", family="Lindqvist", email="oda@x.com", phone="4155559090", birthday="1971-02-03"
    )  # fmt: skip
    people += [
        full,
        record("mail", given="Oda", family="Lindqvist", email="oda@x.com"),
        record("call", given="Oda", family="Lindquist", phone="4155559090", birthday="1971-02-03"),
    ]
    found = decided(people, "mail", "call")
    assert found is not None
    assert found.decision is Decision.PROPOSED
    assert any(e.field == "chain" for e in found.evidence)


def test_a_list_without_contacts_links_only_what_agrees_to_the_letter() -> None:
    home = {"address_line": "5 High Street", "suburb": "Ryde", "postcode": "2112"}
    people = [
        *(replace(p, email="", phone="") for p in customers(300, seed=9)),
        record("a", given="Ida", family="Holm", birthday="1990-04-05", **home),
        record("b", given="Ida", family="Holm", birthday="1990-04-05", **home),
        record("twin", given="Ina", family="Holm", birthday="1990-04-05", **home),
        record("kin", given="Ida", family="Holm", birthday="1960-04-05", **home),
    ]
    found = link(people, PERSONS_LIST).links
    linked = [(k.left, k.right) for k in found if k.decision is Decision.AUTO_LINKED]
    assert linked == [("a", "b")]


PAIRS = st.lists(
    st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("abcdefgh")).filter(
        lambda pair: pair[0] != pair[1]
    ),
    max_size=12,
)


@settings(deadline=None)
@given(PAIRS, st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("ijkl")), st.randoms())
def test_undoing_a_link_restores_the_groups_exactly(
    pairs: list[tuple[str, str]], extra: tuple[str, str], order: object
) -> None:
    before = clusters(pairs)
    linked = [*pairs, extra]
    order.shuffle(linked)  # type: ignore[attr-defined]
    assert clusters(linked) != before
    undone = [pair for pair in linked if pair != extra]
    assert clusters(undone) == before
