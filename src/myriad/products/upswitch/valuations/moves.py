"""Values that moved by more than a tenth: kept once, shown until somebody has seen them."""

from __future__ import annotations

from uuid import UUID

from myriad.kit.ids import new_id
from myriad.kit.money import Money
from myriad.products.upswitch.errors import MoveNotFoundError
from myriad.products.upswitch.registry.numbers import parse_enterprise_number
from myriad.products.upswitch.valuations.sql import QUERIES, Row, execute, fetch
from myriad.products.upswitch.views.moves import MoveRow, MovesView, Reason, UnseenMoves
from myriad.products.upswitch.views.valuations import ValuationView
from myriad.scale.data import Database, ReadSession, Session
from myriad.scale.directory.audit import record_event
from myriad.scale.tenancy import TenantId, current_tenant

PAGE = 30
_FIRST = 3
TOLD_FROM = 0.10
"""A middle that moves by more than this share of itself is told."""


def move(before: Money, after: Money) -> float:
    """Return by which share of itself a value moved; 1.0 from nothing to something."""
    if before.minor == 0:
        return 1.0 if after.minor else 0.0
    return after.minor / before.minor - 1.0


async def note_move(session: Session, before: Row, after: ValuationView, reason: Reason) -> bool:
    """Keep a move that is to be told; return whether it is one, and new.

    `before` is the row of the valuation before: id, middle_minor, currency.
    """
    share = move(Money(before["middle_minor"], before["currency"]), after.middle)
    if abs(share) <= TOLD_FROM:
        return False
    number = parse_enterprise_number(after.company_number) if after.company_number else None
    stored = await execute(
        session,
        "store_move",
        id=new_id(),
        before_id=before["id"],
        after_id=after.id,
        session_id=after.session_id,
        company_number=number,
        company_name=after.company_name,
        reason=reason,
        before_minor=before["middle_minor"],
        after_minor=after.middle.minor,
        currency=after.middle.currency,
        share=share,
    )
    if stored:
        tenant_id = TenantId(current_tenant())
        record_event(
            session, tenant_id, "valuation.moved", subject=str(after.id), share=round(share, 4)
        )
    return bool(stored)


async def list_moves(session: ReadSession, *, after: str | None = None) -> MovesView:
    """Return one page, newest first; `after` is the `next_after` of the page before."""
    rows = await fetch(session, "list_moves", before=UUID(after) if after else None, limit=PAGE + 1)
    shown = tuple(row_of(row) for row in rows[:PAGE])
    more = len(rows) > PAGE
    unseen = await fetch(session, "list_unseen_moves", limit=1)
    return MovesView(
        rows=shown,
        unseen=unseen[0]["unseen"] if unseen else 0,
        next_after=str(shown[-1].id) if more else None,
    )


async def read_unseen(database: Database, tenant_id: TenantId) -> UnseenMoves:
    """Return what nobody of the account has seen."""
    asked = {"tenant_id": tenant_id, "limit": _FIRST}
    rows = await database.reader.rows(tenant_id, QUERIES["list_unseen_moves"], asked)
    return UnseenMoves(
        count=rows[0]["unseen"] if rows else 0, first=tuple(row_of(row) for row in rows)
    )


def row_of(row: Row) -> MoveRow:
    """Return a row of a query as people see it."""
    currency = row["currency"]
    return MoveRow(
        id=row["id"],
        before_id=row["before_id"],
        after_id=row["after_id"],
        company_name=row["company_name"],
        reason=row["reason"],
        before=Money(row["before_minor"], currency),
        after=Money(row["after_minor"], currency),
        share=row["share"],
        created_at=row["created_at"],
        seen_at=row.get("seen_at"),
    )


async def see(session: Session, move_id: UUID) -> None:
    """Note that somebody of the account has seen a move; raises MoveNotFoundError."""
    if not await execute(session, "see_move", id=move_id):
        raise MoveNotFoundError("There is no such move in this account.")


async def see_all(session: Session, until: UUID) -> None:
    """Note that everything up to a move was seen."""
    await execute(session, "see_moves", until=until)


async def wants_mail(session: ReadSession, user_id: UUID) -> bool:
    """Whether somebody gets e-mails about moves; everybody does who has not said no."""
    return user_id not in await list_who_want_none(session)


async def list_who_want_none(session: ReadSession) -> set[UUID]:
    """Return the members who want no e-mail about moves."""
    return {row["user_id"] for row in await fetch(session, "list_who_want_no_mail")}


async def choose_mail(session: Session, user_id: UUID, *, wants: bool) -> None:
    """Keep whether a member wants e-mails about moves."""
    await execute(session, "choose_mail", user_id=user_id, wants_mail=wants)
