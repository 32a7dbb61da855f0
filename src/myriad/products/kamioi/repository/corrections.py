"""Corrections by members, and changes that wait for a person beside what holds meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal
from uuid import UUID

from myriad.products.kamioi.mapping.confidence import bin_of, first_confidence
from myriad.products.kamioi.repository.mappings import (
    Proposal,
    end_current,
    lock_current,
    propose,
)
from myriad.products.kamioi.repository.sql import Row, execute, execute_rows, fetch, find, get
from myriad.scale.data import ReadSession, Session

QUORUM = 3
Reason = Literal["second_person", "quorum"]


@dataclass(frozen=True, slots=True)
class Request:
    """A change of a descriptor that waits: a second person is needed, or members ask for it.

    `version` is the one upon which it was asked; `members` agree on it.
    """

    descriptor_id: UUID
    version: int
    brand_id: UUID | None
    reason: Reason
    asked_by: UUID | None = None
    members: int = 0


async def correct(
    session: Session, member_id: UUID, descriptor_id: UUID, brand_id: UUID | None
) -> bool:
    """Let a member's purchases at a descriptor count as another brand, at once and for good.

    When as many members as the quorum say the same, it becomes a proposal for everybody, unless a
    person of the programme decided or refused it; then True is returned. What holds goes on
    holding until a person decides.
    """
    facts = {"descriptor_id": descriptor_id, "brand_id": brand_id}
    # Members who say the same at one moment must see each other's word.
    await execute(session, "lock_descriptor", descriptor_id=descriptor_id)
    await execute(session, "put_override", member_id=member_id, **facts)
    agreed = int((await get(session, "count_overrides", **facts))["members"])
    if agreed < QUORUM or await find(session, "find_refusal", **facts):
        return False
    current = (await lock_current(session, [descriptor_id])).get(descriptor_id)
    if current is not None and (current["method"] == "human" or current["brand_id"] == brand_id):
        return False
    if current is not None and current["state"] != "proposed":
        asked = Request(descriptor_id, current["version"], brand_id, "quorum", members=agreed)
        return await put_requests(session, [asked]) > 0
    if current is not None:
        await end_current(session, [descriptor_id])
    return await propose(session, [_by_members(descriptor_id, brand_id, agreed)]) > 0


def _by_members(descriptor_id: UUID, brand_id: UUID | None, agreed: int) -> Proposal:
    return Proposal(
        descriptor_id,
        brand_id,
        first_confidence("quorum", 1.0),
        bin_of(1.0),
        "quorum",
        "proposed",
        {"why": f"{agreed} members say so, each of their own purchases", "members": agreed},
    )


async def put_requests(session: Session, requests: Sequence[Request]) -> int:
    """Let changes wait for a person; one takes the place of an older one. Returns how many."""
    return await execute_rows(session, "put_requests", [asdict(one) for one in requests])


async def list_requests(session: ReadSession, descriptor_ids: Sequence[UUID]) -> list[Row]:
    """Return the changes of these descriptors that wait."""
    return await fetch(session, "list_requests", descriptor_ids=list(descriptor_ids))


async def drop_requests(session: Session, descriptor_ids: Sequence[UUID]) -> int:
    """Forget what waits of these descriptors; return how many there were."""
    return await execute(session, "drop_requests", descriptor_ids=list(descriptor_ids))


async def refuse_requests(
    session: Session, requests: Sequence[Row], decided_by: UUID | None
) -> None:
    """Refuse what waits; what members asked for is not asked for again."""
    by_members = [
        {"descriptor_id": one["descriptor_id"], "brand_id": one["brand_id"]}
        for one in requests
        if one["reason"] == "quorum"
    ]
    await execute_rows(session, "remember_refusals", by_members, decided_by=decided_by)
    await drop_requests(session, [one["descriptor_id"] for one in requests])
