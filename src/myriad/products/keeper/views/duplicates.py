"""The Duplicates screen: pairs of profiles with the weights that join or part them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from myriad.kit.money import Money
from myriad.products.keeper.views.facts import LinkState


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateFilter:
    """What the Duplicates screen is asked for: pairs to decide, joined ones, or kept apart."""

    show: Literal["open", "linked", "apart"] = "open"
    after: str | None = None
    limit: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileCard:
    """One side of a pair, as Square has it."""

    customer_id: UUID
    ext_id: str
    name: str
    email: str | None = None
    phone: str | None = None
    birthday: str | None = None
    postcode: str | None = None
    source: str | None = None
    created_on: date | None = None
    payments: int = 0
    spent: Money | None = None
    last_visit_on: date | None = None
    person_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldEvidence:
    """What one field says about a pair: its match weight log2(m/u) in bits, positive for one person."""

    field: str
    outcome: Literal["same", "close", "different", "missing"]
    bits: float
    left: str | None = None
    right: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicatePair:
    """Two profiles that may be one person, with the weights that say so."""

    link_id: UUID
    state: LinkState
    probability: float
    bits: float
    method: str
    left: ProfileCard
    right: ProfileCard
    evidence: tuple[FieldEvidence, ...] = ()
    veto_reason: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicatesView:
    """One page of pairs. `counts` has the keys open, linked and apart."""

    filter: DuplicateFilter
    counts: dict[str, int] = field(default_factory=dict)
    pairs: tuple[DuplicatePair, ...] = ()
    next_after: str | None = None
