"""Sums over a period are those that counting one record after the other gives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from myriad.products.keeper.team.counting import Sums, Team
from myriad.products.keeper.team.definitions import REVISIT_DAYS
from myriad.products.keeper.team.joining import Calls
from myriad.products.keeper.team.packing import KEPT, Words

DAYS = st.integers(1, 500)
KEYS = st.tuples(st.sampled_from(["ann", "bob"]), st.sampled_from(["cut", None]))
MONEY = st.integers(0, 9_000).map(float)
VISITS = st.lists(st.tuples(KEYS, DAYS, st.integers(1, 9), st.integers(1, 300), st.integers(0, 15)))
CAME = st.lists(st.tuples(DAYS, st.integers(1, 9)))
BOOKINGS = st.lists(st.tuples(KEYS, DAYS, st.integers(0, 3)))
SALES = st.lists(st.tuples(KEYS, DAYS, st.integers(0, 3), MONEY, MONEY, MONEY))
SHIFTS = st.lists(st.tuples(KEYS, DAYS, MONEY, MONEY))


WORDS = Words(["ann", "bob", "cut"])
JOINED = [("day", int), ("a", int), ("b", int), ("person", int), ("gap", int), ("flags", int)]


def packed(kind: str, records: list[tuple[Any, ...]]) -> Any:
    """Return records ((member, item), day, …) as they are counted."""
    dtype = np.dtype(JOINED) if kind == "visit" else KEPT[kind]
    rows = [(day, WORDS.place(a), WORDS.place(b), *rest) for (a, b), day, *rest in records]
    return np.array(rows, dtype=dtype)


def calls_of(came: list[Any]) -> Calls:
    """Return everybody's visits (day, person)."""
    person, day = np.array(
        [(p, d) for d, p in sorted(came, key=lambda c: (c[1], c[0]))] or [(0, 0)]
    ).T
    return Calls(np.unique(person.astype("S16")), person, day)


def visit(first: int, last: int, day: int, _: int, gap: int, flags: int) -> Sequence[float]:
    """The columns of one visit, by their definitions."""
    inside, settled = first <= day <= last, first - 2 <= day <= last - 2
    found = [inside, inside and bool(flags & 2), inside and bool(flags & 4)]
    found += [settled, settled and bool(flags & 8)]
    for horizon in REVISIT_DAYS:
        ended = first - horizon <= day <= last - horizon
        found += [ended, ended and gap <= horizon]
    return [*found, inside and bool(flags & 1)]


def booking(day: int, flags: int) -> Sequence[float]:
    """The columns of one appointment: kept, requested, all, missed."""
    kept = bool(flags & 1)
    return [kept, kept and bool(flags & 2), True, not kept]


def sale(day: int, flags: int, net: float, tip: float, tipped: float) -> Sequence[float]:
    """The columns of one bill."""
    squares = [tip * tip, tip * tipped, tipped * tipped]
    return [1, net, net * net, bool(flags & 1), bool(flags & 2), tip, tipped, *squares]


def shift(day: int, x: float, y: float) -> Sequence[float]:
    """The columns of one day with a timecard."""
    return [1, x, y, x * x, x * y, y * y]


def clients(first: int, last: int, visits: list[Any], came: list[Any]) -> dict[str, list[float]]:
    """How many persons each member served, and how many of them came in the year before."""
    returning = {person for day, person in came if first - 365 <= day < first}
    served: dict[str, set[int]] = defaultdict(set)
    for (member, _), day, person, *_rest in visits:
        if first <= day <= last:
            served[member].add(person)
    return {name: [len(own), len(own & returning)] for name, own in served.items()}


class Counted:
    """Sums by kind, member and item, one record after the other."""

    def __init__(self) -> None:
        self.sums: dict[tuple[str, str, str | None], list[float]] = {}

    def add(self, kind: str, key: tuple[str, str | None], columns: Sequence[float]) -> None:
        """Add the columns of one record."""
        known = self.sums.setdefault((kind, *key), [0.0] * len(columns))
        self.sums[kind, *key] = [a + b for a, b in zip(known, columns, strict=True)]


def listed(sums: Sums) -> dict[tuple[str, str, str | None], list[float]]:
    """Return the sums by kind, member and item."""
    names = sums.ranks.names
    return {
        (kind, names[member], names[item] or None): values
        for kind, table in sums.tables.items()
        for member, item, values in zip(
            table.members.tolist(), table.items.tolist(), table.sums.tolist(), strict=True
        )
    }


@settings(max_examples=60, deadline=None)
@given(DAYS, st.integers(0, 100), VISITS, CAME, BOOKINGS, SALES, SHIFTS)
def test_packed_records_sum_up_to_what_the_definitions_count(
    first: int,
    length: int,
    visits: list[Any],
    came: list[Any],
    bookings: list[Any],
    sales: list[Any],
    shifts: list[Any],
) -> None:
    last = first + length
    shifts = [((key[0], None), *rest) for key, *rest in shifts]
    facts = {
        "visit": packed("visit", visits),
        "booking": packed("booking", bookings),
        "sale": packed("sale", sales),
        "shift": packed("shift", shifts),
    }
    wanted = Counted()
    for key, *record in visits:
        if first - 180 <= record[0] <= last:
            wanted.add("visit", key, visit(first, last, *record))
    for kind, records, of in (
        ("booking", bookings, booking),
        ("sale", sales, sale),
        ("shift", shifts, shift),
    ):
        for key, *record in records:
            if first <= record[0] <= last:
                wanted.add(kind, key, of(*record))
    for member, sums in clients(first, last, visits, came).items():
        wanted.sums["client", member, None] = sums
    found = Team(facts, calls_of(came), WORDS).count(first, last)
    assert listed(found) == wanted.sums
    assert found.size == len(wanted.sums)
    assert found.members == {member for _, member, _ in wanted.sums}
