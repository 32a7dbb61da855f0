"""Which profiles are one person: links, components, names and search terms.

A person is a connected component of profiles under accepted links and Square's own merges. Its id
is that of its oldest profile, so that taking a link back restores the persons that were before.
"""

from __future__ import annotations

import unicodedata
from base64 import b64decode, b64encode
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from myriad.kit.errors import NotFoundError
from myriad.products.keeper.errors import LinkDecisionError
from myriad.products.keeper.repository.history import lock_account
from myriad.products.keeper.repository.notes import MARGIN, find_note, store_note
from myriad.products.keeper.repository.profiles import profile_name
from myriad.products.keeper.repository.sql import (
    Row,
    execute,
    execute_rows,
    execute_soon,
    fetch,
    fetch_all,
    get,
)
from myriad.products.keeper.repository.visits import rebuild_visits
from myriad.scale.data import ReadSession, Session

_FROM = {
    "linked": ("proposed", "vetoed", "rejected", "undone", "auto_linked", "linked"),
    "rejected": ("proposed", "vetoed", "rejected"),
    "undone": ("auto_linked", "linked", "undone"),
}
_LONGEST_TERM = 200
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


def components(
    profiles: Iterable[Mapping[str, Any]], pairs: Iterable[tuple[UUID, UUID]]
) -> dict[UUID, UUID]:
    """Return the person of each profile; `profiles` come oldest first and the oldest names it.

    Union by age with path halving (Tarjan and van Leeuwen 1984).
    """
    order: dict[UUID, int] = {}
    by_ext_id: dict[str, UUID] = {}
    merges: list[tuple[UUID, str]] = []
    for place, profile in enumerate(profiles):
        order[profile["id"]] = place
        by_ext_id[profile["ext_id"]] = profile["id"]
        if profile["merged_into_ext_id"]:
            merges.append((profile["id"], profile["merged_into_ext_id"]))
    parent = {own: own for own in order}

    def root(own: UUID) -> UUID:
        while parent[own] != own:
            parent[own] = parent[parent[own]]
            own = parent[own]
        return own

    followed = [(own, by_ext_id[into]) for own, into in merges if into in by_ext_id]
    for left, right in [*pairs, *followed]:
        if left in parent and right in parent:
            older, younger = sorted((root(left), root(right)), key=order.__getitem__)
            parent[younger] = older
    return {own: root(own) for own in order}


def describe(profiles: list[Row]) -> dict[str, Any]:
    """Return how a person is called and reached: the newest live profile that knows speaks."""
    live = [row for row in profiles if not row["deleted_at"] and not row["merged_into_ext_id"]]
    newest = list(reversed(live)) or list(reversed(profiles))
    named = next((row for row in newest if row["given_name"] or row["family_name"]), newest[0])
    known = list(reversed(live))
    name = profile_name(named)
    family, given = named["family_name"] or "", named["given_name"] or ""
    return {
        "display_name": name,
        "sort_name": fold(f"{family} {given}".strip() or name),
        "email": next((row["email"] for row in known if row["email"]), None),
        "phone": next(
            (
                row["phone_e164"] or row["phone"]
                for row in known
                if row["phone_e164"] or row["phone"]
            ),
            None,
        ),
        "contact_allowed": not any(row["email_unsubscribed"] for row in profiles),
    }


def fold(text: str) -> str:
    """Return `text` as it is sorted and searched: NFKC, case folded."""
    return unicodedata.normalize("NFKC", text).casefold()


def terms_of(profile: Mapping[str, Any]) -> set[str]:
    """Return the words, addresses and numbers by which a profile is found."""
    words = fold(" ".join(str(profile[name] or "") for name in _NAMES)).split()
    found = {word[:_LONGEST_TERM] for word in words}
    for name in ("email", "email_norm", "ext_id"):
        if profile[name]:
            found.add(fold(profile[name])[:_LONGEST_TERM])
    for name in ("phone", "phone_e164"):
        digits = "".join(character for character in profile[name] or "" if character.isdigit())
        found |= {part for part in (digits, digits[-10:], digits[-4:]) if part}
    return found


_NAMES = ("given_name", "family_name", "company_name")


@dataclass(frozen=True, slots=True)
class Stored:
    """How many pairs are decided, and whether any is another than before."""

    pairs: int
    is_changed: bool


async def store_links(
    session: Session,
    links: Sequence[Mapping[str, Any]],
    touched: Collection[UUID] | None = None,
) -> Stored:
    """Keep what matching decided; what a person decided stays, what no longer holds goes.

    With `touched` only pairs with one of these profiles were decided; the others stay as they are.
    """
    found = {(str(link["left"]), str(link["right"])) for link in links}
    within = None if touched is None else set(touched)
    stale, kept = [], 0
    for row in await fetch(session, "open_links"):
        left, right = row["left_customer_id"], row["right_customer_id"]
        if within is not None and left not in within and right not in within:
            kept += 1
        elif (str(left), str(right)) not in found:
            stale.append(row["id"])
    changed = len(stale)
    if stale:
        await execute(session, "drop_stale_links", stale=stale)
    if links:
        changed += await execute_rows(session, "store_links", links)
    return Stored(kept + len(links), changed > 0)


async def link_pair(session: Session, link_id: UUID, user_id: UUID | None) -> None:
    """Join two profiles; raises NotFoundError."""
    await _decide(session, link_id, "linked", user_id)


async def reject_pair(session: Session, link_id: UUID, user_id: UUID | None) -> None:
    """Keep two profiles apart for good; raises NotFoundError, LinkDecisionError when linked."""
    await _decide(session, link_id, "rejected", user_id)


async def undo_pair(session: Session, link_id: UUID, user_id: UUID | None) -> None:
    """Take a link back; raises NotFoundError, LinkDecisionError when it is not linked."""
    await _decide(session, link_id, "undone", user_id)


async def _decide(session: Session, link_id: UUID, state: str, user_id: UUID | None) -> None:
    # Persons come from all links at once, so two decisions side by side would undo one another.
    await lock_account(session)
    if await note_decision(session, link_id, state, user_id):
        await apply_components(session)
        await rebuild_visits_of_account(session)


async def note_decision(session: Session, link_id: UUID, state: str, user_id: UUID | None) -> bool:
    """Keep what was decided on a pair; False when it had been decided so before.

    The persons follow with `apply_components`. Raises NotFoundError, LinkDecisionError.
    """
    rows = await fetch(session, "lock_link", link_id=link_id)
    if not rows:
        raise NotFoundError("no such pair")
    if rows[0]["state"] not in _FROM[state]:
        raise LinkDecisionError(f"the pair is {rows[0]['state'].replace('_', ' ')}")
    if rows[0]["state"] == state:
        return False
    await execute(
        session,
        "decide_link",
        link_id=link_id,
        state=state,
        decided_by=str(user_id) if user_id else "key",
    )
    return True


async def rebuild_visits_of_account(session: Session) -> None:
    """Rebuild visits up to the account's business date after persons changed."""
    account = await fetch(session, "get_account")
    day = account[0]["business_date"] if account else None
    if day is not None:
        await rebuild_visits(session, day)


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
