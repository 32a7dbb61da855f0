"""What descriptors stand for: proposals, people's decisions, corrections, audits.

Every change is a new version; of one descriptor one version holds at a time. A decision names the
version that it was made upon, and is refused when another has come meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from typing import Any
from uuid import UUID

from myriad.kit.errors import NotFoundError
from myriad.products.kamioi.errors import StaleMappingError
from myriad.products.kamioi.repository.planning import planned_for_sets
from myriad.products.kamioi.repository.sql import Row, execute, execute_rows, fetch
from myriad.scale.data import ReadSession, Session

AUDIT_PERCENT = 1
_STALE = "Somebody decided this string meanwhile; look at it again."


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a method says of a descriptor; `state` is `auto` or `proposed`, no brand: it is none."""

    descriptor_id: UUID
    brand_id: UUID | None
    confidence: float
    score_bin: int
    method: str
    state: str
    evidence: dict[str, Any] = field(default_factory=dict)
    model: str | None = None
    prompt_sha256: str | None = None
    cost_usd_micros: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decides of a descriptor upon the version that they saw; 0: none held.

    `brand_id` None says that it is no brand. `seconded_by` is the second of two persons.
    """

    descriptor_id: UUID
    version: int
    brand_id: UUID | None
    decided_by: UUID | None = None
    seconded_by: UUID | None = None
    evidence: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditBin:
    """How often decisions of one method and score bin were right."""

    method: str
    score_bin: int
    right_ones: int
    total: int


def _columns(proposal: Proposal) -> dict[str, Any]:
    # `asdict` copies the evidence to its depth: a millisecond for each new string.
    return {one.name: getattr(proposal, one.name) for one in fields(proposal)}


async def list_undecided(session: ReadSession, count: int) -> list[Row]:
    """Return descriptors without a mapping, those with most money first; `refused` brands beside.

    A string of movements that never round up, such as income, rent and fees, is left out.
    """
    async with planned_for_sets(session):
        return await fetch(session, "list_undecided_descriptors", count=count)


async def propose(session: Session, proposals: Sequence[Proposal]) -> int:
    """Write proposals at once; return how many were new. What people decided is left alone."""
    if not proposals:
        return 0
    return await execute_rows(session, "propose_mappings", [_columns(one) for one in proposals])


async def list_versions(session: ReadSession, descriptor_id: UUID) -> list[Row]:
    """Return the last hundred versions of a descriptor's mapping, the newest first."""
    return await fetch(session, "list_mapping_versions", descriptor_id=descriptor_id)


async def lock_current(session: Session, descriptor_ids: Sequence[UUID]) -> dict[UUID, Row]:
    """Return the current versions by descriptor; nobody else changes them in this transaction."""
    rows = await fetch(session, "lock_mappings", descriptor_ids=list(descriptor_ids))
    return {row["descriptor_id"]: row for row in rows}


async def approve_many(
    session: Session, decisions: Sequence[Decision], day: date
) -> frozenset[UUID]:
    """Decide descriptors for everybody; return those of which another version did not hold.

    A machine's own proposal counts as audited by the decision.
    """
    good, current = await _upon_their_version(session, decisions)
    if not good:
        return frozenset()
    audits = [
        {
            "mapping_id": current[one.descriptor_id]["id"],
            "is_right": current[one.descriptor_id]["brand_id"] == one.brand_id,
            "decided_by": one.seconded_by or one.decided_by,
        }
        for one in good
        if one.descriptor_id in current
    ]
    await execute_rows(session, "put_audits", audits, day=day)
    await _end(session, [one.descriptor_id for one in good], "superseded")
    rows = await fetch(session, "decide_mappings", rows=[asdict(one) for one in good])
    return frozenset(row["descriptor_id"] for row in rows)


async def reject_many(
    session: Session, decisions: Sequence[Decision], day: date
) -> frozenset[UUID]:
    """Refuse what holds or is proposed: its brand is never proposed for its descriptor again.

    Returns those of which another version did not hold.
    """
    good, current = await _upon_their_version(session, decisions)
    good = [one for one in good if one.descriptor_id in current]
    if not good:
        return frozenset()
    by = good[0].decided_by
    rows = [current[one.descriptor_id] for one in good]
    audits = [{"mapping_id": row["id"], "is_right": False, "decided_by": by} for row in rows]
    await execute_rows(session, "put_audits", audits, day=day)
    refused = [{"descriptor_id": row["descriptor_id"], "brand_id": row["brand_id"]} for row in rows]
    await execute_rows(session, "remember_refusals", refused, decided_by=by)
    await _end(session, [one.descriptor_id for one in good], "rejected")
    return frozenset(one.descriptor_id for one in good)


async def approve(
    session: Session,
    descriptor_id: UUID,
    version: int,
    brand_id: UUID | None,
    decided_by: UUID | None,
    day: date,
) -> None:
    """Decide one descriptor, or raise StaleMappingError when another version holds."""
    decision = Decision(descriptor_id, version, brand_id, decided_by)
    if not await approve_many(session, [decision], day):
        raise StaleMappingError(_STALE)


async def reject(
    session: Session, descriptor_id: UUID, version: int, decided_by: UUID | None, day: date
) -> None:
    """Refuse one proposal, or raise StaleMappingError when another version holds."""
    if not await reject_many(session, [Decision(descriptor_id, version, None, decided_by)], day):
        raise StaleMappingError(_STALE)


async def restore(
    session: Session, descriptor_id: UUID, version: int, restored: int, decided_by: UUID | None
) -> None:
    """Let an earlier version hold, or wait, again as it was; what people said of it is taken back.

    `version` is the newest one, which a rejection may have ended. Raises StaleMappingError when
    another has come, NotFoundError when no earlier version `restored` held or waited.
    """
    current = (await lock_current(session, [descriptor_id])).get(descriptor_id)
    versions = await list_versions(session, descriptor_id)
    newest = versions[0]["version"] if versions else 0
    if newest != version or (current is not None and current["version"] != version):
        raise StaleMappingError(_STALE)
    earlier = {"descriptor_id": descriptor_id, "version": restored}
    if restored > version or (restored == version and current is not None):
        raise NotFoundError("there is no such earlier version")
    await _end(session, [descriptor_id], "superseded")
    facts = {"descriptor_id": descriptor_id, "version": version + 1, "restored": restored}
    if await execute(session, "restore_mapping", **facts, decided_by=decided_by) == 0:
        raise NotFoundError("no earlier version of that number held or waited")
    await execute(session, "forget_audit", **earlier)
    await execute(session, "forget_refusal", **earlier)


async def sample_audits(session: Session, day: date, percent: int = AUDIT_PERCENT) -> int:
    """Put a share of what was decided without a person before one; return how many are new."""
    return await execute(session, "sample_audits", day=day, percent=percent)


async def record_audit(
    session: Session, mapping_id: UUID, is_right: bool, decided_by: UUID | None
) -> None:
    """Keep what a person found of a sampled decision."""
    await execute(
        session, "record_audit", mapping_id=mapping_id, is_right=is_right, decided_by=decided_by
    )


async def list_audit_bins(session: ReadSession) -> list[AuditBin]:
    """Return how often each method and score bin was right, of what was audited."""
    return [AuditBin(**row) for row in await fetch(session, "list_audit_bins")]


async def end_current(session: Session, descriptor_ids: Sequence[UUID]) -> None:
    """End what is proposed of descriptors, because something better takes its place."""
    await _end(session, descriptor_ids, "superseded")


async def _upon_their_version(
    session: Session, decisions: Sequence[Decision]
) -> tuple[list[Decision], dict[UUID, Row]]:
    """Return those decisions whose version is the current one, and what is current."""
    current = await lock_current(session, [one.descriptor_id for one in decisions])
    held = {key: row["version"] for key, row in current.items()}
    good = [one for one in decisions if held.get(one.descriptor_id, 0) == one.version]
    return good, current


async def _end(session: Session, descriptor_ids: Sequence[UUID], state: str) -> None:
    await execute(session, "end_mappings", descriptor_ids=list(descriptor_ids), state=state)
