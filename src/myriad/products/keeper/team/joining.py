"""What reaches over days: when somebody came again, and which next dates stood when they left.

Each is one sorted list and one search in it, so that it grows with visits and appointments, not
with their pairs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from myriad.products.keeper.team.packing import Ints, Records, pick

Bools = NDArray[np.bool_]

NEVER = 1_000_000
FIRST, PREBOOKED, SAME_DAY, REBOOKED = 1, 2, 4, 8
_SHIFT = 22
_REBOOK_MICROSECONDS = 48 * 3600 * 1_000_000


@dataclass(frozen=True, slots=True)
class Calls:
    """Everybody's visits, by person and day: `keys` (16 bytes) number the persons of `person`."""

    keys: NDArray[np.bytes_]
    person: Ints
    day: Ints

    @classmethod
    def of(cls, person: NDArray[np.bytes_], day: Ints) -> Calls:
        """Number the persons of visits that come sorted by person and day."""
        changed = np.ones(person.size, dtype=bool)
        changed[1:] = person[1:] != person[:-1]
        return cls(person[changed], np.cumsum(changed) - 1, day.astype(np.int64))

    @property
    def gap(self) -> Ints:
        """Days to the same person's next visit, a million where there is none."""
        gap = np.full(self.day.size, NEVER)
        follows = self.person[1:] == self.person[:-1]
        gap[:-1][follows] = (self.day[1:] - self.day[:-1])[follows]
        return gap

    @property
    def is_first(self) -> Bools:
        """Whether nobody knew the person before."""
        first = np.ones(self.day.size, dtype=bool)
        first[1:] = self.person[1:] != self.person[:-1]
        return first

    def number(self, keys: NDArray[np.bytes_]) -> Ints:
        """Return the numbers of persons by their bytes, -1 for who never came."""
        place = np.searchsorted(self.keys, keys)
        place[place == self.keys.size] = 0
        known = self.keys[place] == keys if self.keys.size else np.zeros(keys.size, dtype=bool)
        return np.where(known, place, -1)


def join_visits(visits: Records, appointments: Records, calls: Calls) -> Records:
    """Return for each attended visit its place, person, gap and flags; who never came is left out."""
    person = calls.number(visits["person"])
    code = _code(person, visits["day"].astype(np.int64))
    codes = _code(calls.person, calls.day)
    place = np.minimum(np.searchsorted(codes, code), max(codes.size - 1, 0))
    known = (person >= 0) & (codes[place] == code) if codes.size else person >= 0
    found = np.empty(
        int(known.sum()),
        dtype=[("day", "i8"), ("a", "i8"), ("b", "i8"), ("person", "i8"), ("gap", "i8"), ("flags", "i8")],
    )  # fmt: skip
    for name in ("day", "a", "b"):
        found[name] = visits[name][known]
    found["person"], found["gap"] = person[known], calls.gap[place[known]]
    flags = _flags(found, visits["at"][known].astype(np.int64), appointments, calls)
    found["flags"] = flags | (FIRST * calls.is_first[place[known]])
    return found


def _flags(visits: Records, at: Ints, appointments: Records, calls: Calls) -> Ints:
    """Tell which next dates stood: at the end of the visit, made that very day, within 48 hours."""
    person = calls.number(appointments["person"])
    known = person >= 0
    kept, person = pick(appointments, known), person[known]
    day, made_on = kept["day"].astype(np.int64), kept["made_on"].astype(np.int64)
    who, on = visits["person"], visits["day"]
    prebooked = _latest(person, made_on, day, who, on) > on
    same_day = prebooked & (_latest_on(_code(person, made_on), day, _code(who, on)) > on)
    by_then = at + _REBOOK_MICROSECONDS - 1
    rebooked = _latest(person, kept["made_at"].astype(np.int64), day, who, by_then) > on
    flags: Ints = PREBOOKED * prebooked + SAME_DAY * same_day + REBOOKED * rebooked
    return flags


def _latest(person: Ints, made: Ints, day: Ints, who: Ints, until: Ints) -> Ints:
    """The latest day of what each of `who` had made by `until`, 0 for nothing."""
    order = np.lexsort((made, person))
    latest = np.maximum.accumulate(_code(person[order], day[order])) if order.size else day
    place = _place(person[order], made[order], who, until) - 1
    found = latest[np.maximum(place, 0)] if order.size else np.zeros(who.size, dtype=np.int64)
    same = (place >= 0) & (found >> _SHIFT == who)
    return np.where(same, found & ((1 << _SHIFT) - 1), 0)


def _place(person: Ints, made: Ints, who: Ints, until: Ints) -> Ints:
    """Where (who, until) would stand to the right in the sorted list of (person, made)."""
    everyone, times = np.concatenate([person, who]), np.concatenate([made, until])
    is_asked = np.arange(everyone.size) >= person.size
    order = np.lexsort((is_asked, times, everyone))
    before = np.cumsum(~is_asked[order])
    place = np.empty(everyone.size, dtype=np.int64)
    place[order] = before
    return place[person.size :]


def _latest_on(codes: Ints, day: Ints, asked: Ints) -> Ints:
    """The latest day among what bears the asked code, 0 for none."""
    if not codes.size:
        return np.zeros(asked.size, dtype=np.int64)
    order = np.lexsort((day, codes))
    codes, day = codes[order], day[order]
    place = np.searchsorted(codes, asked, "right") - 1
    same = (place >= 0) & (codes[place] == asked)
    return np.where(same, day[place], 0)


def _code(person: Ints, day: Ints) -> Ints:
    code: Ints = (person << _SHIFT) + day
    return code
