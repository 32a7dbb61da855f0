"""Reads of the center: the queue in its order, one string, the dashboard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from myriad.kit.errors import NotFoundError
from myriad.products.kamioi.center.rules import get_rule
from myriad.products.kamioi.center.views import (
    MOST_SEEN,
    MOST_SEEN_IN_LIST,
    BrandChoice,
    Candidate,
    MappingDetail,
    QueuedString,
    Reach,
    RequestView,
    Stake,
    Version,
    Voice,
    Worth,
)
from myriad.products.kamioi.center.worth import worth_of
from myriad.products.kamioi.mapping.confidence import band
from myriad.products.kamioi.mapping.normalising import normalize
from myriad.products.kamioi.repository import corrections, mappings
from myriad.products.kamioi.repository.sql import Row, fetch, fetch_all
from myriad.scale.data import ReadSession

LARGEST = 2**63 - 1
LAST_ID = UUID(int=2**128 - 1)
FIRST_ID = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of a list begins: after this weight and id."""

    weight: int = LARGEST
    id: UUID = LAST_ID


START = Place()


def norm_of(words: str) -> str:
    """Return what people typed as strings are kept: in its normal form; empty of nothing."""
    return normalize(words).norm if words.strip() else ""


async def list_queue(
    session: ReadSession, limit: int, after: Place = START, starts: str = ""
) -> tuple[list[QueuedString], list[Place]]:
    """Return what waits for a person, by money at stake times doubt, and the place of each.

    `starts` narrows it to strings whose normal form begins so.
    """
    given: dict[str, Any] = {"after_weight": after.weight, "after_id": after.id, "limit": limit}
    if starts:
        rows = await fetch(session, "search_queue", starts=starts, **given)
    else:
        rows = await fetch(session, "list_queue", **given)
    places = [Place(row["weight"], row["mapping_id"]) for row in rows]
    return await _complete(session, rows), places


async def list_audit_queue(
    session: ReadSession, limit: int, after: UUID = FIRST_ID
) -> tuple[list[QueuedString], list[UUID]]:
    """Return decisions without a person that one is asked about, and the place of each."""
    rows = await fetch(session, "list_audit_queue", after_id=after, limit=limit)
    return await _complete(session, rows), [row["mapping_id"] for row in rows]


async def list_requested(
    session: ReadSession, limit: int, after: UUID = FIRST_ID
) -> tuple[list[QueuedString], list[UUID]]:
    """Return strings of which a change waits for a person, and the place of each."""
    rows = await fetch(session, "list_requested", after_id=after, limit=limit)
    return await _complete(session, rows), [row["descriptor_id"] for row in rows]


async def list_mappings(
    session: ReadSession, state: str, limit: int, after: UUID = LAST_ID
) -> tuple[list[QueuedString], list[UUID]]:
    """Return current mappings in a state, the newest first, and the place of each."""
    rows = await fetch(session, "list_current_mappings", state=state, after_id=after, limit=limit)
    return await _complete(session, rows), [row["mapping_id"] for row in rows]


async def get_queued(
    session: ReadSession, descriptor_id: UUID, most: int = MOST_SEEN_IN_LIST
) -> QueuedString:
    """Return one string as a person decides it, or raise NotFoundError."""
    rows = await fetch(session, "find_queued", descriptor_id=descriptor_id)
    if not rows:
        raise NotFoundError("there is no such string")
    return (await _complete(session, rows, most))[0]


async def get_detail(session: ReadSession, descriptor_id: UUID) -> MappingDetail:
    """Return everything about one string, or raise NotFoundError."""
    item = await get_queued(session, descriptor_id, MOST_SEEN)
    versions = await mappings.list_versions(session, descriptor_id)
    voices = await fetch(session, "overrides_of_descriptor", descriptor_id=descriptor_id)
    refused = await fetch(session, "refusals_of_descriptor", descriptor_id=descriptor_id)
    return MappingDetail(
        item,
        tuple(_version(row) for row in versions),
        tuple(Voice(row["brand"], row["members"]) for row in voices),
        tuple(row["brand"] for row in refused),
    )


async def find_brands(session: ReadSession, words: str) -> list[BrandChoice]:
    """Return up to eight brands of which a name begins with these words."""
    starts = norm_of(words)
    if not starts:
        return []
    return [BrandChoice(**row) for row in await fetch(session, "find_brands", starts=starts)]


def _version(row: Row) -> Version:
    return Version(
        row["version"],
        row["brand_id"],
        row["brand"],
        row["confidence"],
        row["method"],
        row["state"],
        row["state_before"] or row["state"],
        _why(row["evidence"]),
        row["model"],
        row["decided_name"],
        row["seconded_name"],
        row["valid_from"],
        row["valid_to"],
    )


def _why(evidence: Row) -> str:
    if "restored" in evidence:
        return f"version {evidence['restored']} holds again"
    return str(evidence.get("why") or "")


async def _complete(
    session: ReadSession, rows: Sequence[Row], most: int = MOST_SEEN_IN_LIST
) -> list[QueuedString]:
    """Add to each row what hangs on it, whom it touches, and what waits of it."""
    if not rows:
        return []
    ids = [row["descriptor_id"] for row in rows]
    rule = await get_rule(session)
    requests = {row["descriptor_id"]: row for row in await corrections.list_requests(session, ids)}
    beside = await _beside(session, ids, [row["brand_id"] for row in rows if row["brand_id"]], most)
    return [
        _queued(row, beside, requests.get(row["descriptor_id"]), rule.second_person_minor)
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class _Beside:
    """What hangs on strings, whom they touch and how many are alike, by string; owners by brand."""

    stakes: dict[UUID, tuple[Stake, ...]]
    worths: dict[UUID, Worth]
    reaches: dict[UUID, Reach]
    alike: dict[UUID, int]
    owners: dict[UUID, str | None]


async def _beside(
    session: ReadSession, ids: Sequence[UUID], brand_ids: Sequence[UUID], most: int
) -> _Beside:
    given = {"descriptor_ids": list(ids)}
    found = await fetch_all(
        session,
        {
            "uses_of_descriptors": given,
            "stakes_of_descriptors": given,
            "reach_of_descriptors": given | {"most": most},
            "alike_waiting": given,
            "brands_by_id": {"brand_ids": list(brand_ids)},
        },
    )
    return _Beside(
        _stakes(found["uses_of_descriptors"]),
        {row["descriptor_id"]: worth_of(row) for row in found["stakes_of_descriptors"]},
        _reaches(found["reach_of_descriptors"], most),
        {row["descriptor_id"]: row["alike"] for row in found["alike_waiting"]},
        {row["id"]: row["owner"] for row in found["brands_by_id"]},
    )


def _stakes(rows: Sequence[Row]) -> dict[UUID, tuple[Stake, ...]]:
    """Return sums by currency of each string."""
    found: dict[UUID, tuple[Stake, ...]] = {}
    for row in rows:
        stake = Stake(row["currency"], row["purchases"], row["amount_minor"])
        found[row["descriptor_id"]] = (*found.get(row["descriptor_id"], ()), stake)
    return found


def _reaches(rows: Sequence[Row], most: int) -> dict[UUID, Reach]:
    """Return whom each string touches: a row of it all, and one for each currency of round-ups."""
    opened = _stakes([row for row in rows if row["currency"] is not None])
    return {
        row["descriptor_id"]: Reach(
            row["members"],
            row["purchases"],
            opened.get(row["descriptor_id"], ()),
            row["seen"] >= most,
        )
        for row in rows
        if row["is_all"]
    }


def _queued(
    row: Row, beside: _Beside, request: Row | None, sum_for_two: int | None
) -> QueuedString:
    key = row["descriptor_id"]
    stakes, worth = beside.stakes.get(key, ()), beside.worths.get(key, Worth())
    # A string of which nothing holds has neither version nor evidence.
    evidence, confidence = row["evidence"] or {}, row["confidence"] or 0.0
    return QueuedString(
        descriptor_id=key,
        norm=row["norm"],
        raw_example=row["raw_example"],
        processor=row["processor"],
        version=row["version"] or 0,
        brand_id=row["brand_id"],
        brand=row["brand"],
        owner=beside.owners.get(row["brand_id"]),
        confidence=confidence,
        method=row["method"] or "",
        state=row["state"] or "",
        weight=row["weight"] or 0,
        why=_why(evidence),
        model=row["model"],
        candidates=tuple(_candidate(one) for one in evidence.get("candidates") or ()),
        stakes=stakes,
        worth=worth,
        reach=beside.reaches.get(key, Reach()),
        alike=beside.alike.get(key, 0),
        needs_second=worth.is_above(sum_for_two),
        band=band(confidence),
        purchases=sum(one.purchases for one in stakes),
        request=_request(request) if request else None,
    )


def _candidate(told: Row) -> Candidate:
    brand_id = told.get("id")
    return Candidate(UUID(brand_id) if brand_id else None, told["brand"], told["likeness"])


def _request(row: Row) -> RequestView:
    names = ("reason", "brand_id", "brand", "asked_by", "asked_name", "members", "version")
    return RequestView(**{name: row[name] for name in names})


def today_began() -> datetime:
    """Return when this day began in UTC, as costs are counted."""
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
