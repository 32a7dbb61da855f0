"""The Team screens: who may see whose figures, boards, one member, links to signed-in users."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from myriad.kit.errors import ForbiddenError, NotFoundError
from myriad.products.keeper.repository.accounts import get_account
from myriad.products.keeper.repository.figures import board_of, figure_of, noted, unnamed
from myriad.products.keeper.repository.keys import date_part, join_key, split_key, uuid_part
from myriad.products.keeper.repository.preferences import read_preferences
from myriad.products.keeper.repository.sql import Row, execute, fetch, find
from myriad.products.keeper.team.definitions import METRICS
from myriad.products.keeper.team.periods import Period
from myriad.products.keeper.views.preferences import StaffPrivacy
from myriad.products.keeper.views.team import (
    FigureView,
    MemberRow,
    MemberView,
    MeView,
    StaffUser,
    TeamView,
)
from myriad.scale.data import ReadSession, Session
from myriad.scale.directory import list_members
from myriad.scale.directory.audit import record_event
from myriad.scale.directory.principal import Principal
from myriad.scale.tenancy import current_tenant

PAGE = 50
_WHOLE_TEAM = 200
_TREND_ROWS = 12 * len(METRICS)


@dataclass(frozen=True, slots=True)
class Sight:
    """Whose figures somebody may see: all, or those of the member whom they are linked to."""

    privacy: StaffPrivacy
    is_owner: bool
    own_id: UUID | None = None

    @property
    def sees_team(self) -> bool:
        """Whether every member's figures are shown, by name."""
        return self.is_owner or self.privacy == "team"

    def sees(self, member_id: UUID) -> bool:
        """Tell whether this member's figures are shown."""
        own = member_id == self.own_id and self.privacy != "owner_only"
        return self.sees_team or own


async def get_sight(session: ReadSession, caller: Principal) -> Sight:
    """Return whose figures the caller may see, by their role and the owner's preference."""
    preferences = await read_preferences(session)
    linked = None
    if caller.kind == "user":
        linked = await find(session, "find_staff_link", user_id=caller.id)
    own_id = linked["team_member_id"] if linked else None
    return Sight(preferences.staff_privacy, caller.is_owner, own_id)


async def get_team(
    session: ReadSession,
    sight: Sight,
    period: Period = "days_90",
    after: str | None = None,
    limit: int = _WHOLE_TEAM,
) -> TeamView:
    """Return the members whom the caller may see with their figures, and the boards.

    One page by name; the boards compare the members of the page.
    """
    account = await get_account(session)
    name, member_id = split_key(after, 2)
    only = None if sight.sees_team else sight.own_id
    rows: list[Row] = []
    if sight.sees_team or (only is not None and sight.sees(only)):
        rows = await fetch(
            session,
            "team_page",
            period=period,
            member_id=only,
            after_name=name,
            after_id=uuid_part(member_id),
            limit=limit + 1,
        )
    more, rows = len(rows) > limit, rows[:limit]
    members = await _with_figures(session, rows, period, account.day, sight)
    shown = [figure for member in members for figure in member.figures]
    return TeamView(
        period=period,
        currency=account.currency,
        first=shown[0].period_start if shown else None,
        last=shown[0].period_end if shown else None,
        business_date=account.business_date,
        members=members,
        boards=tuple(board_of(metric, members) for metric in METRICS) if shown else (),
        users=await _users(session) if sight.is_owner else None,
        next_after=join_key(rows[-1]["sort_name"], rows[-1]["id"]) if more else None,
    )


async def get_member(
    session: ReadSession, sight: Sight, member_id: UUID, period: Period = "days_90"
) -> MemberView:
    """Return one member's page; raises NotFoundError, ForbiddenError."""
    await require_sight(session, sight, member_id)
    account = await get_account(session)
    rows = await fetch(
        session,
        "team_page",
        period=period,
        member_id=member_id,
        after_name=None,
        after_id=None,
        limit=1,
    )
    members = await _with_figures(session, rows, period, account.day, sight)
    trend, _ = await list_figures(session, sight, member_id, "month", None, _TREND_ROWS)
    return MemberView(
        period=period,
        currency=account.currency,
        member=members[0],
        trend=tuple(reversed(trend)),
        is_self=member_id == sight.own_id,
        privacy=sight.privacy,
        users=await _users(session) if sight.is_owner else None,
        business_date=account.business_date,
    )


async def get_me(session: ReadSession, sight: Sight, period: Period = "days_90") -> MeView:
    """Return the caller's own page, without figures where there are none to show."""
    view = None
    if sight.own_id is not None and sight.sees(sight.own_id):
        view = await get_member(session, sight, sight.own_id, period)
    return MeView(privacy=sight.privacy, is_linked=sight.own_id is not None, view=view)


async def list_figures(
    session: ReadSession,
    sight: Sight,
    member_id: UUID,
    period: Period,
    after: str | None,
    limit: int = PAGE,
) -> tuple[tuple[FigureView, ...], str | None]:
    """Return one page of a member's figures, the newest period first, and the next page's key."""
    await require_sight(session, sight, member_id)
    start, metric = split_key(after, 2)
    rows = await fetch(
        session,
        "member_figures",
        member_id=member_id,
        period=period,
        after_start=date_part(start),
        after_metric=metric,
        limit=limit + 1,
    )
    more, rows = len(rows) > limit, rows[:limit]
    figures = [figure for row in rows if (figure := figure_of(row)) is not None]
    shown = tuple(figure if sight.sees_team else unnamed(figure) for figure in figures)
    return shown, join_key(rows[-1]["period_start"], rows[-1]["metric"]) if more else None


async def require_sight(session: ReadSession, sight: Sight, member_id: UUID) -> None:
    """Raise NotFoundError for nobody of this account, ForbiddenError for a colleague hidden."""
    await _require_member(session, member_id)
    if not sight.sees(member_id):
        only = "only the owner sees" if sight.privacy == "owner_only" else "staff see their own"
        raise ForbiddenError(f"in this account {only} figures of staff; the owner may change that")


async def link_user(session: Session, member_id: UUID, user_id: UUID, caller: Principal) -> None:
    """Say that a signed-in user is this member; raises NotFoundError for either of them."""
    await _require_member(session, member_id)
    if all(user.user_id != user_id for user in await _users(session)):
        raise NotFoundError("no such user in this account; invite them first")
    await execute(session, "clear_staff_link", member_id=member_id, user_id=user_id)
    await execute(
        session, "store_staff_link", member_id=member_id, user_id=user_id, linked_by=caller.id
    )
    _record(session, "staff.linked", member_id, caller, user_id=str(user_id))


async def unlink_user(session: Session, member_id: UUID, caller: Principal) -> None:
    """Say that nobody who signs in is this member; raises NotFoundError."""
    await _require_member(session, member_id)
    if await execute(session, "clear_staff_link", member_id=member_id, user_id=None):
        _record(session, "staff.unlinked", member_id, caller)


async def _require_member(session: ReadSession, member_id: UUID) -> None:
    if await find(session, "find_team_member", member_id=member_id) is None:
        raise NotFoundError("no such member of staff")


async def _users(session: ReadSession) -> tuple[StaffUser, ...]:
    return tuple(
        StaffUser(user_id=item.user_id, name=item.name, email=item.email)
        for item in await list_members(session, current_tenant())
    )


async def _with_figures(
    session: ReadSession, rows: Sequence[Row], period: Period, day: date, sight: Sight
) -> tuple[MemberRow, ...]:
    ids = [row["id"] for row in rows]
    found: dict[UUID, list[FigureView]] = {member_id: [] for member_id in ids}
    stored = await fetch(session, "team_figures", period=period, day=day, members=ids)
    for row in stored:
        figure = figure_of(row)
        if figure is not None:
            shown = figure if sight.sees_team else unnamed(figure)
            found[row["team_member_id"]].append(shown)
    return tuple(_member(row, found[row["id"]]) for row in rows)


def _member(row: Row, figures: Sequence[FigureView]) -> MemberRow:
    order = {metric.name: place for place, metric in enumerate(METRICS)}
    ordered = tuple(sorted(figures, key=lambda figure: order[figure.metric]))
    user = None
    if row["user_id"] is not None:
        user = StaffUser(
            user_id=row["user_id"], name=row["user_name"] or "", email=row["email"] or ""
        )
    return MemberRow(
        id=row["id"],
        name=row["name"],
        is_active=row["is_active"],
        user=user,
        figures=ordered,
        notes=noted(ordered),
    )


def _record(
    session: Session, action: str, member_id: UUID, caller: Principal, **detail: str
) -> None:
    record_event(session, current_tenant(), action, actor=caller, subject=str(member_id), **detail)
