"""Valuations as they are stored and shown, and the assumptions that they rest on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from myriad.kit.money import Money

Origin = Literal["user", "registry", "llm", "default"]
ValuationKind = Literal["session", "document", "scenario", "replay", "watch"]
AssumedKind = Literal["amount", "rate", "share", "number", "choice", "text"]
ReportFormat = Literal["pdf", "xlsx"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumption:
    """One input: where it comes from, of which day, and the default that it overrides, if any.

    `path` is its place in the inputs. `as_of` is empty where the source names no day.
    """

    path: str
    label: str
    value: float | str | None
    kind: AssumedKind
    origin: Origin
    source: str
    as_of: str = ""
    default: float | str | None = None

    @property
    def is_override(self) -> bool:
        """Whether somebody said otherwise than the default."""
        return self.origin != "default" and self.default is not None and self.value != self.default


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuationRow:
    """A valuation in a list."""

    id: UUID
    kind: ValuationKind
    title: str
    company_name: str
    low: Money
    middle: Money
    high: Money
    as_of: date
    vintage: str
    created_at: datetime
    session_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuationsView:
    """One page of valuations, newest first; `next_after` is where the next page begins."""

    rows: tuple[ValuationRow, ...]
    next_after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuationView:
    """A stored valuation: what went in, what came out, and what made it.

    `inputs` and `outputs` are the JSON of the engine (`document`, `summary`). The same inputs,
    vintage and engine are the same `hash`.
    """

    id: UUID
    kind: ValuationKind
    title: str
    company_name: str
    low: Money
    middle: Money
    high: Money
    as_of: date
    vintage: str
    created_at: datetime
    engine_version: str
    parameter_set_id: UUID
    parameters_valid_from: date
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    assumptions: tuple[Assumption, ...]
    duration_us: int
    hash: str
    session_id: UUID | None = None
    parent_id: UUID | None = None
    company_number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterSetView:
    """One vintage of parameters: `tables` names each table with rows, source and day."""

    id: UUID
    vintage: str
    source: str
    valid_from: date
    sha256: str
    stored_at: datetime
    tables: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareLinkView:
    """A link that shows one valuation to whoever has it, until it ends."""

    id: UUID
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None

    def is_open(self, now: datetime) -> bool:
        """Whether the link still shows anything."""
        return self.revoked_at is None and now < self.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageMonth:
    """One calendar month of an account; the model's cost is in millionths of a US dollar."""

    month: str
    valuations: int
    companies: int
    mean_duration_us: float
    model_cost_usd_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageView:
    """What valuations took, newest month first."""

    months: tuple[UsageMonth, ...]
