"""What is kept of the team by day, so that a night counts anew only what something touched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from numpy.typing import NDArray

from myriad.products.keeper.repository.notes import MARGIN
from myriad.products.keeper.repository.sql import (
    QUERIES,
    Row,
    execute_all,
    fetch,
    fetch_all,
    fetch_text,
    get,
)
from myriad.products.keeper.team.definitions import REVISIT_DAYS
from myriad.products.keeper.team.packing import (
    Facts,
    Words,
    days_of,
    days_of_ids,
    merge,
    pack_days,
    services_of,
    unpack_kept,
    unpack_rows,
)
from myriad.scale.data import ReadSession, Session

WHOLE_EVERY_DAYS = 28
_UTC = "UTC"
_SOME_DAYS, _EVERY_DAY = "= ANY (%(days)s::date[])", ">= %(first)s::date"
_PERSON = np.dtype([("customer", "S16"), ("person", "S16")])


@dataclass(frozen=True, slots=True)
class State:
    """How far the kept days have come, and what they were made with.

    `places` are the zones of locations, `services` the places in `words` of what was ever booked,
    `people` whose person each profile was.
    """

    read_at: datetime
    business_date: date | None
    noted_at: datetime | None
    whole_on: date | None
    places: str | None
    words: list[str] | None
    services: list[int] | None
    people: bytes | None

    def covers(self, day: date) -> bool:
        """Whether days have already been let go of in the month of `day`."""
        return self.business_date is not None and (
            (self.business_date.year, self.business_date.month) == (day.year, day.month)
        )

    def serves(self, day: date, places: str) -> bool:
        """Whether a night on `day` may count anew only what is new."""
        if self.whole_on is None or self.business_date is None or self.business_date > day:
            return False
        return self.places == places and (day - self.whole_on).days < WHOLE_EVERY_DAYS


_NOTHING = State(datetime.min.replace(tzinfo=UTC), None, None, None, None, None, None, None)


@dataclass(frozen=True, slots=True)
class TeamDays:
    """What each day since `since` holds of the team, and which days were counted anew.

    `whole` when that was every day; days are ordinals.
    """

    facts: Facts
    words: Words
    fresh: Facts
    days: list[int]
    whole: bool


class TeamReader:
    """Reads the team's days as known on `day`, from `first` on; `zone` is the account's."""

    def __init__(self, session: ReadSession, day: date, first: date, zone: str) -> None:
        self._session, self._day, self._first = session, day, first
        self._zone = _known_zone(zone)
        self._state = _NOTHING
        self._zones: dict[str, str] = {}
        self._people = b""

    async def open(self, asked: Mapping[str, Mapping[str, Any]]) -> dict[str, list[Row]]:
        """Ask how far the kept days have come, together with other queries; return their rows."""
        own: dict[str, dict[str, Any]] = {"team_state": {}, "list_places": {}, "team_people": {}}
        found = await fetch_all(self._session, {**own, **asked})
        self._state = State(**found["team_state"][0])
        self._zones = {row["ext_id"]: _known_zone(row["timezone"]) for row in found["list_places"]}
        self._people = _ordered(found["team_people"][0]["people"])
        return found

    async def read(self, since: date, *, kept: bool = True) -> TeamDays:
        """Return what there is since `since`; everything is counted anew unless `kept` serves."""
        if kept and self._state.serves(self._day, self._places):
            found = await self._read_news(since)
            if found is not None:
                return found
        return await self._read_whole()

    async def read_kept(self, since: date, words: Words) -> TeamDays:
        """Return what is kept since `since`."""
        facts = {"first": self._first, "since": since}
        packed = await get(self._session, "team_kept", **facts)
        return TeamDays(unpack_kept(packed), words, {}, [], whole=False)

    async def store(self, session: Session, found: TeamDays) -> int:
        """Keep what was counted anew, for the next night; return how many days changed."""
        days = [date.fromordinal(day) for day in found.days]
        asked: dict[str, dict[str, Any]] = {"store_team_state": self._state_of(found)}
        if days:
            asked["store_team_days"] = {"days": days, **pack_days(found.fresh, found.days)}
        if found.whole or not self._state.covers(self._day):
            facts = {"first": self._first, "days": days, "is_whole": found.whole}
            asked["drop_team_days"] = facts
        changed = await execute_all(session, asked)
        return sum(count for name, count in changed.items() if name != "store_team_state")

    def _state_of(self, found: TeamDays) -> dict[str, Any]:
        state = self._state
        booked = sorted(services_of(found.fresh, self._last)) if found.whole else state.services
        return {
            "day": self._day,
            "read_at": state.read_at,
            "whole_on": self._day if found.whole else state.whole_on,
            "places": self._places,
            "words": found.words.listed if found.words.grown or not state.words else None,
            "services": booked,
            "people": None if self._people == state.people else self._people,
        }

    @property
    def _last(self) -> int:
        return self._day.toordinal()

    @property
    def _places(self) -> str:
        return "|".join([self._zone, *(f"{a}={b}" for a, b in sorted(self._zones.items()))])

    async def _read_news(self, since: date) -> TeamDays | None:
        """Return kept days with what is new; None when what they were made with has changed."""
        state = self._state
        moved = moved_people(state.people or b"", self._people)
        if moved is None or state.noted_at is None:
            return None
        news, packed = await self._ask_news(state.noted_at - MARGIN, since, moved)
        words, kept = Words(state.words or ()), unpack_kept(packed)
        days = {day.toordinal() for day in news["days"]}
        days |= set(range((state.business_date or self._day).toordinal() + 1, self._last + 1))
        days |= days_of_ids(kept["appointment"], news["bookings"])
        days |= days_of_ids(kept["card"], news["cards"])
        touched = sorted(day for day in days if day >= self._first.toordinal())
        fresh = unpack_rows(await self._count(touched, state, words), words)
        facts = merge(kept, fresh, touched)
        if services_of(facts, self._last) != set(state.services or ()):
            return None
        return TeamDays(facts, words, fresh, touched, whole=False)

    async def _ask_news(
        self, after: datetime, since: date, moved: Sequence[UUID]
    ) -> tuple[Row, Row]:
        facts: dict[str, Any] = {
            "since": after,
            "last": self._state.business_date,
            "day": self._day,
        }
        facts |= {"moved": list(moved), "first": self._first, **self._zoning}
        asked = {"team_news": facts, "team_kept": {"first": self._first, "since": since}}
        found = await fetch_all(self._session, asked)
        return found["team_news"][0], found["team_kept"][0]

    async def _count(self, touched: Sequence[int], state: State, words: Words) -> list[Row]:
        if not touched:
            return []
        days = [date.fromordinal(day) for day in touched]
        facts = {"days": days, "first": days[0], "last": days[-1], "day": self._day}
        services = [words.listed[place] for place in state.services or ()]
        text = QUERIES["team_facts"].replace("$days", _SOME_DAYS)
        return await fetch_text(
            self._session, text, {**facts, **self._zoning, "services": services}
        )

    async def _read_whole(self) -> TeamDays:
        # The planner knows nothing of the parts of this query and would loop over them; every one
        # of them is read whole, so hashing is right at any size.
        await fetch(self._session, "join_by_hash")
        text = QUERIES["team_facts"].replace("$days", _EVERY_DAY)
        facts = {"first": self._first, "last": self._day, "day": self._day, "services": None}
        words = Words(self._state.words or ())
        rows = await fetch_text(self._session, text, {**facts, **self._zoning})
        found = unpack_rows(rows, words)
        return TeamDays(found, words, found, days_of(found), whole=True)

    @property
    def _zoning(self) -> dict[str, Any]:
        return {
            "zone": self._zone,
            "places": list(self._zones),
            "zones": list(self._zones.values()),
        }


def moved_people(before: bytes, after: bytes) -> list[UUID] | None:
    """Return the profiles that are new or came to another person; None when one is gone."""
    if before == after:
        return []
    old, new = (np.frombuffer(people, dtype=_PERSON) for people in (before, after))
    if not np.isin(old["customer"], new["customer"]).all():
        return None
    place = np.minimum(np.searchsorted(old["customer"], new["customer"]), max(old.size - 1, 0))
    same = np.zeros(new.size, dtype=bool)
    if old.size:
        same = (old["customer"][place] == new["customer"]) & (old["person"][place] == new["person"])
    return [_uuid(key) for key in new["customer"][~same].tolist()]


async def get_basis(session: ReadSession, first: date, settled: date) -> str:
    """Return a sign of the kept days before `settled` that changes when one of them does."""
    row = await get(session, "team_basis_of_days", first=first, settled=settled)
    return str(row["basis"])


def reach(first: date) -> date:
    """Return from which day on figures of a period that begins on `first` see visits."""
    return first - timedelta(days=max(REVISIT_DAYS))


def _ordered(people: bytes) -> bytes:
    records: NDArray[Any] = np.frombuffer(people, dtype=_PERSON)
    return records[np.argsort(records["customer"], kind="stable")].tobytes()


def _known_zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError):
        return _UTC


def _uuid(key: bytes) -> UUID:
    # NumPy leaves zeros at the end of a byte string away.
    return UUID(bytes=key.ljust(16, b"\0"))
