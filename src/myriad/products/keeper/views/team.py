"""The Team screens: figures with intervals, who can be told apart, and one member's own page."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal
from uuid import UUID

from myriad.products.keeper.team.coaching import Side
from myriad.products.keeper.team.definitions import Better, Kind, Unit
from myriad.products.keeper.team.periods import Period
from myriad.products.keeper.team.reading import Reading

StaffPrivacy = Literal["owner_only", "own", "team"]
Reason = Literal["few", "bookings", "timecards", "articles", "history"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePart:
    """One service within a figure: own trials, successes (or sum), what the team's rate expects."""

    service: str
    n: float
    observed: float
    expected: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureView(Reading):
    """One figure of one member in one period.

    Shares are between 0 and 1, money in minor units. With `reason` the figure is hidden: `few`
    needs `missing` more visits, the others name what the account lacks. `ratio` is observed over
    expected by service mix, `peer` the team's mean with its band.
    """

    metric: str
    kind: Kind
    unit: Unit
    better: Better
    period: Period
    period_start: date
    period_end: date
    n: int
    missing: int = 0
    reason: Reason | None = None
    side: Side = "level"
    parts: tuple[ServicePart, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffUser:
    """Somebody who can sign in, and which member of staff they are said to be."""

    user_id: UUID
    name: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRow:
    """One member of staff with the figures of a period; `notes` name those that stand apart."""

    id: UUID
    name: str
    is_active: bool = True
    user: StaffUser | None = None
    figures: tuple[FigureView, ...] = ()
    notes: tuple[str, ...] = ()

    def figure(self, metric: str) -> FigureView | None:
        """Return the figure of that name, or None."""
        return next((item for item in self.figures if item.metric == metric), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardRow:
    """One member on a board."""

    member_id: UUID
    name: str
    figure: FigureView


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One figure over the team: groups that can be told apart, the best first; those hidden.

    `ends` names two members whose intervals do not touch although others link them. `low` and
    `high` bound what is drawn. `lacks` is set when nobody has the figure.
    """

    metric: str
    unit: Unit
    groups: tuple[tuple[BoardRow, ...], ...] = ()
    hidden: tuple[BoardRow, ...] = ()
    ends: tuple[str, str] | None = None
    low: float = 0.0
    high: float = 1.0
    lacks: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamView:
    """The team in one period; `users` are those whom an owner may link, None for anybody else."""

    period: Period
    currency: str
    first: date | None = None
    last: date | None = None
    business_date: date | None = None
    members: tuple[MemberRow, ...] = ()
    boards: tuple[Board, ...] = ()
    users: tuple[StaffUser, ...] | None = None
    next_after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberView:
    """One member's page; `is_self` when they look at themselves.

    `trend` holds the figures of the last months, the oldest first. `shows_band` is false where so
    few colleagues have a figure that the team's would give theirs away.
    """

    period: Period
    currency: str
    member: MemberRow
    trend: tuple[FigureView, ...] = ()
    is_self: bool = False
    privacy: StaffPrivacy = "own"
    users: tuple[StaffUser, ...] | None = None
    business_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeView:
    """The caller's own page: `member` is None while no owner has linked them, or hides figures."""

    privacy: StaffPrivacy = "own"
    is_linked: bool = False
    view: MemberView | None = field(default=None)
