"""From what was done on each day to the sums of a member, a service and a period.

Days are ordinals, durations minutes, money minor units. The columns of the sums are those of
keeper/team/definitions.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from myriad.products.keeper.team.definitions import REBOOK_DAYS, RETURNING_DAYS, REVISIT_DAYS

Row = dict[str, Any]
Columns = NDArray[Any]
Places = NDArray[np.int64]

_DAY, _FLAGS = ("day", ">i4"), ("flags", ">i4")
_RECORDS = {
    "visit": np.dtype([_DAY, ("person", ">i4"), ("gap", ">i4"), _FLAGS]),
    "person": np.dtype([_DAY, ("person", ">i4")]),
    "booking": np.dtype([_DAY, _FLAGS]),
    "sale": np.dtype([_DAY, _FLAGS, ("net", ">f8"), ("tip", ">f8"), ("tipped", ">f8")]),
    "shift": np.dtype([_DAY, ("booked", ">f8"), ("scheduled", ">f8")]),
}
_FIRST, _PREBOOKED, _SAME_DAY, _REBOOKED = 1, 2, 4, 8
_KEPT, _REQUESTED = 1, 2
_ARTICLE, _TIPPED = 1, 2


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything of one kind: records with their day, and whose (member, item) each is by place."""

    records: Columns
    keys: Places
    names: tuple[tuple[str, str | None], ...]

    @classmethod
    def of(cls, kind: str, rows: Iterable[Row]) -> Facts:
        """Unpack the rows (kind, member, item, data) that are of this kind."""
        own = [row for row in rows if row["kind"] == kind and row["data"]]
        dtype = _RECORDS[kind]
        sizes = [len(row["data"]) // dtype.itemsize for row in own]
        return cls(
            np.frombuffer(b"".join(row["data"] for row in own), dtype=dtype),
            np.repeat(np.arange(len(own)), sizes),
            tuple((row["member"], row["item"]) for row in own),
        )

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

    `rows` are those of the query `team_facts`.
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        self._visits = Facts.of("visit", rows)
        self._persons = Facts.of("person", rows)
        self._columns = {
            "booking": (facts := Facts.of("booking", rows), _booking_columns(facts)),
            "sale": (facts := Facts.of("sale", rows), _sale_columns(facts)),
            "shift": (facts := Facts.of("shift", rows), _shift_columns(facts)),
        }

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
        known = self._persons
        came = (known.days >= first - RETURNING_DAYS) & (known.days < first)
        chosen = (self._visits.days >= first) & (self._visits.days <= last)
        persons, keys = self._visits.records["person"][chosen], self._visits.keys[chosen]
        returning = np.isin(persons, known.records["person"][came])
        members = np.array([member for member, _ in self._visits.names])[keys]
        for member in sorted(set(members.tolist())):
            own = members == member
            sums = [float(len(np.unique(persons[each]))) for each in (own, own & returning)]
            yield {"kind": "client", "member": member, "item": None, "sums": sums}


def _visit_columns(facts: Facts, first: int, last: int) -> Columns:
    """Return the columns of visits; a horizon must have ended within the period."""
    days, gap = facts.days, facts.records["gap"]
    inside = days >= first
    settled = _ended(days, first, last, REBOOK_DAYS)
    columns = [inside, inside & facts.has(_PREBOOKED), inside & facts.has(_SAME_DAY)]
    columns += [settled, settled & facts.has(_REBOOKED)]
    for horizon in REVISIT_DAYS:
        ended = _ended(days, first, last, horizon)
        columns += [ended, ended & (gap <= horizon)]
    return np.stack([*columns, inside & facts.has(_FIRST)], axis=1)


def _ended(days: Places, first: int, last: int, horizon: int) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = (days >= first - horizon) & (days <= last - horizon)
    return found


def _booking_columns(facts: Facts) -> Columns:
    kept = facts.has(_KEPT)
    return np.stack([kept, kept & facts.has(_REQUESTED), np.ones_like(kept), ~kept], axis=1)


def _sale_columns(facts: Facts) -> Columns:
    net, tip, tipped = (facts.records[name].astype(np.float64) for name in ("net", "tip", "tipped"))
    counted = [np.ones_like(net), net, net * net, facts.has(_ARTICLE), facts.has(_TIPPED)]
    return np.stack([*counted, tip, tipped, tip * tip, tip * tipped, tipped * tipped], axis=1)


def _shift_columns(facts: Facts) -> Columns:
    x, y = (facts.records[name].astype(np.float64) for name in ("booked", "scheduled"))
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)


def _rows(kind: str, facts: Facts, columns: Columns, first: int, last: int) -> Iterator[Row]:
    """Yield the sums of each (member, item) that there is from `first` to `last`."""
    chosen = np.flatnonzero((facts.days >= first) & (facts.days <= last))
    # The records of one key stand together.
    there, starts = np.unique(facts.keys[chosen], return_index=True)
    sums = np.add.reduceat(columns[chosen].astype(np.float64), starts) if len(starts) else starts
    for key, values in zip(there.tolist(), sums.tolist(), strict=True):
        member, item = facts.names[key]
        yield {"kind": kind, "member": member, "item": item, "sums": values}
