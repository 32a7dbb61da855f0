"""Which profiles are one person, worked out from links and merges and written down.

A person is a connected component of profiles under accepted links and Square's own merges. Its id
is that of its oldest profile, so that taking a link back restores the persons that were before.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from myriad.products.keeper.repository.notes import MARGIN, find_note, store_note
from myriad.products.keeper.repository.persons import components, describe, terms_of
from myriad.products.keeper.repository.sql import (
    Row,
    execute_soon,
    fetch,
    fetch_all,
    get,
)
from myriad.scale.data import ReadSession, Session

_NOTE = "persons"


@dataclass(frozen=True, slots=True)
class Applied:
    """How many persons there are, and which profiles came to another person."""

    persons: int
    moved: tuple[UUID, ...] = ()


async def apply_components(session: Session, day: date | None = None) -> Applied:
    """Recompute every person from links and merges.

    With a `day` this is noted, so that `refresh_components` can go on from here.
    """
    applied = await _apply(session, None)
    if day is not None:
        await _note_whole(session, day)
    return applied


async def find_since(
    session: ReadSession, day: date, margin: timedelta = MARGIN
) -> datetime | None:
    """Return from when on changes are new to the persons of `day`; None when all must be redone."""
    note = await find_note(session, _NOTE)
    return note.noted_at - margin if note is not None and note.serves(day) else None


async def refresh_components(session: Session, day: date, margin: timedelta = MARGIN) -> Applied:
    """Do what `apply_components` does for those whose profiles or links changed since last time.

    Profiles that changed up to `margin` before the last time are looked at once more. Once a week
    every profile is held against its digest, so that nothing hangs on the times of rows.
    """
    note = await find_note(session, _NOTE)
    if note is None or note.business_date > day or "digests" not in note.facts:
        return await apply_components(session, day)
    if note.serves(day):
        applied = await _apply(session, note.noted_at - margin)
        await store_note(session, _NOTE, day, note.facts)
        return applied
    before = _read_digests(note.facts["digests"])
    now = _read_digests(await _digests(session))
    also = [UUID(bytes=one) for one, digest in now.items() if before.get(one) != digest]
    applied = await _apply(session, note.noted_at - margin, also)
    await _note_whole(session, day)
    return applied


async def _note_whole(session: Session, day: date) -> None:
    facts = {"whole_on": day.isoformat(), "digests": await _digests(session)}
    await store_note(session, _NOTE, day, facts)


async def _digests(session: ReadSession) -> str:
    packed: bytes = (await get(session, "profile_digests"))["digests"]
    return b64encode(packed).decode()


def _read_digests(text: str) -> dict[bytes, bytes]:
    packed = b64decode(text)
    return {packed[at : at + 16]: packed[at + 16 : at + 24] for at in range(0, len(packed), 24)}


async def _apply(session: Session, since: datetime | None, also: Sequence[UUID] = ()) -> Applied:
    found = await fetch_all(
        session,
        {
            "profile_places": {"since": since, "also": list(also)},
            "joining_links": {},
            "count_profiles": {},
        },
    )
    places = found["profile_places"]
    pairs = [(row["left_customer_id"], row["right_customer_id"]) for row in found["joining_links"]]
    person_of = components(places, pairs)
    moved = [row["id"] for row in places if row["person_id"] != person_of[row["id"]]]
    changed = {row["id"] for row in places if row["changed"]}.union(moved)
    left = {row["person_id"] for row in places if row["id"] in changed} - {None}
    affected = {person_of[own] for own in changed} | left
    if affected:
        within = {own: into for own, into in person_of.items() if into in affected}
        await _write_persons(session, within, affected, moved)
    alone = found["count_profiles"][0]["profiles"] - len(places)
    return Applied(alone + len(set(person_of.values())), tuple(moved))


async def _write_persons(
    session: Session, within: Mapping[UUID, UUID], affected: set[UUID], moved: Sequence[UUID]
) -> None:
    """Write the persons of the profiles `within`, which maps each to its person."""
    members: dict[UUID, list[Row]] = {}
    for profile in await fetch(session, "described_profiles", ids=list(within)):
        members.setdefault(within[profile["id"]], []).append(profile)
    rows = [{"id": person_id, **describe(profiles)} for person_id, profiles in members.items()]
    await execute_soon(session, "store_persons", rows=rows)
    await execute_soon(
        session, "assign_customers", ids=list(within), person_ids=list(within.values())
    )
    merged = [(own, into) for own, into in within.items() if own != into]
    await execute_soon(
        session,
        "merge_persons",
        ids=[own for own, _ in merged],
        into_ids=[into for _, into in merged],
    )
    await execute_soon(session, "pass_on_refusals")
    await execute_soon(session, "move_tasks")
    await _store_terms(session, members, affected.union(own for own, _ in merged))


async def _store_terms(
    session: Session, members: Mapping[UUID, list[Row]], people: set[UUID]
) -> None:
    """Make the terms of `people` those of their profiles."""
    wanted = {
        (term, person_id)
        for person_id, rows in members.items()
        for row in rows
        for term in terms_of(row)
    }
    known = await fetch(session, "person_terms", people=list(people))
    stored = {(row["term"], row["person_id"]) for row in known}
    for name, pairs in (("add_terms", wanted - stored), ("drop_terms", stored - wanted)):
        if pairs:
            ordered = sorted(pairs, key=lambda pair: (pair[0], pair[1].bytes))
            await execute_soon(
                session,
                name,
                terms=[term for term, _ in ordered],
                person_ids=[person_id for _, person_id in ordered],
            )
