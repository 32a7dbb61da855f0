"""From what was done on each day to the sums of a member, a service and a period.

Days are ordinals, durations minutes, money minor units. The columns of the sums are those of
keeper/team/definitions.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from myriad.products.keeper.team.definitions import REBOOK_DAYS, RETURNING_DAYS, REVISIT_DAYS
from myriad.products.keeper.team.joining import FIRST, PREBOOKED, REBOOKED, SAME_DAY, Calls
from myriad.products.keeper.team.packing import Facts, Words

Row = dict[str, Any]
Columns = NDArray[Any]
Places = NDArray[np.int64]

_KEPT, _REQUESTED = 1, 2
_ARTICLE, _TIPPED = 1, 2
_SHIFT = 40


@dataclass(frozen=True, slots=True)
class Done:
    """Everything of one kind: records with their day, and whose (member, item) each is by place.

    The records of one key stand together.
    """

    records: Columns
    keys: Places
    names: tuple[tuple[str | None, str | None], ...]

    @classmethod
    def of(cls, records: Columns, words: Words) -> Done:
        """Sort records by their two words."""
        wide = len(words.listed) + 1
        codes = (records["a"].astype(np.int64) + 1) * wide + records["b"] + 1
        order = np.argsort(codes, kind="stable")
        there, keys = np.unique(codes[order], return_inverse=True)
        pairs = (divmod(code, wide) for code in there.tolist())
        names = tuple((words.at(a - 1), words.at(b - 1)) for a, b in pairs)
        return cls(records[order], keys, names)

    @property
    def days(self) -> Places:
        """The day of each record."""
        days: Places = self.records["day"].astype(np.int64)
        return days

    def has(self, flag: int) -> NDArray[np.bool_]:
        """Tell which records bear a flag."""
        found: NDArray[np.bool_] = (self.records["flags"] & flag) > 0
        return found


class Team:
    """Everything that was done up to a day, ready to be counted over any period.

    `facts` are the records of days, of which `visit` has been joined with everybody's visits in
    `calls`.
    """

    def __init__(self, facts: Facts, calls: Calls, words: Words) -> None:
        self._visits = Done.of(facts["visit"], words)
        self._calls = calls
        made = ("booking", _booking_columns), ("sale", _sale_columns), ("shift", _shift_columns)
        done = {kind: Done.of(facts[kind], words) for kind, _ in made}
        self._columns = {kind: (done[kind], columns(done[kind])) for kind, columns in made}

    def count(self, first: int, last: int) -> list[Row]:
        """Return (kind, member, item, sums) of the days from `first` to `last`, both included."""
        horizon = first - max(REVISIT_DAYS)
        columns = _visit_columns(self._visits, first, last)
        return [
            *_rows("visit", self._visits, columns, horizon, last),
            *self._clients(first, last),
            *(
                row
                for kind, (facts, own) in self._columns.items()
                for row in _rows(kind, facts, own, first, last)
            ),
        ]

    def _clients(self, first: int, last: int) -> Iterator[Row]:
        """Yield how many persons each member served, and how many of them were returning."""
        known = self._calls
        came = (known.day >= first - RETURNING_DAYS) & (known.day < first)
        chosen = (self._visits.days >= first) & (self._visits.days <= last)
        persons, keys = self._visits.records["person"][chosen], self._visits.keys[chosen]
        returning = np.isin(persons, known.person[came])
        names, place = np.unique(
            np.array([member or "" for member, _ in self._visits.names]), return_inverse=True
        )
        pairs, first_at = np.unique(place[keys] << _SHIFT | persons, return_index=True)
        served = pairs >> _SHIFT
        clients, known_ones = (
            np.bincount(served, weights, minlength=names.size).tolist()
            for weights in (np.ones(served.size), returning[first_at].astype(np.float64))
        )
        for member, *sums in zip(names.tolist(), clients, known_ones, strict=True):
            if sums[0]:
                yield {"kind": "client", "member": member, "item": None, "sums": sums}


def _visit_columns(facts: Done, first: int, last: int) -> Columns:
    """Return the columns of visits; a horizon must have ended within the period."""
    days, gap = facts.days, facts.records["gap"]
    inside = days >= first
    settled = _ended(days, first, last, REBOOK_DAYS)
    columns = [inside, inside & facts.has(PREBOOKED), inside & facts.has(SAME_DAY)]
    columns += [settled, settled & facts.has(REBOOKED)]
    for horizon in REVISIT_DAYS:
        ended = _ended(days, first, last, horizon)
        columns += [ended, ended & (gap <= horizon)]
    return np.stack([*columns, inside & facts.has(FIRST)], axis=1)


def _ended(days: Places, first: int, last: int, horizon: int) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = (days >= first - horizon) & (days <= last - horizon)
    return found


def _booking_columns(facts: Done) -> Columns:
    kept = facts.has(_KEPT)
    return np.stack([kept, kept & facts.has(_REQUESTED), np.ones_like(kept), ~kept], axis=1)


def _sale_columns(facts: Done) -> Columns:
    net, tip, tipped = (facts.records[name].astype(np.float64) for name in ("net", "tip", "tipped"))
    counted = [np.ones_like(net), net, net * net, facts.has(_ARTICLE), facts.has(_TIPPED)]
    return np.stack([*counted, tip, tipped, tip * tip, tip * tipped, tipped * tipped], axis=1)


def _shift_columns(facts: Done) -> Columns:
    x, y = (facts.records[name].astype(np.float64) for name in ("booked", "scheduled"))
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)


def _rows(kind: str, facts: Done, columns: Columns, first: int, last: int) -> Iterator[Row]:
    """Yield the sums of each (member, item) that there is from `first` to `last`."""
    chosen = np.flatnonzero((facts.days >= first) & (facts.days <= last))
    # The records of one key stand together.
    there, starts = np.unique(facts.keys[chosen], return_index=True)
    sums = np.add.reduceat(columns[chosen].astype(np.float64), starts) if len(starts) else starts
    for key, values in zip(there.tolist(), sums.tolist(), strict=True):
        member, item = facts.names[key]
        yield {"kind": kind, "member": member, "item": item, "sums": values}
