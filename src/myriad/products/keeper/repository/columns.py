"""Visits and bookings as columns: one answer of packed bytes instead of a row for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from myriad.products.keeper.repository.history import read_visits
from myriad.products.keeper.repository.sql import get
from myriad.scale.data import ReadSession

Ints = NDArray[np.int64]
# As uuid_send, int4send, int8send, timestamptz_send and boolsend write them.
_VISIT = np.dtype([("person", "S16"), ("day", ">i4"), ("net", ">i8")])
_BOOKING = np.dtype([("person", "S16"), ("made", ">i8"), ("start", ">i4"), ("no_show", "?")])
_MICROSECONDS_A_DAY = 86_400_000_000
_EPOCH = date(2000, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class VisitColumns:
    """An account's visits; visit i is of `people[person[i]]`, `day` are ordinals, `net` minor units."""

    people: tuple[UUID, ...]
    person: Ints
    day: Ints
    net: Ints

    @property
    def size(self) -> int:
        """How many visits there are."""
        return self.day.size

    @classmethod
    def of(cls, rows: Sequence[Mapping[str, Any]]) -> VisitColumns:
        """Build from rows of (person_id, local_date, net)."""
        people = tuple(dict.fromkeys(row["person_id"] for row in rows))
        place = {person: number for number, person in enumerate(people)}
        return cls(
            people,
            np.array([place[row["person_id"]] for row in rows], dtype=np.int64),
            np.array([row["local_date"].toordinal() for row in rows], dtype=np.int64),
            np.array([row["net"] for row in rows], dtype=np.int64),
        )


@dataclass(frozen=True, slots=True)
class BookingColumns:
    """Bookings of the people of a `VisitColumns`, by the same numbers; days are ordinals."""

    person: Ints
    made: Ints
    start: Ints
    no_show: NDArray[np.bool_]


async def load_visit_records(session: ReadSession, day: date) -> NDArray[Any]:
    """Return the visits up to `day` as records (person, day, net), by person and day."""
    return np.frombuffer(await read_visits(session, day), dtype=_VISIT)


async def load_visit_columns(session: ReadSession, day: date) -> VisitColumns:
    """Return the visits up to `day`, by person and day; agents of one run share them."""
    packed = await read_visits(session, day)
    shared: dict[str, Any] = session.info.get("shared", {})
    known: tuple[bytes, VisitColumns] | None = shared.get("visit_columns")
    if known is None or known[0] is not packed:
        known = shared["visit_columns"] = packed, unpack_visits(packed)
    return known[1]


def unpack_visits(packed: bytes) -> VisitColumns:
    """Return packed visits, which stand by person and day."""
    visits = np.frombuffer(packed, dtype=_VISIT)
    changed = np.ones(visits.size, dtype=bool)
    changed[1:] = visits["person"][1:] != visits["person"][:-1]
    people = tuple(_uuid(key) for key in visits["person"][changed].tolist())
    columns = np.cumsum(changed) - 1, visits["day"].astype(int), visits["net"].astype(int)
    for column in columns:
        # Several agents read them.
        column.flags.writeable = False
    return VisitColumns(people, *columns)


async def load_booking_columns(
    session: ReadSession, day: date, people: Sequence[UUID]
) -> BookingColumns:
    """Return accepted and missed bookings of `people`, in rising order, made on or before `day`."""
    return unpack_bookings((await get(session, "load_booking_columns"))["bookings"], day, people)


def unpack_bookings(packed: bytes, day: date, people: Sequence[UUID]) -> BookingColumns:
    """Return packed bookings of `people`, in rising order, made on or before `day`."""
    bookings = np.frombuffer(packed, dtype=_BOOKING)
    keys = np.array([person.bytes for person in people], dtype="S16")
    place = np.searchsorted(keys, bookings["person"])
    known = place < keys.size
    known[known] = keys[place[known]] == bookings["person"][known]
    made = bookings["made"].astype(np.int64) // _MICROSECONDS_A_DAY + _EPOCH
    known &= made <= day.toordinal()
    found = bookings[known]
    return BookingColumns(
        place[known].astype(np.int64),
        made[known],
        found["start"].astype(np.int64),
        found["no_show"],
    )


def _uuid(key: bytes) -> UUID:
    # NumPy leaves zeros at the end of a byte string away.
    return UUID(bytes=key.ljust(16, b"\0"))
