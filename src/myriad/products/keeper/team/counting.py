"""From what was done on each day to the sums of a member, a service and a period.

Days are ordinals, durations minutes, money minor units. The columns of the sums are those of
keeper/team/definitions.py.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from myriad.products.keeper.team.definitions import (
    REBOOK_DAYS,
    RETURNING_DAYS,
    REVISIT_DAYS,
    WIDTHS,
)
from myriad.products.keeper.team.joining import FIRST, PREBOOKED, REBOOKED, SAME_DAY, Calls
from myriad.products.keeper.team.measuring import Counts
from myriad.products.keeper.team.packing import Facts, Words, pick

Columns = NDArray[Any]
Places = NDArray[np.int64]

_KEPT, _REQUESTED = 1, 2
_ARTICLE, _TIPPED = 1, 2
_SHIFT = 40


class Ranks:
    """Words in their order: `names` begin with the empty one, which stands for none."""

    def __init__(self, words: Words) -> None:
        self.names = ("", *sorted({*words.listed} - {""}))
        self._rank = {name: rank for rank, name in enumerate(self.names)}
        # The place of no word is -1, which is the last one here.
        self._of_place = np.array([*(self._rank[word] for word in words.listed), 0])

    def of(self, places: NDArray[Any]) -> Places:
        """Return the ranks of words by their places."""
        found: Places = self._of_place[places]
        return found

    def rows(self, members: Sequence[str]) -> Places:
        """Return for each rank which of `members` it is, -1 for none of them."""
        rows = np.full(len(self.names), -1)
        for row, member in enumerate(members):
            rank = self._rank.get(member)
            if rank is not None:
                rows[rank] = row
        return rows


@dataclass(frozen=True, slots=True)
class Done:
    """Everything of one kind: records with their day, and whose each is by the rank of two words.

    The records of one key (member and item) stand together.
    """

    records: Columns
    days: Places
    keys: Places

    @classmethod
    def of(cls, records: Columns, ranks: Ranks) -> Done:
        """Sort records by their two words."""
        codes = ranks.of(records["a"]) * len(ranks.names) + ranks.of(records["b"])
        order = np.argsort(codes, kind="stable")
        records = pick(records, order)
        return cls(records, records["day"].astype(np.int64), codes[order])

    def between(self, first: int, last: int) -> Done:
        """Return what was done from `first` to `last`."""
        chosen = (self.days >= first) & (self.days <= last)
        return Done(pick(self.records, chosen), self.days[chosen], self.keys[chosen])

    def has(self, flag: int) -> NDArray[np.bool_]:
        """Tell which records bear a flag."""
        found: NDArray[np.bool_] = (self.records["flags"] & flag) > 0
        return found


@dataclass(frozen=True, slots=True)
class Table:
    """The `sums` (keys, columns) of one kind, and whose each row is by the ranks of two words."""

    members: Places
    items: Places
    sums: Columns

    @classmethod
    def of(cls, keys: Places, columns: Columns, wide: int) -> Table:
        """Add up the columns (records, columns) of each key; records of one key stand together."""
        starts = np.flatnonzero(np.diff(keys, prepend=-1))
        sums = np.add.reduceat(columns.astype(np.float64), starts) if starts.size else columns
        return cls(*np.divmod(keys[starts], wide), sums)


@dataclass(frozen=True, slots=True)
class Sums:
    """What was done in a period by kind, member and item."""

    ranks: Ranks
    tables: Mapping[str, Table]

    @property
    def size(self) -> int:
        """How many sums there are."""
        return sum(table.members.size for table in self.tables.values())

    @property
    def members(self) -> set[str]:
        """Who did anything."""
        seen = np.unique(np.concatenate([table.members for table in self.tables.values()]))
        return {self.ranks.names[rank] for rank in seen.tolist()}

    def counts(
        self,
        members: Sequence[str],
        called: Mapping[str, str],
        lacking: Collection[str] = (),
    ) -> Counts:
        """Return the sums of `members`, with each item by what it is `called`."""
        there = np.unique(np.concatenate([table.items for table in self.tables.values()]))
        column = np.zeros(len(self.ranks.names), dtype=np.int64)
        column[there] = np.arange(there.size)
        row, shape = self.ranks.rows(members), (len(members), max(1, there.size))
        by_kind = {}
        for kind, width in WIDTHS.items():
            table = self.tables[kind]
            by_kind[kind] = np.zeros((*shape, width))
            rows = row[table.members]
            known = rows >= 0
            by_kind[kind][rows[known], column[table.items[known]]] = table.sums[known]
        services = [called.get(self.ranks.names[rank], "") for rank in there.tolist()]
        return Counts(tuple(members), tuple(services), by_kind, frozenset(lacking))


class Team:
    """Everything that was done up to a day, ready to be counted over any period.

    `facts` are the records of days, of which `visit` has been joined with everybody's visits in
    `calls`.
    """

    def __init__(self, facts: Facts, calls: Calls, words: Words) -> None:
        self._ranks, self._calls = Ranks(words), calls
        self._visits = Done.of(facts["visit"], self._ranks)
        made = ("booking", _booking_columns), ("sale", _sale_columns), ("shift", _shift_columns)
        self._made = [(kind, Done.of(facts[kind], self._ranks), columns) for kind, columns in made]

    def count(self, first: int, last: int) -> Sums:
        """Return the sums of the days from `first` to `last`, both included."""
        visits = self._visits.between(first - max(REVISIT_DAYS), last)
        wide = len(self._ranks.names)
        tables = {
            "visit": Table.of(visits.keys, _visit_columns(visits, first, last), wide),
            "client": self._clients(visits.between(first, last), first),
        }
        for kind, done, columns in self._made:
            own = done.between(first, last)
            tables[kind] = Table.of(own.keys, columns(own), wide)
        return Sums(self._ranks, tables)

    def _clients(self, visits: Done, first: int) -> Table:
        """Return how many persons each member served, and how many of them were returning."""
        known, wide = self._calls, len(self._ranks.names)
        came = (known.day >= first - RETURNING_DAYS) & (known.day < first)
        persons = visits.records["person"]
        returning = np.isin(persons, known.person[came])
        served, first_at = np.unique(visits.keys // wide << _SHIFT | persons, return_index=True)
        columns = np.stack([np.ones(served.size), returning[first_at]], axis=1)
        # A client is no item's: the keys are those of members without one.
        return Table.of((served >> _SHIFT) * wide, columns, wide)


def _visit_columns(visits: Done, first: int, last: int) -> Columns:
    """Return the columns of visits; a horizon must have ended within the period."""
    days, gap = visits.days, visits.records["gap"]
    inside = days >= first
    settled = _ended(days, first, last, REBOOK_DAYS)
    columns = [inside, inside & visits.has(PREBOOKED), inside & visits.has(SAME_DAY)]
    columns += [settled, settled & visits.has(REBOOKED)]
    for horizon in REVISIT_DAYS:
        ended = _ended(days, first, last, horizon)
        columns += [ended, ended & (gap <= horizon)]
    return np.stack([*columns, inside & visits.has(FIRST)], axis=1)


def _ended(days: Places, first: int, last: int, horizon: int) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = (days >= first - horizon) & (days <= last - horizon)
    return found


def _booking_columns(bookings: Done) -> Columns:
    kept = bookings.has(_KEPT)
    return np.stack([kept, kept & bookings.has(_REQUESTED), np.ones_like(kept), ~kept], axis=1)


def _sale_columns(sales: Done) -> Columns:
    net, tip, tipped = (sales.records[name].astype(np.float64) for name in ("net", "tip", "tipped"))
    counted = [np.ones_like(net), net, net * net, sales.has(_ARTICLE), sales.has(_TIPPED)]
    return np.stack([*counted, tip, tipped, tip * tip, tip * tipped, tipped * tipped], axis=1)


def _shift_columns(shifts: Done) -> Columns:
    x, y = (shifts.records[name].astype(np.float64) for name in ("booked", "scheduled"))
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)
