"""What each day holds of the team, packed: records of a fixed size, by kind.

A record has its day (an ordinal) and two words, by their places in a list that only grows: member
and service, or item and name. Persons and ids are the bytes of UUIDs, moments microseconds since
2000 as PostgreSQL sends them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Records = NDArray[Any]
Facts = dict[str, Records]

_SIDES: tuple[Literal["left"], Literal["right"]] = ("left", "right")
NOBODY = -1
"""The place of no word."""

_FLAGS = ("flags", ">i4")
_SENT: dict[str, list[tuple[str, str]]] = {
    "visit": [("person", "S16"), ("at", ">i8")],
    "appointment": [("person", "S16"), ("made_on", ">i4"), ("made_at", ">i8"), ("id", "S16")],
    "booking": [_FLAGS],
    "sale": [_FLAGS, ("net", ">f8"), ("tip", ">f8"), ("tipped", ">f8")],
    "shift": [("booked", ">f8"), ("scheduled", ">f8")],
    "card": [("id", "S16")],
    "service": [],
    "name": [],
}
KINDS = tuple(_SENT)
_DAY, _WORDS = ("day", ">i4"), [("a", ">i4"), ("b", ">i4")]
_AS_SENT = {kind: np.dtype([_DAY, *fields]) for kind, fields in _SENT.items()}
# Little-endian, as NumPy works with it on every machine that we run on.
KEPT = {
    kind: np.dtype([_DAY, *_WORDS, *fields]).newbyteorder("<") for kind, fields in _SENT.items()
}


class Words:
    """Words by place; `grown` tells whether any were added to those that were known."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        self.listed = list(known)
        self._known = len(self.listed)
        self._place = {word: place for place, word in enumerate(self.listed)}

    @property
    def grown(self) -> bool:
        """Whether there are words that were not known."""
        return len(self.listed) > self._known

    def place(self, word: str | None) -> int:
        """Return where a word stands, adding it when it is new; -1 for none."""
        if word is None:
            return NOBODY
        if word not in self._place:
            self._place[word] = len(self.listed)
            self.listed.append(word)
        return self._place[word]

    def at(self, place: int) -> str | None:
        """Return the word at a place."""
        return None if place < 0 else self.listed[place]


def unpack_rows(rows: Iterable[Mapping[str, Any]], words: Words) -> Facts:
    """Return the records of rows (kind, a, b, data) as `team_facts` sends them, in a fixed order."""
    found: dict[str, list[Records]] = {kind: [] for kind in KINDS}
    for row in rows:
        if row["data"]:
            sent = np.frombuffer(row["data"], dtype=_AS_SENT[row["kind"]])
            kept = np.empty(sent.size, dtype=KEPT[row["kind"]])
            for name in sent.dtype.names or ():
                kept[name] = sent[name]
            kept["a"], kept["b"] = words.place(row["a"]), words.place(row["b"])
            found[row["kind"]].append(kept)
    return {kind: np.sort(_joined(kind, parts)) for kind, parts in found.items()}


def unpack_kept(kept: Mapping[str, bytes]) -> Facts:
    """Return the records of joined days."""
    return {kind: np.frombuffer(kept[kind], dtype=KEPT[kind]) for kind in KINDS}


def merge(kept: Facts, fresh: Facts, days: Collection[int]) -> Facts:
    """Return `kept` with its `days` replaced by what `fresh` holds of them."""
    if not days:
        return kept
    gone = np.array(sorted(days))
    return {
        kind: _joined(kind, [pick(records, ~np.isin(records["day"], gone)), fresh[kind]])
        for kind, records in kept.items()
    }


def pick(records: Records, which: NDArray[Any]) -> Records:
    """Return the records that a mask or places name: field by field NumPy takes much longer."""
    rows = np.ascontiguousarray(records).view(f"V{records.dtype.itemsize}")
    picked: Records = rows[which].view(records.dtype)
    return picked


def pack_days(facts: Facts, days: Sequence[int]) -> dict[str, list[bytes]]:
    """Return the records of each of `days`, in rising order, by kind; nothing of days without any."""
    found = {}
    for kind, records in facts.items():
        firsts, lasts = (np.searchsorted(records["day"], days, side) for side in _SIDES)
        found[kind] = [
            records[first:last].tobytes()
            for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True)
        ]
    return found


def days_of(facts: Facts) -> list[int]:
    """Return the days of which there is anything, in rising order."""
    days: list[int] = np.unique(np.concatenate([each["day"] for each in facts.values()])).tolist()
    return days


def days_of_ids(records: Records, ids: bytes) -> set[int]:
    """Return the days on which the records of these ids (16 bytes each) lie."""
    wanted = np.frombuffer(ids, dtype="S16")
    if not wanted.size:
        return set()
    return set(records["day"][np.isin(records["id"], wanted)].tolist())


def services_of(facts: Facts, last: int) -> set[int]:
    """Return the places of the services that were booked up to the day `last`."""
    booked = facts["service"]
    return set(booked["a"][booked["day"] <= last].tolist())


def names_of(facts: Facts, words: Words) -> dict[str, str]:
    """Return what each item is called on receipts: of several names the first by letters."""
    pairs = {(int(a), int(b)) for a, b in zip(*_pair(facts["name"]), strict=True)}
    names: dict[str, str] = {}
    for item, name in pairs:
        key, called = words.listed[item], words.listed[name]
        names[key] = min(names.get(key, called), called)
    return names


def _pair(records: Records) -> tuple[Ints, Ints]:
    codes = np.unique(records["a"].astype(np.int64) << 32 | records["b"].astype(np.int64))
    return codes >> 32, codes & 0xFFFFFFFF


def _joined(kind: str, parts: Sequence[Records]) -> Records:
    # NumPy's own way compares the fields of every part first, which takes longer than the bytes.
    return np.frombuffer(b"".join(part.tobytes() for part in parts), dtype=KEPT[kind])
