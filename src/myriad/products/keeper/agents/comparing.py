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
from myriad.products.keeper.repository.history import get_country
from myriad.products.keeper.repository.notes import drop_note, find_note, store_note
from myriad.products.keeper.repository.sql import Row, fetch, get
from myriad.scale.data import ReadSession, Session

BookedTime = tuple[datetime, datetime]
_DEFAULT_MINUTES = 30
_LONGEST_MINUTES = 24 * 60
_NOTE = "matching_base"
_VERSION = 2
# With more than this share of the profiles changed, comparing them all is no dearer.
_MOST_CHANGED = 0.2
_STAMP_BYTES = 32
_ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class Profiles:
    """The profiles that may be compared.

    `stamps` holds by the bytes of an id what changes with the profile or its cards.
    """

    total: int
    stamps: dict[bytes, bytes]
    country: str
    digest: str


@dataclass(frozen=True)
class Comparison:
    """Compared profiles; `base` is what later nights go by, None when an earlier one serves on."""

    profiles: Profiles
    records: list[matching.Record]
    compared: matching.Compared
    base: matching.Base | None
    is_whole: bool

    @property
    def likely(self) -> list[UUID]:
        """Whose bookings deciding asks for."""
        return [UUID(self.records[number].id) for number in self.compared.likely()]

    def settle(self, busy: Mapping[UUID, Sequence[BookedTime]]) -> matching.Linkage:
        """Decide, given when the likely ones were busy."""
        records = [
            replace(record, busy=tuple(sorted(busy[UUID(record.id)])))
            if UUID(record.id) in busy
            else record
            for record in self.records
        ]
        return matching.settle(records, self.compared)


async def read_profiles(session: ReadSession) -> Profiles:
    """Return the profiles as they stand, with what their comparing depends on."""
    row, country = await get(session, "profile_stamps"), await get_country(session)
    packed: bytes = row["stamps"]
    stamps = _read_stamps(packed)
    facts = f"{row['profiles']}|{row['decided']}|{country}|".encode()
    digest = hashlib.blake2b(facts + packed, digest_size=16).hexdigest()
    return Profiles(row["profiles"], stamps, country, digest)


def _read_stamps(packed: bytes) -> dict[bytes, bytes]:
    starts = range(0, len(packed), _STAMP_BYTES)
    return {
        packed[at : at + _ID_BYTES]: packed[at + _ID_BYTES : at + _STAMP_BYTES] for at in starts
    }


def _key(record: matching.Record) -> bytes:
    return UUID(record.id).bytes


async def compare(
    session: ReadSession, profiles: Profiles, model: matching.Model | None
) -> Comparison:
    """Compare by a known `model` what changed since all were compared, else everything."""
    quick = await _compare_changed(session, profiles, model) if model else None
    if quick is not None:
        return quick
    rows = await fetch(session, "matching_records")
    records = build_records(rows, profiles.country)
    compared = await asyncio.to_thread(matching.compare_records, records, known=model)
    base = await asyncio.to_thread(matching.base_of, records, compared)
    return Comparison(profiles, records, compared, base, True)


async def _compare_changed(
    session: ReadSession, profiles: Profiles, model: matching.Model
) -> Comparison | None:
    note = await find_note(session, _NOTE)
    if note is None or (note.facts["version"], note.facts["country"]) != (
        _VERSION,
        profiles.country,
    ):
        return None
    before = _read_stamps(b64decode(note.facts["stamps"]))
    kept = np.array([profiles.stamps.get(one) == stamp for one, stamp in before.items()])
    stayed = [one for one, same in zip(before, kept.tolist(), strict=True) if same]
    new_ids = [UUID(bytes=one) for one in profiles.stamps.keys() - set(stayed)]
    if len(new_ids) > _MOST_CHANGED * len(profiles.stamps):
        return None
    new = build_records(await fetch(session, "matching_records_of", ids=new_ids), profiles.country)
    base = matching.Base.from_dict(note.facts["base"])
    changed = await asyncio.to_thread(matching.find_changed, base, kept, new)
    if changed is None:
        return None
    ids = [*stayed, *(_key(record) for record in new)]
    wanted = changed.records
    rows = await fetch(session, "matching_records_of", ids=[UUID(bytes=ids[n]) for n in wanted])
    if len(rows) < len(wanted):
        # Somebody was erased in this very moment.
        return None
    records = build_records(rows, profiles.country)
    row_of = {_key(record): row for row, record in enumerate(records)}
    place = {number: row_of[ids[number]] for number in wanted}
    compared = await asyncio.to_thread(matching.compare_changed, changed, records, place, model)
    return Comparison(profiles, records, compared, None, False)


async def keep(session: Session, comparison: Comparison, day: date) -> None:
    """Keep what later nights go by, when everything was compared."""
    if not comparison.is_whole:
        return
    if comparison.base is None:
        await drop_note(session, _NOTE)
        return
    stamps = comparison.profiles.stamps
    own = [_key(record) for record in comparison.records]
    packed = b"".join(one + stamps.get(one, b"\0" * _ID_BYTES) for one in own)
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
