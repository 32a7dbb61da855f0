"""The Connections screen: how the data comes in, and whether it is right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from myriad.kit.money import Money
from myriad.products.keeper.views.facts import ConnectionStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeRow:
    """One permission that Keeper asks for, in Square's name, and what it is for."""

    name: str
    purpose: str
    granted: bool
    required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CursorRow:
    """How far one kind of object is read; `share` between 0 and 1 during the first load."""

    object: str
    location: str | None
    phase: Literal["backfill", "increment"]
    rows: int
    share: float | None = None
    last_ok_at: datetime | None = None
    lag_seconds: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftRow:
    """One closed day at one location where our total is not Square's."""

    local_date: date
    location: str
    ours: Money
    square: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class JobProgress:
    """A sync or run that is under way or just ended; `total` None while it is not known."""

    job_id: UUID
    title: str
    state: Literal["queued", "running", "done", "failed"]
    done: int = 0
    total: int | None = None
    message: str = ""
    started_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionCard:
    """One connected seller. A token is good for 30 days and is renewed every 7."""

    id: UUID
    provider: str
    merchant_id: str
    merchant_name: str
    status: ConnectionStatus
    connected_at: datetime | None = None
    token_refreshed_at: datetime | None = None
    token_expires_at: datetime | None = None
    scopes: tuple[ScopeRow, ...] = ()
    cursors: tuple[CursorRow, ...] = ()
    plan_notice: str | None = None
    notice: str | None = None
    days_checked: int = 0
    drift: tuple[DriftRow, ...] = ()
    quarantined: int = 0
    webhooks_24_hours: int = 0
    last_webhook_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRow:
    """The last run of one agent."""

    agent: str
    business_date: date
    state: Literal["running", "ok", "partial", "failed", "skipped"]
    started_at: datetime | None = None
    duration_ms: int | None = None
    rows_in: int | None = None
    rows_out: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionsView:
    """The Connections screen; empty `connections` means that nothing was ever connected."""

    currency: str
    connections: tuple[ConnectionCard, ...] = ()
    job: JobProgress | None = None
    agents: tuple[AgentRow, ...] = ()
    connect_available: bool = True
