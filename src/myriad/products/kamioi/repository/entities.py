"""Merchants as banks name them: what one string of a merchant stands for, its others do as well.

A bank's id of a merchant is a strong key, but a string that several merchants share is none of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from myriad.products.kamioi.mapping.confidence import bin_of, first_confidence
from myriad.products.kamioi.repository.mappings import Proposal, end_current, lock_current, propose
from myriad.products.kamioi.repository.sql import Row, execute_rows, fetch
from myriad.scale.data import ReadSession, Session


@dataclass(frozen=True, slots=True)
class Told:
    """What banks say beside a string: one merchant, category and code, or None where they differ."""

    entity_id: str | None = None
    category: str | None = None
    mcc: str | None = None


@dataclass(frozen=True, slots=True)
class EntityBrand:
    """What a person decided of a merchant by another of its strings, `norm`."""

    entity_id: str
    brand_id: UUID | None
    norm: str


async def list_told(
    session: ReadSession, descriptor_ids: Sequence[UUID]
) -> tuple[dict[UUID, Told], list[tuple[UUID, str]]]:
    """Return what banks say beside strings, and every (string, merchant) pair of them."""
    rows = await fetch(session, "told_of_descriptors", descriptor_ids=list(descriptor_ids))
    pairs = [(row["descriptor_id"], one) for row in rows for one in row["entities"] or ()]
    return {row["descriptor_id"]: _told(row) for row in rows}, pairs


def _told(row: Row) -> Told:
    return Told(_single(row["entities"]), _single(row["categories"]), _single(row["mccs"]))


def _single(values: Sequence[str | None] | None) -> str | None:
    return values[0] if values and len(values) == 1 else None


async def note_entities(session: Session, pairs: Sequence[tuple[UUID, str]]) -> int:
    """Keep which merchants strings were seen with; return how many pairs are new."""
    rows = [{"descriptor_id": one, "entity_id": entity} for one, entity in pairs]
    return await execute_rows(session, "note_entities", rows) if rows else 0


async def find_entity_brands(
    session: ReadSession, entity_ids: Sequence[str]
) -> dict[str, EntityBrand]:
    """Return what people decided of these merchants, where all that is decided agrees."""
    if not entity_ids:
        return {}
    rows = await fetch(session, "brands_of_entities", entity_ids=list(entity_ids))
    return {row["entity_id"]: EntityBrand(**row) for row in rows}


def proposal_of(descriptor_id: UUID, known: EntityBrand, state: str = "proposed") -> Proposal:
    """Return the proposal that a string is what its merchant is."""
    return Proposal(
        descriptor_id,
        known.brand_id,
        first_confidence("entity", 1.0),
        bin_of(1.0),
        "entity",
        state,
        {
            "why": f"the bank names the same merchant as of “{known.norm}”, which people decided",
            "entity": known.entity_id,
        },
    )


async def propose_for_same_entity(session: Session, decided: Sequence[UUID]) -> int:
    """Propose for waiting strings what was decided of their merchant; return how many."""
    rows = await fetch(session, "waiting_of_same_entity", descriptor_ids=list(decided))
    waiting = [row["descriptor_id"] for row in rows]
    if not waiting:
        return 0
    told, _ = await list_told(session, waiting)
    known = await find_entity_brands(
        session, [one.entity_id for one in told.values() if one.entity_id]
    )
    proposals = [
        proposal_of(one, known[entity])
        for one in waiting
        if (entity := told.get(one, Told()).entity_id) in known and entity
    ]
    still = await lock_current(session, [one.descriptor_id for one in proposals])
    proposals = [
        one for one in proposals if still.get(one.descriptor_id, {}).get("state") == "proposed"
    ]
    await end_current(session, [one.descriptor_id for one in proposals])
    return await propose(session, proposals)
