"""Lines become purchases: what is new is written, what stands is followed, nothing twice.

All in the caller's transaction, which holds the member's row, so that two intakes of one member
take turns. The months that the lines need must exist (`ensure_months`) before it begins.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from myriad.kit.errors import NotFoundError
from myriad.kit.ids import new_id
from myriad.products.kamioi.intake.following import Matched, follow, note_aliases
from myriad.products.kamioi.intake.lines import Line, is_held
from myriad.products.kamioi.intake.matching import Match, match_lines
from myriad.products.kamioi.intake.standing import Account, Told, load_standing
from myriad.products.kamioi.intake.strings import put_descriptors
from myriad.products.kamioi.mapping.normalising import normalize
from myriad.products.kamioi.repository import sql
from myriad.scale.data import Database, ReadSession, Session
from myriad.scale.data.bulk import BulkTable, Column, take_in
from myriad.scale.jobs.enqueue import enqueue
from myriad.scale.tenancy import TenantId

__all__ = [
    "ACCRUE_TASK",
    "PURCHASES",
    "Account",
    "Recorded",
    "Told",
    "confirm",
    "enqueue_accrual",
    "ensure_months",
    "expire_pending",
    "get_account",
    "record_lines",
    "record_many",
    "remove_told",
    "today_utc",
]

ACCRUE_TASK = "kamioi.round_ups.accrue"


async def _accrue_days(session: Session, rows: Sequence[Sequence[Any]]) -> None:
    """Queue the round-ups of purchases that came in from quarantine."""
    days = [day for _, day, *_ in rows]
    await enqueue_accrual(session, Recorded(new=len(rows), first=min(days), last=max(days)))


PURCHASES = BulkTable(
    "kamioi.purchase",
    (
        Column("id", "uuid"),
        Column("booked_on", "date"),
        Column("member_id", "uuid"),
        Column("account_id", "uuid"),
        Column("external_id", "text"),
        Column("pending_external_id", "text", is_required=False),
        Column("state", "text"),
        Column("kind", "text"),
        Column("shown_on", "date"),
        Column("amount_minor", "bigint"),
        Column("currency", "text"),
        Column("raw", "text"),
        Column("descriptor_id", "uuid"),
        Column("merchant_entity_id", "text", is_required=False),
        Column("category", "text", is_required=False),
        Column("mcc", "text", is_required=False),
        Column("channel", "text", is_required=False),
        Column("source", "text"),
        Column("is_held", "boolean"),
    ),
    key=("account_id", "external_id", "booked_on"),
    follow_up=_accrue_days,
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of lines: new purchases, changed ones, those that stood already, refused ones."""

    new: int = 0
    changed: int = 0
    known: int = 0
    refused: int = 0
    first: date | None = None
    last: date | None = None

    def __add__(self, other: Recorded) -> Recorded:
        days = [day for day in (self.first, self.last, other.first, other.last) if day]
        return Recorded(
            self.new + other.new,
            self.changed + other.changed,
            self.known + other.known,
            self.refused + other.refused,
            min(days, default=None),
            max(days, default=None),
        )


async def ensure_months(database: Database, tenant_id: TenantId, days: Iterable[date]) -> None:
    """Make the months that purchases of these days stand in, in a transaction of its own."""
    found = list(days)
    if found:
        async with database.session(tenant_id) as session:
            await sql.execute(session, "ensure_purchase_months", low=min(found), high=max(found))


async def get_account(session: ReadSession, account_id: UUID) -> Account:
    """Return an account of the tenant, or raise NotFoundError."""
    row = await sql.find(session, "intake_account", account_id=account_id)
    if row is None:
        raise NotFoundError("there is no such bank account")
    return Account(**row)


async def record_lines(
    session: Session, account: Account, lines: Sequence[Line], *, place: str = ""
) -> Recorded:
    """Write lines of one account; `place` names their file where one of them is refused.

    Queues the round-ups of the days that changed.
    """
    recorded = await record_many(session, [Told(account, lines)], place=place)
    await enqueue_accrual(session, recorded, account.member_id)
    return recorded


async def record_many(session: Session, told: Sequence[Told], *, place: str = "") -> Recorded:
    """Write lines of many accounts, each of which stands in `told` once; queue nothing.

    The same as one account after the other, with the questions of one. Raises NotFoundError for a
    member who is gone.
    """
    recorded = Recorded()
    for some in _passes(told):
        await _lock_members(session, {one.account.member_id for one in some})
        recorded += await _record(session, some, place)
    return recorded


def _passes(told: Sequence[Told]) -> list[list[Told]]:
    """Return what may be matched at once: two accounts of a member may tell of one purchase."""
    passes: list[list[Told]] = []
    seen: Counter[UUID] = Counter()
    for one in told:
        if one.lines:
            turn = seen[one.account.member_id]
            seen[one.account.member_id] += 1
            if turn == len(passes):
                passes.append([])
            passes[turn].append(one)
    return passes


async def _lock_members(session: Session, ids: set[UUID]) -> None:
    if len(await sql.fetch(session, "lock_members", member_ids=list(ids))) < len(ids):
        raise NotFoundError("there is no such member")


async def _record(session: Session, told: Sequence[Told], place: str) -> Recorded:
    normals = {raw: normalize(raw) for raw in {line.raw for one in told for line in one.lines}}
    standing = await load_standing(session, told)
    matched: Matched = []
    for one in told:
        paired = [(line, normals[line.raw].norm) for line in one.lines]
        known = standing.get(one.account.id, ())
        matched.append(
            (one.account, match_lines(one.account.id, one.account.provider, paired, known))
        )
    ids = await put_descriptors(session, [line for one in told for line in one.lines], normals)
    return await _write(session, matched, ids, place)


async def enqueue_accrual(
    session: Session, recorded: Recorded, member_id: UUID | None = None
) -> None:
    """Queue the round-ups of the days on which something is new or changed, of one member or all."""
    if recorded.first and recorded.last and (recorded.new or recorded.changed):
        days = {"first": recorded.first.isoformat(), "last": recorded.last.isoformat()}
        whose = {} if member_id is None else {"member_id": str(member_id)}
        await enqueue(session, ACCRUE_TASK, days | whose)


async def _write(session: Session, matched: Matched, ids: dict[str, UUID], place: str) -> Recorded:
    new = [
        _values(account, match, ids)
        for account, matches in matched
        for match in matches
        if match.how == "new"
    ]
    taken = await take_in(session, PURCHASES, new, source=place)
    changed = await follow(session, matched, ids)
    await note_aliases(session, matched)
    every = [match for _, matches in matched for match in matches]
    days = [match.known.booked_on if match.known else match.line.day for match in every]
    return Recorded(
        new=taken.new,
        changed=changed,
        known=len(every) - taken.new - taken.refused - changed,
        refused=taken.refused,
        first=min(days),
        last=max(days),
    )


def _values(account: Account, match: Match, ids: dict[str, UUID]) -> tuple[Any, ...]:
    line = match.line
    return (
        new_id(),
        line.day,
        account.member_id,
        account.id,
        line.external_id,
        line.pending_external_id,
        "pending" if line.is_pending else "posted",
        line.kind,
        line.shown_on or line.day,
        line.amount_minor,
        line.currency,
        line.raw,
        ids[match.norm],
        line.merchant_entity_id,
        line.category,
        line.mcc,
        line.channel,
        account.provider,
        is_held(line, account.currency),
    )


async def remove_told(
    session: Session, account_ids: Sequence[UUID], external_ids: Sequence[str], today: date
) -> Recorded:
    """Mark purchases that their bank took back; what another stream told as well stays."""
    if not external_ids:
        return Recorded()
    rows = await sql.fetch(
        session,
        "remove_purchases",
        account_ids=list(account_ids),
        external_ids=list(external_ids),
        since=today - timedelta(days=800),
    )
    return _changed(rows)


async def expire_pending(session: Session, today: date, *, days: int = 14) -> Recorded:
    """Mark what has been pending for longer than `days`; what never posted never rounded up."""
    rows = await sql.fetch(
        session,
        "expire_pending",
        since=today - timedelta(days=400),
        until=today - timedelta(days=days + 1),
    )
    return _changed(rows)


def _changed(rows: Sequence[dict[str, Any]]) -> Recorded:
    days = [row["booked_on"] for row in rows]
    return Recorded(changed=len(rows), first=min(days, default=None), last=max(days, default=None))


async def confirm(session: Session, booked_on: date, purchase_id: UUID) -> Recorded:
    """Let a purchase that was held round up; raises NotFoundError when none is held."""
    rows = await sql.fetch(
        session, "confirm_purchase", booked_on=booked_on, purchase_id=purchase_id
    )
    if not rows:
        raise NotFoundError("no purchase of that day and id waits for a confirmation")
    recorded = _changed(rows)
    await enqueue_accrual(session, recorded, rows[0]["member_id"])
    return recorded


def today_utc() -> date:
    """Return the day in UTC."""
    return datetime.now(UTC).date()
