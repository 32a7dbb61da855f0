"""Figures of visits are those of counting visit by visit."""

from __future__ import annotations

import math
from datetime import date, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from myriad.products.keeper.repository.columns import VisitColumns
from myriad.products.keeper.repository.visit_figures import (
    RETURNS_WITHIN_DAYS,
    people_counts,
    second_visits,
    top_share,
)

_START = date(2026, 1, 1)
# Somebody comes at most once a day, and sums that are equal shall happen.
_VISITS = st.dictionaries(
    st.tuples(st.integers(0, 12), st.integers(0, 250)), st.integers(-2, 3), max_size=60
)
_SPANS = st.tuples(st.integers(0, 250), st.integers(0, 250)).map(sorted)

Rows = list[tuple[UUID, date, int]]


def _rows(found: dict[tuple[int, int], int]) -> Rows:
    return sorted(
        (UUID(int=person << 100), _START + timedelta(days=day), net)
        for (person, day), net in found.items()
    )


def _columns(rows: Rows) -> VisitColumns:
    names = ("person_id", "local_date", "net")
    return VisitColumns.of([dict(zip(names, row, strict=True)) for row in rows])


def _span(days: list[int]) -> tuple[date, date]:
    return _START + timedelta(days=days[0]), _START + timedelta(days=days[1])


@given(_VISITS, _SPANS)
def test_newcomers_have_returned_when_they_came_again_in_time(
    found: dict[tuple[int, int], int], days: list[int]
) -> None:
    rows, (first, last) = _rows(found), _span(days)
    begun = {person: min(row[1] for row in rows if row[0] == person) for person, _, _ in rows}
    people = {person for person, day in begun.items() if first <= day <= last}
    returned = {
        person
        for person, day, _ in rows
        if person in people and 0 < (day - begun[person]).days <= RETURNS_WITHIN_DAYS
    }
    expected = {"people": len(people), "returned": len(returned)}
    assert second_visits(_columns(rows), first, last) == expected


@given(_VISITS, _SPANS)
def test_the_tenth_who_spend_most_are_ranked_by_takings_then_by_id(
    found: dict[tuple[int, int], int], days: list[int]
) -> None:
    rows, (first, last) = _rows(found), _span(days)
    nets: dict[UUID, int] = {}
    for person, day, net in rows:
        if first <= day <= last:
            nets[person] = nets.get(person, 0) + net
    ranked = sorted(nets, key=lambda person: (-nets[person], person))
    top = ranked[: math.ceil(len(nets) / 10)]
    assert top_share(_columns(rows), first, last) == {
        "people": len(nets),
        "net": sum(nets.values()),
        "top_net": sum(nets[person] for person in top),
        "top_people": len(top),
        "top_ids": top,
    }


@given(_VISITS, _SPANS, _SPANS)
def test_people_and_newcomers_are_counted_in_every_span(
    found: dict[tuple[int, int], int], one: list[int], other: list[int]
) -> None:
    rows, spans = _rows(found), [_span(one), _span(other)]
    begun = {person: min(row[1] for row in rows if row[0] == person) for person, _, _ in rows}
    assert people_counts(_columns(rows), spans) == [
        {
            "people": len({row[0] for row in rows if first <= row[1] <= last}),
            "new_customers": sum(first <= day <= last for day in begun.values()),
        }
        for first, last in spans
    ]
