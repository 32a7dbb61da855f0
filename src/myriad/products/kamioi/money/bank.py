"""The bank that pulls money: a port, and the paper bank that keeps to the calendar.

ACH moves on banking days: a pull settles two of them later. A real one is refused at times; the
paper bank refuses those whose ids it is told, or a share of them that their ids decide, so that a
run can be repeated exactly.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import sha256
from typing import Protocol
from uuid import UUID

from myriad.products.kamioi.broker.market import is_banking_day

BANKING_DAYS = 2
_THOUSAND = 1000
_NO_FUNDS = "R01 insufficient funds"


class Bank(Protocol):
    """What pulls need of a bank."""

    def settles_on(self, day: date) -> date:
        """Return the day on which a pull that is requested on `day` settles."""
        ...

    def find_refusal(self, sweep_id: UUID, member_id: UUID) -> str | None:
        """Return why the bank refused this pull, or None when the money came."""
        ...


@dataclass(frozen=True)
class PaperBank:
    """A bank that is none: it settles on time and refuses what it is told to.

    `refuses` are members whose pulls fail; `refused_per_mille` of all others fail as well, chosen
    by a digest of the pull's id.
    """

    refuses: Collection[UUID] = field(default=())
    refused_per_mille: int = 0

    def settles_on(self, day: date) -> date:
        """Return the second banking day after `day`."""
        for _ in range(BANKING_DAYS):
            day += timedelta(days=1)
            while not is_banking_day(day):
                day += timedelta(days=1)
        return day

    def find_refusal(self, sweep_id: UUID, member_id: UUID) -> str | None:
        """Return the refusal of a pull, or None."""
        digest = int.from_bytes(sha256(sweep_id.bytes).digest()[:8], "big")
        is_refused = member_id in self.refuses or digest % _THOUSAND < self.refused_per_mille
        return _NO_FUNDS if is_refused else None
