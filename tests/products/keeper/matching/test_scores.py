"""Scores say the same from both sides, add up, and need no labels."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myriad.products.keeper.matching import Decision, Record, link, record
from myriad.products.keeper.matching.columns import columns
from myriad.products.keeper.matching.compare import compare
from myriad.products.keeper.matching.fellegi_sunter import fit
from tests.products.keeper.matching.people import customers

WORDS = st.sampled_from(
    ["", "ann", "anne", "annabel", "bob", "robert", "van der berg", "berg", "a"]
)
DAYS = st.sampled_from(["", "19800102", "19800201", "00000102", "19810102", "19799913"])
PEOPLE = st.builds(
    record,
    id=st.just("x"),
    given=WORDS,
    family=WORDS,
    birthday=DAYS,
    email=st.sampled_from(["", "a@x.com", "a@y.com", "ab@x.com"]),
    street_number=st.sampled_from(["", "1", "11", "7"]),
    address_line=st.sampled_from(["", "mill lane", "mil lane", "high street"]),
    address_extra=st.sampled_from(["", "mill lane", "flat 2"]),
    cards=st.sampled_from([(), ("f1",), ("f1", "f2"), ("f3",)]),
)


@settings(deadline=None)
@given(st.lists(PEOPLE, min_size=2, max_size=12))
def test_levels_are_the_same_from_both_sides(people: list[Record]) -> None:
    table = columns(people)
    left, right = (axis.astype(np.int64) for axis in np.triu_indices(len(people), 1))
    there, back = compare(table, left, right), compare(table, right, left)
    for field, levels in there.items():
        assert levels.tolist() == back[field].tolist(), field


@settings(max_examples=25, deadline=None)
@given(st.lists(PEOPLE, min_size=2, max_size=12))
def test_scores_are_the_same_from_both_sides_and_are_probabilities(people: list[Record]) -> None:
    left, right = (axis.astype(np.int64) for axis in np.triu_indices(len(people), 1))
    there = fit(columns(people), left, right)
    back = fit(columns(people), right, left)
    assert np.allclose(there.weight, back.weight)
    assert np.all((there.probability >= 0.0) & (there.probability <= 1.0))


def test_the_evidence_of_a_pair_adds_up_to_its_weight() -> None:
    people = [*customers(200, seed=3)]
    people += [
        record("d1", given=people[0].given, family=people[0].family, email=people[0].email),
        record("d2", given=people[5].given, family=people[5].family, phone=people[5].phone),
    ]
    found = link(people)
    assert found.links
    for pair in found.links:
        assert math.isclose(sum(e.weight for e in pair.evidence), pair.weight, abs_tol=0.2)
        assert all(e.words for e in pair.evidence)


def test_agreeing_on_a_rare_name_weighs_more_than_on_a_common_one() -> None:
    people = customers(300, seed=5)
    smiths = [p for p in people if p.family == "smith"]
    people += [
        record("s", given="Ada", family="Smith", birthday="1970-01-02", postcode="94110"),
        record("s2", given="Ada", family="Smith", birthday="1970-01-02", postcode="94110"),
        record("q", given="Ida", family="Quillfeather", birthday="1971-01-02", postcode="94110"),
        record("q2", given="Ida", family="Quillfeather", birthday="1971-01-02", postcode="94110"),
    ]
    assert len(smiths) > 3
    weights = {pair.left: pair.weight for pair in link(people).links}
    assert weights["q"] > weights["s"]


def test_the_same_records_give_the_same_answer() -> None:
    people = [
        *customers(300, seed=7),
        record("d", given="Anna", family="Smith", phone="4155550000"),
    ]
    assert link(people).links == link(people).links


@pytest.mark.parametrize("count", [0, 1, 2])
def test_an_account_with_hardly_anybody_is_answered(count: int) -> None:
    assert link(customers(count, seed=1)).links == ()


def test_two_records_with_one_id_are_refused() -> None:
    twice = record("1", given="a", family="b")
    with pytest.raises(ValueError, match="unique"):
        link([twice, twice])


def test_couples_who_share_an_email_never_teach_that_one_person_has_two_given_names() -> None:
    people = customers(60, seed=3)
    given = ("Anna", "Peter", "Olivia", "Hugo", "Susan", "Carl", "Faye", "Ivan")
    for number in range(8):
        for side in (0, 1):
            name = given[(2 * number + side) % len(given)]
            email = f"home{number}@example.org"
            people.append(record(f"{number}-{side}", given=name, family=f"Q{number}m", email=email))
    found = link(people)
    homes = [pair for pair in found.links if "-" in pair.left and "-" in pair.right]
    assert all(pair.probability < 0.95 for pair in homes)
    assert all(pair.decision is not Decision.AUTO_LINKED for pair in homes)
    assert found.model is not None
    assert found.model.same["given"][-1] <= 0.08 + 1e-9
