"""Members with lots, what companies do to them, and what stands afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from myriad.kit.ids import new_id
from myriad.products.kamioi.broker.port import BrokerFill
from myriad.products.kamioi.money import arithmetic, orders
from myriad.products.kamioi.money.actions import apply_due
from myriad.products.kamioi.money.brokers import paper_for
from myriad.products.kamioi.money.reconciliation import reconcile
from tests.products.kamioi.money.programme import WINDOW, Programme

EX_DATE = WINDOW.date() + timedelta(days=4)
LATER = WINDOW + timedelta(days=8)


async def hold(programme: Programme, security: tuple[UUID, str], *units: int) -> list[UUID]:
    """Let members hold so many billionths of a share, for a dollar each."""
    members = [await programme.member() for _ in units]
    for number, (member, held) in enumerate(zip(members, units, strict=True)):
        await give(programme, security, member, Given(held, number=number))
    return members


@dataclass(frozen=True)
class Given:
    """A lot that a member bought: billionths of a share, and what they cost."""

    units: int
    cost_minor: int = 100
    number: int = 0


async def give(programme: Programme, security: tuple[UUID, str], member: UUID, lot: Given) -> None:
    """Let a member buy a lot; its number tells it from the others of the security."""
    await programme.run(
        "INSERT INTO kamioi.ledger_entry (tenant_id, booked_on, transfer_id, line, account,"
        " member_id, amount_minor, currency, reason)"
        " SELECT %s, %s, %s, l, a, %s, s * %s, 'USD', 'test'"
        " FROM (VALUES (1, 'bank', 1), (2, 'member_cash', -1)) AS v (l, a, s)",
        programme.tenant_id,
        WINDOW.date(),
        new_id(),
        member,
        lot.cost_minor,
    )
    async with programme.session() as session:
        order = {
            "id": new_id(),
            "notional_minor": lot.cost_minor,
            "client_order_id": new_id().hex,
        }
        connection = await session.connection()
        await connection.exec_driver_sql(
            "INSERT INTO kamioi.trade_order (tenant_id, id, client_order_id, security_id,"
            " ticker, window_at, notional_minor, currency, state, broker)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, 'USD', 'filled', 'paper')",
            (
                programme.tenant_id,
                order["id"],
                order["client_order_id"],
                security[0],
                security[1],
                WINDOW + timedelta(microseconds=lot.number),
                lot.cost_minor,
            ),
        )
        await connection.exec_driver_sql(
            "INSERT INTO kamioi.order_part (tenant_id, order_id, member_id, notional_minor)"
            " VALUES (%s, %s, %s, %s)",
            (programme.tenant_id, order["id"], member, lot.cost_minor),
        )
        qty = arithmetic.shares_of(lot.units)
        fill = BrokerFill("f", qty, Decimal(1), lot.cost_minor, WINDOW)
        await orders.allocate(session, order, fill)


async def act(programme: Programme, security_id: UUID, kind: str, **more: Any) -> None:
    """Let a company do something to its shares."""
    values = {"security_id": security_id, "kind": kind, "ex_date": EX_DATE, "source": "test"} | more
    marks = ", ".join(["%s"] * len(values))
    await programme.facts(
        f"INSERT INTO kamioi.corporate_action ({', '.join(values)}) VALUES ({marks})",
        *values.values(),
    )


async def apply(programme: Programme) -> int:
    """Apply what is due on the ex-date; return how many actions."""
    async with programme.session() as session:
        return await apply_due(session, EX_DATE)


async def lots_of(programme: Programme, security_id: UUID) -> list[tuple[int, int]]:
    """Return billionths and cost of each lot, by member."""
    rows = await programme.run(
        "SELECT qty, cost_minor FROM kamioi.lot WHERE security_id = %s ORDER BY member_id",
        security_id,
    )
    return [(arithmetic.units_of(qty), cost) for qty, cost in rows]


async def cash_of(programme: Programme, account: str, member: UUID | None) -> int:
    """Return what stands on an account, of a member or of nobody."""
    rows = await programme.run(
        "SELECT -coalesce(sum(amount_minor), 0) FROM kamioi.ledger_entry WHERE account = %s"
        " AND member_id IS NOT DISTINCT FROM %s",
        account,
        member,
    )
    return int(rows[0][0])


async def differ(programme: Programme) -> int:
    """Return how many positions the broker holds otherwise than the lots say."""
    async with programme.session() as session:
        return await reconcile(session, await paper_for(session, LATER), LATER)
