"""Whose visit a review is about."""

from __future__ import annotations

import random
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myriad.products.keeper.reviews.visits import Visit, find_visits

DAY = date(2026, 3, 20)
_GIVEN = [
    a + b
    for a in ["jo", "an", "ma", "li", "sa", "ro", "ka", "te", "mi", "do"]
    for b in ["na", "ria", "son", "tta", "nny"]
]
_FAMILY = [
    a + b
    for a in ["smi", "bro", "mil", "wil", "tay", "jack", "mar", "tho"]
    for b in ["th", "wn", "er", "lor", "son"]
]


def person(number: int) -> UUID:
    return UUID(int=number + 1)


def visit(number: int, name: str, days_before: int = 2, **more: tuple[str, ...]) -> Visit:
    return Visit(person(number), DAY - timedelta(days=days_before), (name,), **more)


def crowd(size: int = 60) -> list[Visit]:
    """Visitors of other names, a few each day."""
    return [visit(1_000 + n, f"Guest{n} Other{n}", days_before=n % 30) for n in range(size)]


def test_a_full_name_shortly_after_a_visit_is_found_with_its_reasons() -> None:
    [found] = find_visits([visit(0, "Maria Jackson"), *crowd()], [("Maria Jackson", DAY, "")])
    assert found is not None
    assert (found.person, found.day) == (person(0), DAY - timedelta(days=2))
    assert found.probability > 0.95
    assert found.reasons == ("the name agrees", "written 2 days after a visit")


@pytest.mark.parametrize("author", ["Bob Miller", "Robert Miler", "ROBERT M.", "Mr. Robert Miller"])
def test_names_as_people_write_them_are_found(author: str) -> None:
    [found] = find_visits([visit(0, "Robert Miller"), *crowd()], [(author, DAY, "")])
    assert found is not None
    assert found.person == person(0)


@pytest.mark.parametrize("author", [None, "", "A Google user", "Unknown", "J", "Zed Quux"])
def test_without_a_usable_name_a_review_is_nobodys(author: str | None) -> None:
    assert find_visits([visit(0, "Jonna Quill")], [(author, DAY, "great")]) == [None]


def test_two_visitors_of_one_name_are_not_told_apart_by_it() -> None:
    twins = [visit(0, "Maria Jackson"), visit(1, "Maria Jackson"), *crowd()]
    assert find_visits(twins, [("Maria Jackson", DAY, "")]) == [None]
    twins[0] = visit(0, "Maria Jackson", staff=("Inga Berg",), services=("Hot stone massage",))
    [found] = find_visits(twins, [("Maria Jackson", DAY, "Inga did my hot stone massage!")])
    assert found is not None
    assert found.person == person(0)
    assert found.reasons[2:] == (
        "the text names the staff Inga",
        "the text names the service Hot stone massage",
    )


@pytest.mark.parametrize("days_before", [-2, 61, 400])
def test_a_visit_outside_the_window_is_not_the_one(days_before: int) -> None:
    visits = [visit(0, "Maria Jackson", days_before=days_before), *crowd()]
    assert find_visits(visits, [("Maria Jackson", DAY, "")]) == [None]


def test_no_visits_no_match() -> None:
    assert find_visits([], [("Maria Jackson", DAY, "")]) == [None]


@given(st.integers(0, 30), st.integers(0, 30))
def test_of_two_visits_of_one_person_the_nearer_is_meant(first: int, second: int) -> None:
    visits = [visit(0, "Maria Jackson", first), visit(0, "Maria Jackson", second), *crowd()]
    [found] = find_visits(visits, [("Maria Jackson", DAY, "")])
    assert found is not None
    assert found.day == DAY - timedelta(days=min(first, second))


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from(_GIVEN[:6]), st.sampled_from(_FAMILY[:4])),
        max_size=20,
    ),
    st.sampled_from(_GIVEN[:6]),
    st.integers(-3, 70),
)
def test_a_match_is_somebody_who_came_and_more_likely_than_not(
    came: list[tuple[int, str, str]], author: str, days: int
) -> None:
    visits = [visit(number, f"{given} {family}") for number, given, family in came]
    [found] = find_visits(visits, [(author, DAY + timedelta(days=days), "")])
    if found is not None:
        assert found.person in {v.person for v in visits}
        assert 0.5 <= found.probability <= 1.0


def test_probabilities_are_the_shares_that_come_true_under_the_stated_model() -> None:
    chance = random.Random(7)
    names = [(chance.choice(_GIVEN), chance.choice(_FAMILY)) for _ in range(600)]
    visits, reviews, truth = [], [], []
    for _ in range(1_500):
        number = chance.randrange(len(names))
        visits.append(visit(number, " ".join(names[number]), chance.randrange(120)))
    for _ in range(900):
        meant = chance.choice(visits)
        day = meant.day + timedelta(days=min(60, int(chance.expovariate(0.1))))
        given, family = meant.names[0].split()
        is_visitor = chance.random() < 0.7
        if not is_visitor or chance.random() < 0.18:
            given, family = chance.choice(_GIVEN), chance.choice(_FAMILY)
        style = chance.choice((f"{given} {family}", f"{given} {family[0]}.", given))
        reviews.append((style, day, ""))
        truth.append(meant.person if is_visitor else None)
    pairs = [
        (match.probability, match.person == true)
        for match, true in zip(find_visits(visits, reviews), truth, strict=True)
        if match
    ]
    assert len(pairs) > 200
    for low, high in ((0.5, 0.75), (0.75, 1.01)):
        group = [(p, right) for p, right in pairs if low <= p < high]
        expected = sum(p for p, _ in group) / len(group)
        found = sum(right for _, right in group) / len(group)
        assert abs(expected - found) < 0.12
