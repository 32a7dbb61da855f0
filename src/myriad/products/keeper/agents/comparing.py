"""The profiles of an account compared: all of them, or only those that changed since they all were."""

from __future__ import annotations

import asyncio
import hashlib
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np

from myriad.products.keeper import matching
from myriad.products.keeper.repository.notes import (
    Note,
    drop_note,
    find_note,
    know_notes,
    store_note,
)
from myriad.products.keeper.repository.sql import Row, fetch, fetch_all
from myriad.scale.data import ReadSession, Session

BookedTime = tuple[datetime, datetime]
_DEFAULT_MINUTES = 30
_LONGEST_MINUTES = 24 * 60
MATCHING_NOTE, _NOTE = "matching", "matching_base"
_DEFAULT_COUNTRY = "US"
_VERSION = 3
# With more than this share of the profiles changed, comparing them all is no dearer.
_MOST_CHANGED = 0.2
# Until so many profiles have changed, what is kept serves as it is; then it is written anew.
_MOST_LOOSE = 16
_STAMP_BYTES = 32
_BUSY_BYTES = 24
_ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class Profiles:
    """The profiles that may be compared.

    `stamps` holds by the bytes of an id what changes with the profile or its cards; `busy` packs
    for every profile in a link a digest of its bookings.
    """

    total: int
    stamps: dict[bytes, bytes]
    country: str
    digest: str
    busy: str


@dataclass(frozen=True)
class Comparison:
    """Compared profiles.

    `base` is what later nights go by, None where there is nothing to go by, `held` the profiles it
    is of, in its order, and `is_kept` whether it is to be written. `touched` are the profiles whose
    pairs are decided, None for all; next night those who are `loose` are decided again, because
    the kept base does not know them as they are. `is_known` says whether the model in hand served.
    """

    profiles: Profiles
    records: list[matching.Record]
    compared: matching.Compared
    base: matching.Base | None
    held: list[bytes]
    is_kept: bool
    is_known: bool
    touched: list[UUID] | None = None
    loose: str = ""

    @property
    def likely(self) -> list[UUID]:
        """Whose bookings deciding asks for."""
        return [UUID(self.records[number].id) for number in self.compared.likely()]

    def settle(self, busy: Mapping[UUID, Sequence[BookedTime]]) -> matching.Linkage:
        """Decide, given when the likely ones were busy."""
        records = list(self.records)
        place = {record.id: number for number, record in enumerate(records)}
        for one, times in busy.items():
            number = place[str(one)]
            records[number] = replace(records[number], busy=tuple(sorted(times)))
        return matching.settle(records, self.compared)


async def read_profiles(session: ReadSession) -> Profiles:
    """Return the profiles as they stand, with what their comparing depends on.

    The notes of matching are read with them.
    """
    found = await fetch_all(
        session,
        {
            "profile_stamps": {},
            "account_country": {},
            "linked_busy": {},
            "agent_notes": {"agents": [MATCHING_NOTE, _NOTE]},
        },
    )
    know_notes(session, [MATCHING_NOTE, _NOTE], found["agent_notes"])
    row = found["profile_stamps"][0]
    country = found["account_country"][0]["country"] or _DEFAULT_COUNTRY
    packed: bytes = row["stamps"]
    facts = f"{row['profiles']}|{row['decided']}|{country}|".encode()
    digest = hashlib.blake2b(facts + packed, digest_size=16).hexdigest()
    busy = b64encode(found["linked_busy"][0]["busy"]).decode()
    return Profiles(row["profiles"], _read_stamps(packed), country, digest, busy)


def _read_stamps(packed: bytes, size: int = _STAMP_BYTES) -> dict[bytes, bytes]:
    starts = range(0, len(packed), size)
    return {packed[at : at + _ID_BYTES]: packed[at + _ID_BYTES : at + size] for at in starts}


def find_stirred(before: str, now: str) -> set[bytes]:
    """Return the profiles in a link whose bookings differ between two values of `busy`."""
    if before == now:
        return set()
    old, new = (_read_stamps(b64decode(each), _BUSY_BYTES) for each in (before, now))
    return {one for one in old.keys() | new.keys() if old.get(one) != new.get(one)}


def read_loose(packed: str) -> set[bytes]:
    """Return the profiles in a value of `loose`."""
    ids = b64decode(packed)
    return {ids[at : at + _ID_BYTES] for at in range(0, len(ids), _ID_BYTES)}


def _key(record: matching.Record) -> bytes:
    return UUID(record.id).bytes


async def compare(
    session: ReadSession,
    profiles: Profiles,
    model: matching.Model | None,
    stirred: set[bytes],
) -> Comparison:
    """Compare by a known `model` what changed since all were compared, else everything.

    `stirred` are profiles whose links are decided again: their bookings changed, or they were loose.
    """
    note = await find_note(session, _NOTE) if model else None
    if model and note is not None and _serves(note, profiles):
        quick = await _compare_changed(session, profiles, model, stirred, note)
        if quick is not None:
            return quick
        # A crowd or a fashion: the frequencies are those of another list.
        model = None
    rows = await fetch(session, "matching_records")
    records = build_records(rows, profiles.country)
    compared = await asyncio.to_thread(matching.compare_records, records, known=model)
    base = await asyncio.to_thread(matching.base_of, records, compared)
    held = [_key(record) for record in records]
    return Comparison(profiles, records, compared, base, held, True, model is not None)


def _serves(note: Note, profiles: Profiles) -> bool:
    return (note.facts["version"], note.facts["country"]) == (_VERSION, profiles.country)


async def _compare_changed(
    session: ReadSession,
    profiles: Profiles,
    model: matching.Model,
    stirred: set[bytes],
    note: Note,
) -> Comparison | None:
    before = _read_stamps(b64decode(note.facts["stamps"]))
    kept = np.array([profiles.stamps.get(one) == stamp for one, stamp in before.items()])
    gone = {one for one, same in zip(before, kept.tolist(), strict=True) if not same}
    stayed = [one for one in before if one not in gone]
    new_ids = [UUID(bytes=one) for one in profiles.stamps.keys() - set(stayed)]
    if len(new_ids) > _MOST_CHANGED * len(profiles.stamps):
        return None
    new_rows = await _fetch_records(session, new_ids)
    new = build_records(new_rows, profiles.country)
    changed = matching.find_changed(
        matching.Base.from_dict(note.facts["base"]),
        kept,
        new,
        model,
        np.array([one in stirred for one in before], dtype=np.bool_),
    )
    if changed is None:
        return None
    ids = [*stayed, *(_key(record) for record in new)]
    others = [UUID(bytes=ids[n]) for n in changed.records if n < len(stayed)]
    rows = await _fetch_records(session, others)
    if len(rows) < len(others) or len(new) < len(new_ids):
        # Somebody was erased in this very moment.
        return None
    made = build_records(rows, profiles.country)
    records = _by_age([*zip(rows, made, strict=True), *zip(new_rows, new, strict=True)])
    row_of = {_key(record): row for row, record in enumerate(records)}
    place = {number: row_of[ids[number]] for number in changed.records}
    again = matching.compare_changed(changed, records, place, model)
    touched = {ids[number] for number in again.touched or ()} | gone | stirred
    is_kept = len(new) > _MOST_LOOSE
    loose = b"" if is_kept else b"".join(ids[number] for number in sorted(again.loose))
    return Comparison(
        profiles,
        records,
        again.compared,
        again.base,
        ids,
        is_kept,
        True,
        [UUID(bytes=one) for one in touched],
        b64encode(loose).decode(),
    )


def _by_age(pairs: Sequence[tuple[Row, matching.Record]]) -> list[matching.Record]:
    """Return the records in the order in which all are read."""

    def age(pair: tuple[Row, matching.Record]) -> tuple[bool, float, UUID]:
        created = pair[0]["ext_created_at"]
        return created is None, created.timestamp() if created else 0.0, pair[0]["id"]

    return [record for _, record in sorted(pairs, key=age)]


async def _fetch_records(session: ReadSession, ids: Sequence[UUID]) -> list[Row]:
    return await fetch(session, "matching_records_of", ids=list(ids)) if ids else []


async def keep(session: Session, comparison: Comparison, day: date) -> None:
    """Keep what later nights go by, when it is worth writing."""
    if not comparison.is_kept:
        return
    if comparison.base is None:
        await drop_note(session, _NOTE)
        return
    stamps = comparison.profiles.stamps
    packed = b"".join(one + stamps.get(one, b"\0" * _ID_BYTES) for one in comparison.held)
    facts = {
        "version": _VERSION,
        "country": comparison.profiles.country,
        "stamps": b64encode(packed).decode(),
        "base": comparison.base.as_dict(),
    }
    await store_note(session, _NOTE, day, facts)


async def read_busy(session: ReadSession, ids: Sequence[UUID]) -> dict[UUID, list[BookedTime]]:
    """Return when the profiles `ids` were booked."""
    busy: dict[UUID, list[BookedTime]] = {}
    if ids:
        for booking in await fetch(session, "booked_times", ids=list(ids)):
            busy.setdefault(booking["id"], []).append(interval_of(booking))
    return busy


def build_records(rows: Sequence[Row], country: str) -> list[matching.Record]:
    """Return the profiles as matching reads them; who has no contact is not matched on name."""
    return [
        matching.record(
            str(row["id"]),
            given=row["given_name"],
            family=row["family_name"],
            email=row["email"],
            phone=row["phone_e164"] or row["phone"],
            country=country,
            birthday=_birthday(row),
            address_line=row["address_line"],
            postcode=row["postcode"],
            cards=tuple(row["cards"]),
        )
        for row in rows
    ]


def interval_of(booking: Row) -> BookedTime:
    """Return when a booking begins and ends."""
    minutes = sum(_minutes(segment) for segment in booking["segments"]) or _DEFAULT_MINUTES
    return booking["start_at"], booking["start_at"] + timedelta(minutes=minutes)


def _minutes(segment: Any) -> int:
    given = segment.get("duration_minutes") if isinstance(segment, dict) else None
    return min(given, _LONGEST_MINUTES) if isinstance(given, int) and given > 0 else 0


def _birthday(row: Row) -> str | None:
    if not row["birth_month"] or not row["birth_day"]:
        return None
    return f"{row['birth_year'] or 0:04d}-{row['birth_month']:02d}-{row['birth_day']:02d}"
