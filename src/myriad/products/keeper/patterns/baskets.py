"""What was bought on each visit, as a sparse table of visits by items."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from myriad.kit.errors import InvalidInputError

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

NOBODY = -1
_BEFORE_ANY_DAY = -1


@dataclass(frozen=True, slots=True)
class Baskets:
    """Baskets by items, with who bought, on which day (ordinal) and from whom.

    `holds` is (baskets, items) of 0 and 1. `person` and `staff` are codes from zero, NOBODY where
    it is not known; the other arrays are (baskets,).
    """

    items: tuple[str, ...]
    holds: csr_array
    person: Ints
    day: Ints
    staff: Ints

    @classmethod
    def of(cls, rows: Iterable[tuple[Any, int, Any, Sequence[str]]]) -> Baskets:
        """Build from rows (person or None, day, staff member or None, names of items).

        Names that differ in case or outer space are one item, shown as first seen. A basket holds
        an item once. Raises InvalidInputError for a day that is none.
        """
        names, people, staff = _Codes(), _Codes(), _Codes()
        spelling: list[str] = []
        starts, columns = [0], list[int]()
        facts: list[tuple[int, int, int]] = []
        for person, day, member, bought in rows:
            for name in bought:
                code = names.code(name.strip().casefold())
                if code == len(spelling):
                    spelling.append(name.strip())
                columns.append(code)
            starts.append(len(columns))
            facts.append((people.code(person), int(day), staff.code(member)))
        table = np.asarray(facts, dtype=np.int64).reshape(-1, 3)
        if (table[:, 1] <= _BEFORE_ANY_DAY).any():
            raise InvalidInputError("days of baskets are ordinals from 0")
        holds = csr_array(
            (np.ones(len(columns), dtype=np.int32), columns, starts),
            shape=(len(facts), len(spelling)),
        )
        holds.sum_duplicates()
        holds.data[:] = 1
        return cls(tuple(spelling), holds, table[:, 0], table[:, 1], table[:, 2])

    @property
    def count(self) -> int:
        """How many baskets there are."""
        return int(self.day.size)

    @property
    def months(self) -> Ints:
        """The calendar month of each basket as one code, (baskets,)."""
        days = (self.day - _EPOCH).astype("datetime64[D]")
        return days.astype("datetime64[M]").astype(np.int64)

    @property
    def buyers(self) -> Ints:
        """A code for whoever stands behind each basket; an unknown buyer is one of their own."""
        alone = self.person == NOBODY
        return np.where(alone, -1 - np.arange(self.count), self.person)

    def column(self, item: int) -> Bools:
        """Which baskets hold the item, (baskets,)."""
        return np.asarray(self.holds[:, [item]].toarray()[:, 0] > 0)

    def merged_by_visit(self) -> Baskets:
        """Return the baskets of known people with those of one person and day as one."""
        known = np.flatnonzero(self.person != NOBODY)
        order = known[np.lexsort((self.day[known], self.person[known]))]
        person, day = self.person[order], self.day[order]
        is_new = np.ones(order.size, dtype=bool)
        is_new[1:] = (person[1:] != person[:-1]) | (day[1:] != day[:-1])
        visit = np.cumsum(is_new) - 1
        count = int(visit[-1]) + 1 if order.size else 0
        gather = csr_array(
            (np.ones(order.size, dtype=np.int32), (visit, np.arange(order.size))),
            shape=(count, order.size),
        )
        holds = csr_array(gather @ self.holds[order])
        holds.data[:] = 1
        return Baskets(self.items, holds, person[is_new], day[is_new], self.staff[order[is_new]])


class _Codes:
    """Whole numbers for values in the order in which they appear."""

    def __init__(self) -> None:
        self._known: dict[Any, int] = {}

    def code(self, value: Any) -> int:
        """Return the value's number; NOBODY for None."""
        return NOBODY if value is None else self._known.setdefault(value, len(self._known))


_EPOCH = 719_163
"""The ordinal of 1 January 1970."""
