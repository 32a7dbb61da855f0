"""A programme's new strings decided: by their merchant, by rules, by a model with a closed list.

A bank's own name of the merchant goes first where people decided another of its strings; what
nothing says waits for people.

Nothing holds without a person unless audits allow it: the lower end of Wilson's 95 % interval of
the audited precision in its method and score bin is at least 98 %.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from myriad.products.kamioi.choosing import Batch, Choice, choose, prompt_sha256
from myriad.products.kamioi.facts.loading import World
from myriad.products.kamioi.mapping.confidence import (
    bin_of,
    first_confidence,
    may_decide_alone,
    wilson,
)
from myriad.products.kamioi.mapping.matching import Match
from myriad.products.kamioi.mapping.normalising import Normal
from myriad.products.kamioi.mapping.trades import trade_of_codes
from myriad.products.kamioi.repository.entities import (
    EntityBrand,
    Told,
    find_entity_brands,
    list_told,
    note_entities,
    proposal_of,
)
from myriad.products.kamioi.repository.mappings import (
    AuditBin,
    Proposal,
    list_audit_bins,
    list_undecided,
    propose,
)
from myriad.products.kamioi.repository.sql import execute
from myriad.scale.ai.gateway import Gateway
from myriad.scale.data import Database, Row
from myriad.scale.tenancy import TenantId

AT_ONCE = 1_000
_CANDIDATES = 20


@dataclass(frozen=True, slots=True)
class Audits:
    """What audits say of each method and score bin."""

    bins: dict[tuple[str, int], tuple[int, int]]

    @classmethod
    def of(cls, rows: Sequence[AuditBin]) -> Audits:
        """Return the audits of a programme."""
        return cls({(row.method, row.score_bin): (row.right_ones, row.total) for row in rows})

    def state_of(self, method: str, score: float) -> str:
        """Return `auto` where audits allow a decision without a person, else `proposed`."""
        right, total = self.bins.get((method, bin_of(score)), (0, 0))
        return "auto" if may_decide_alone(right, total) else "proposed"

    def confidence_of(self, method: str, score: float) -> float:
        """Return the share of audits that were right, a first belief where there are few."""
        right, total = self.bins.get((method, bin_of(score)), (0, 0))
        first = first_confidence(method, score)
        low, high = wilson(right, total)
        return first if total == 0 or low <= first <= high else (right + 0.5) / (total + 1)


@dataclass(frozen=True, slots=True)
class _Undecided:
    """A string, what rules say of it, and what people decided of its merchant."""

    row: Row
    match: Match
    known: EntityBrand | None

    @property
    def is_open(self) -> bool:
        """Whether only a model could say more."""
        return self.known is None and self.match.brand is None and bool(self.match.candidates)


@dataclass(frozen=True, slots=True)
class _Work:
    """Up to a thousand strings, and which merchants they were seen with."""

    strings: tuple[_Undecided, ...]
    pairs: tuple[tuple[UUID, str], ...]
    audits: Audits


@dataclass(slots=True)
class _Chosen:
    """What a model chose, by string, and what that took."""

    by_id: dict[UUID, Choice] = field(default_factory=dict)
    batches: list[Batch] = field(default_factory=list)


async def map_descriptors(
    database: Database, world: World, tenant_id: TenantId, gateway: Gateway | None = None
) -> int:
    """Propose a mapping for up to 1,000 strings of which nothing is said yet; return how many.

    Without a gateway, or when it has no answer, what rules cannot say waits for people as no brand.
    No transaction is open while a model is asked.
    """
    work = await _take_work(database, world, tenant_id)
    chosen = _Chosen() if gateway is None else await _choices(world, tenant_id, gateway, work)
    made = [_said(world, work.audits, one, chosen.by_id.get(one.row["id"])) for one in work.strings]
    async with database.session(tenant_id) as session:
        await note_entities(session, work.pairs)
        for batch in chosen.batches:
            await execute(session, "put_model_batch", **asdict(batch))
        return await propose(session, made)


async def _take_work(database: Database, world: World, tenant_id: TenantId) -> _Work:
    async with database.session(tenant_id) as session:
        rows = await list_undecided(session, AT_ONCE)
        audits = Audits.of(await list_audit_bins(session))
        told, pairs = await list_told(session, [row["id"] for row in rows])
        entities = [one.entity_id for one in told.values() if one.entity_id]
        known = await find_entity_brands(session, entities)
    # A thousand strings take seconds, in which this process goes on with other jobs.
    strings = await asyncio.to_thread(
        lambda: [_undecided(world, row, told.get(row["id"], Told()), known) for row in rows]
    )
    return _Work(tuple(strings), tuple(pairs), audits)


def _undecided(world: World, row: Row, told: Told, known: dict[str, EntityBrand]) -> _Undecided:
    found = known.get(told.entity_id or "")
    if found is not None and found.brand_id in row["refused"]:
        found = None
    return _Undecided(row, _match(world, row, told), found)


async def _choices(world: World, tenant_id: TenantId, gateway: Gateway, work: _Work) -> _Chosen:
    """Ask for what rules left open and has candidates."""
    left = [one for one in work.strings if one.is_open]
    asked = [(one.row["raw_example"], _names(world, one.match)) for one in left]
    choices, batches = await choose(gateway, tenant_id, asked)
    ids = [one.row["id"] for one in left]
    return _Chosen(dict(zip(ids, choices, strict=True)), batches)


def _match(world: World, row: Row, told: Told) -> Match:
    normal = Normal(row["norm"], row["processor"])
    trade = trade_of_codes(told.category, told.mcc)
    match = world.matcher.match_normal(normal, trade, with_candidates=True)
    refused = set(row["refused"])
    if match.brand is not None and world.ids and world.ids[match.brand] in refused:
        match = Match(normal, None, 0.0, "none", why="people refused what its name says")
    kept = tuple(one for one in match.candidates if world.ids and world.ids[one[0]] not in refused)
    return Match(
        normal, match.brand, match.score, match.method, match.name, match.why, kept[:_CANDIDATES]
    )


def _names(world: World, match: Match) -> list[str]:
    return [world.book.brands[brand].name for brand, _ in match.candidates]


def _said(world: World, audits: Audits, one: _Undecided, choice: Choice | None) -> Proposal:
    """Return what is proposed of a string: what its merchant is, else what its name says."""
    if one.known is not None:
        return proposal_of(one.row["id"], one.known, audits.state_of("entity", 1.0))
    return _proposal(world, audits, one.row, one.match, choice)


def _proposal(
    world: World, audits: Audits, row: Row, match: Match, choice: Choice | None
) -> Proposal:
    brand, method, score = match.brand, match.method, match.score
    if choice is not None and choice.position is not None:
        brand, score = match.candidates[choice.position]
        method = "llm" if choice.is_by_model else "ngram"
    elif method == "none":
        method = "ngram" if choice is None or not choice.is_by_model else "llm"
    brand_id: UUID | None = world.ids[brand] if brand is not None and world.ids else None
    return Proposal(
        descriptor_id=row["id"],
        brand_id=brand_id,
        confidence=round(audits.confidence_of(method, score), 4),
        score_bin=bin_of(score),
        method=method,
        state=audits.state_of(method, score),
        evidence=_evidence(world, match),
        model=choice.source if choice else None,
        prompt_sha256=prompt_sha256() if method == "llm" else None,
        cost_usd_micros=choice.cost_usd_micros if choice else 0,
    )


def _evidence(world: World, match: Match) -> dict[str, Any]:
    return {
        "why": match.why,
        "name": match.name,
        "candidates": [
            {
                "id": str(world.ids[one]) if world.ids else None,
                "brand": world.book.brands[one].name,
                "likeness": likeness,
            }
            for one, likeness in match.candidates[:5]
        ],
    }
