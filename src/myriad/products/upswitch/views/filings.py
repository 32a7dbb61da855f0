"""A company's filed accounts, as its card shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from myriad.kit.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class FilingYear:
    """One financial year; what the filing does not say is None. `notes` tell what was bent."""

    reference: str
    ends_on: date
    revenue: Money | None
    gross_margin: Money | None
    ebitda: Money | None
    result: Money | None
    net_financial_debt: Money
    equity: Money | None
    staff_fte: float | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FilingsView:
    """The years, newest first. `state` says what the page may offer.

    `unread` was never asked for, `reading` waits for the job, `read` is what the bank has,
    `failed` says in `fault` why not, `no_key` cannot ask.
    """

    number: str
    state: Literal["unread", "reading", "read", "failed", "no_key"]
    years: tuple[FilingYear, ...] = ()
    checked_at: datetime | None = None
    without_data: int = 0
    job_id: UUID | None = None
    fault: str = ""
