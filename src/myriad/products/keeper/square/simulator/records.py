"""One kind of object of one seller: kept as JSON text, found by time.

Keeping text instead of Python objects makes a page a join of bytes and a seller of thousands of
payments a few megabytes.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

Json = dict[str, Any]
Position = tuple[float, str]


def timestamp(moment: datetime) -> str:
    """Return RFC 3339 in UTC with milliseconds, as Square writes it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment_of(text: str) -> datetime:
    """Return the aware datetime of an RFC 3339 text, or raise ValueError."""
    parsed = datetime.fromisoformat(text)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Record:
    """One object: its JSON text, its times in Unix seconds, and when lists begin to show it."""

    id: str
    body: bytes
    times: dict[str, float]
    location_id: str
    customer_id: str
    state: str
    visible_at: float

    def decode(self) -> Json:
        """Return the object."""
        decoded: Json = msgspec.json.decode(self.body)
        return decoded


class _Times(msgspec.Struct):
    created_at: datetime | None = None
    updated_at: datetime | None = None
    closed_at: datetime | None = None
    start_at: datetime | None = None
    end_at: datetime | None = None


def record_of(body: Json, visible_at: float | None = None) -> Record:
    """Return the record of a Square object; visible from its creation unless told otherwise."""
    text = msgspec.json.encode(body)
    read = msgspec.json.decode(text, type=_Times)
    given = ((name, getattr(read, name)) for name in _Times.__struct_fields__)
    times = {name: moment.timestamp() for name, moment in given if moment is not None}
    return Record(
        id=body["id"],
        body=text,
        times=times,
        location_id=body.get("location_id", ""),
        customer_id=body.get("customer_id", ""),
        state=body.get("state") or body.get("status") or "",
        visible_at=times.get("created_at", 0.0) if visible_at is None else visible_at,
    )


@dataclass
class Table:
    """The records of one kind, with an index by each time that a list sorts by."""

    records: dict[str, Record] = field(default_factory=dict)
    _indexes: dict[str, list[Position]] = field(default_factory=dict)

    def put(self, body: Json, visible_at: float | None = None) -> None:
        """Insert or replace an object."""
        self.records[body["id"]] = record_of(body, visible_at)
        self._indexes.clear()

    def remove(self, record_id: str) -> Json | None:
        """Remove and return an object, or return None."""
        found = self.records.pop(record_id, None)
        self._indexes.clear()
        return found.decode() if found else None

    def find(self, record_id: str) -> Json | None:
        """Return an object, or None."""
        found = self.records.get(record_id)
        return found.decode() if found else None

    def scan(
        self, by: str, *, begin: float, end: float, after: Position | None, descending: bool
    ) -> Iterator[tuple[Position, Record]]:
        """Yield records with `begin` <= time < `end`, in order, beyond the position `after`."""
        index = self._index(by)
        low = bisect_left(index, (begin, ""))
        high = bisect_left(index, (end, ""))
        if descending:
            if after is not None:
                high = min(high, bisect_left(index, after))
            chosen = reversed(index[low:high])
        else:
            if after is not None:
                low = max(low, bisect_right(index, after))
            chosen = iter(index[low:high])
        for position in chosen:
            yield position, self.records[position[1]]

    def _index(self, by: str) -> list[Position]:
        index = self._indexes.get(by)
        if index is None:
            pairs = ((record.times.get(by), record.id) for record in self.records.values())
            index = sorted((time, name) for time, name in pairs if time is not None)
            self._indexes[by] = index
        return index
