"""People decide strings: one alone, two above a sum, many at once, and back again.

What is decided holds when the transaction commits; open round-ups follow in a job. A decision that
needs a second person waits beside what holds meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from myriad.kit.clock import utc_now
from myriad.kit.errors import ForbiddenError, InvalidInputError, NotFoundError
from myriad.products.kamioi.center.rules import get_rule
from myriad.products.kamioi.center.task_names import REDECIDE_TASK
from myriad.products.kamioi.center.worth import list_worths
from myriad.products.kamioi.errors import StaleMappingError
from myriad.products.kamioi.mapping_schedules import MAP_TASK
from myriad.products.kamioi.repository import mappings
from myriad.products.kamioi.repository.corrections import (
    Request,
    drop_requests,
    list_requests,
    put_requests,
    refuse_requests,
)
from myriad.products.kamioi.repository.mappings import Decision
from myriad.products.kamioi.repository.sql import Row, fetch
from myriad.scale.data import Session
from myriad.scale.directory import Principal
from myriad.scale.directory.audit import record_event
from myriad.scale.jobs import enqueue

MOST_AT_ONCE = 200
_NAMED = 20


@dataclass(frozen=True, slots=True)
class Seen:
    """A string and the version of it that the person saw; 0 when nothing held."""

    descriptor_id: UUID
    version: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """Strings that are decided, that wait for a second person, that somebody else decided first."""

    decided: tuple[UUID, ...] = ()
    waiting: tuple[UUID, ...] = ()
    stale: tuple[UUID, ...] = ()


async def approve(
    session: Session, caller: Principal, asked: Sequence[Seen], brand_id: UUID | None
) -> Outcome:
    """Let strings stand for a brand for everybody; None says that they are no brand.

    Above the programme's sum the first person's word waits for a second's, which must be the same
    brand upon the same version; so it does where a part of the sum is in a currency without a rate.
    What holds already is confirmed by one. Raises ForbiddenError when a program decides such a
    string, NotFoundError for an unknown brand.
    """
    ids = await _checked(session, asked)
    await _check_brand(session, brand_id)
    current = await mappings.lock_current(session, ids)
    fresh = [one for one in asked if _version_of(current, one) == one.version]
    large = await _above_the_sum(session, ids) - _holding(current, brand_id)
    if caller.kind == "key" and any(one.descriptor_id in large for one in fresh):
        raise ForbiddenError("two persons decide where so much money may hang on it: sign in")
    waiting = {row["descriptor_id"]: row for row in await list_requests(session, ids)}
    ready, first = [], []
    for one in fresh:
        decision = Decision(one.descriptor_id, one.version, brand_id, _person(caller))
        if one.descriptor_id not in large:
            ready.append(decision)
        elif _is_first_word(waiting.get(one.descriptor_id), caller, decision):
            first_by = waiting[one.descriptor_id]["asked_by"]
            ready.append(replace(decision, decided_by=first_by, seconded_by=caller.id))
        else:
            first.append(decision)
    decided = await mappings.approve_many(session, ready, utc_now().date())
    await _ask_second(session, first)
    await drop_requests(session, list(decided))
    outcome = _outcome(asked, decided, [one.descriptor_id for one in first])
    _note(session, caller, "approved", outcome, brand_id)
    await follow(session, outcome.decided)
    return outcome


async def reject(session: Session, caller: Principal, asked: Sequence[Seen]) -> Outcome:
    """Refuse what is proposed, or what waits beside what holds: never proposed again.

    A string whose proposal was refused is mapped anew by the next pass.
    """
    ids = await _checked(session, asked)
    current = await mappings.lock_current(session, ids)
    fresh = {one.descriptor_id for one in asked if _version_of(current, one) == one.version}
    requests = [row for row in await list_requests(session, ids) if row["descriptor_id"] in fresh]
    await refuse_requests(session, requests, _person(caller))
    beside = {row["descriptor_id"] for row in requests}
    decisions = [
        Decision(one.descriptor_id, one.version, None, _person(caller))
        for one in asked
        if one.descriptor_id in fresh - beside
    ]
    refused = await mappings.reject_many(session, decisions, utc_now().date())
    outcome = _outcome(asked, frozenset(refused | beside), [])
    _note(session, caller, "rejected", outcome, None)
    await follow(session, tuple(refused))
    return outcome


async def restore(session: Session, caller: Principal, seen: Seen, restored: int) -> None:
    """Let an earlier version hold, or wait, again; one person may always go back.

    Raises StaleMappingError when another version holds, NotFoundError without such a version.
    """
    versions = await mappings.list_versions(session, seen.descriptor_id)
    if not versions:
        raise NotFoundError("there is no such string, or nothing was ever said of it")
    await mappings.restore(session, seen.descriptor_id, seen.version, restored, _person(caller))
    await drop_requests(session, [seen.descriptor_id])
    record_event(
        session,
        caller.tenant_id,
        "kamioi.mapping.restored",
        actor=caller,
        subject=str(seen.descriptor_id),
        version=restored,
    )
    await follow(session, (seen.descriptor_id,))


async def follow(session: Session, descriptor_ids: Sequence[UUID]) -> None:
    """Queue what follows from a decision: open round-ups are made anew, the like is proposed."""
    if descriptor_ids:
        ids = [str(one) for one in descriptor_ids]
        await enqueue(session, REDECIDE_TASK, {"descriptor_ids": ids}, job_class="high")


async def enqueue_mapping(session: Session) -> UUID:
    """Queue the mapping of new strings before other work; the live job answers a second call."""
    return await enqueue(session, MAP_TASK, dedup_key=MAP_TASK, job_class="interactive")


def only(outcome: Outcome) -> Outcome:
    """Return the outcome of a decision of one string; raises StaleMappingError for one too late."""
    if outcome.stale:
        raise StaleMappingError("Somebody decided this string meanwhile; look at it again.")
    return outcome


async def _checked(session: Session, asked: Sequence[Seen]) -> list[UUID]:
    ids = [one.descriptor_id for one in asked]
    if not ids or len(ids) > MOST_AT_ONCE or len(set(ids)) != len(ids):
        expected = f"1 to {MOST_AT_ONCE} different strings"
        raise InvalidInputError(f"a decision is of {expected}", [("/items", expected)])
    if len(await fetch(session, "known_descriptors", descriptor_ids=ids)) != len(ids):
        raise NotFoundError("there is no such string")
    return sorted(ids)


async def _check_brand(session: Session, brand_id: UUID | None) -> None:
    if brand_id and not await fetch(session, "brands_by_id", brand_ids=[brand_id]):
        raise NotFoundError("there is no such brand; search for it under /brands")


def _person(caller: Principal) -> UUID | None:
    return caller.id if caller.kind == "user" else None


def _version_of(current: dict[UUID, Row], seen: Seen) -> int:
    row = current.get(seen.descriptor_id)
    return int(row["version"]) if row else 0


async def _above_the_sum(session: Session, ids: Sequence[UUID]) -> frozenset[UUID]:
    most = (await get_rule(session)).second_person_minor
    if most is None:
        return frozenset()
    worths = await list_worths(session, ids)
    return frozenset(key for key, worth in worths.items() if worth.is_above(most))


def _holding(current: dict[UUID, Row], brand_id: UUID | None) -> frozenset[UUID]:
    """Return the strings that stand for the brand already: to say so again moves no money."""
    return frozenset(
        key
        for key, row in current.items()
        if row["state"] in ("auto", "approved") and row["brand_id"] == brand_id
    )


def _is_first_word(request: Row | None, caller: Principal, decision: Decision) -> bool:
    """Whether somebody else has asked for the same already."""
    return (
        request is not None
        and request["reason"] == "second_person"
        and request["asked_by"] not in (None, caller.id)
        and request["brand_id"] == decision.brand_id
        and request["version"] == decision.version
    )


async def _ask_second(session: Session, first: Sequence[Decision]) -> None:
    requests = [
        Request(one.descriptor_id, one.version, one.brand_id, "second_person", one.decided_by)
        for one in first
    ]
    if requests:
        await put_requests(session, requests)


def _outcome(asked: Sequence[Seen], decided: frozenset[UUID], waiting: Sequence[UUID]) -> Outcome:
    ids = [one.descriptor_id for one in asked]
    done = {*decided, *waiting}
    return Outcome(
        tuple(one for one in ids if one in decided),
        tuple(waiting),
        tuple(one for one in ids if one not in done),
    )


def _note(
    session: Session, caller: Principal, verb: str, outcome: Outcome, brand_id: UUID | None
) -> None:
    """Write who decided what; of many strings the first are named."""
    for ids, action in ((outcome.decided, verb), (outcome.waiting, "asked_second")):
        if ids:
            record_event(
                session,
                caller.tenant_id,
                f"kamioi.mapping.{action}",
                actor=caller,
                subject=str(ids[0]) if len(ids) == 1 else "",
                strings=len(ids),
                brand_id=str(brand_id) if brand_id else None,
                descriptor_ids=[str(one) for one in ids[:_NAMED]],
            )
