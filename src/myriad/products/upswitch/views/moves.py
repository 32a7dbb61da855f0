"""Values that moved, as people see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from myriad.kit.money import Money

Reason = Literal["filing", "parameters"]
WHY: dict[str, str] = {"filing": "new accounts were filed", "parameters": "new market parameters"}


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveRow:
    """A stored value that moved by `share` of itself, from one valuation to the next."""

    id: UUID
    before_id: UUID
    after_id: UUID
    company_name: str
    reason: Reason
    before: Money
    after: Money
    share: float
    created_at: datetime
    seen_at: datetime | None = None

    @property
    def why(self) -> str:
        """What moved it, in words."""
        return WHY[self.reason]

    @property
    def title(self) -> str:
        """The move in one line."""
        way = "rose" if self.share > 0 else "fell"
        return f"{self.company_name} {way} by {abs(self.share):.0%}: {self.why}"

    @property
    def href(self) -> str:
        """Where the two values stand side by side."""
        return f"/upswitch/valuations/{self.after_id}/compare?with={self.before_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MovesView:
    """A page of moves, the newest first. `has_mail`: a mail server is set up."""

    rows: tuple[MoveRow, ...]
    unseen: int = 0
    next_after: str | None = None
    wants_mail: bool = True
    has_mail: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UnseenMoves:
    """How many moves nobody has seen, and the newest of them."""

    count: int = 0
    first: tuple[MoveRow, ...] = ()
