"""Values that several screens share: states, notices, freshness, changes, evidence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

PersonState = Literal["new", "active", "slowing", "likely_lapsed", "lapsed", "booked", "unknown"]
"""Where a person stands against their own rhythm; `new` has one visit, `booked` one ahead."""

TaskState = Literal["open", "done", "snoozed", "dismissed"]
TaskAnswer = Literal["booked", "no_answer", "left_message", "not_interested"]
"""How a call ended, in the words of who made it."""

LinkState = Literal["proposed", "auto_linked", "linked", "rejected", "undone", "vetoed"]
ConnectionStatus = Literal["pending", "active", "revoked", "error"]
CustomerSort = Literal["value_at_risk", "last_visit", "name", "clv", "visits"]
ReportKind = Literal["daily", "weekly", "monthly"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something the owner should know now, with what to do about it."""

    level: Literal["info", "warning", "danger"]
    title: str
    detail: str
    action_label: str | None = None
    action_href: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How new the data is. `stage` is what happens now; `late` means older than a day."""

    stage: Literal["fresh", "late", "syncing", "never"]
    last_sync_at: datetime | None = None
    business_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A figure of a period and of the equally long period before it (None: no history yet)."""

    now: float
    before: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One fact behind a statement: a name, the value in words, perhaps its share of the reason.

    `weight` lies between -1 and 1; positive speaks for the statement, negative against it.
    """

    label: str
    value: str
    weight: float | None = None
