"""A small business written straight into the tables, for tests of what is made from it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from myriad.kit.ids import new_id
from myriad.products.keeper.agents.context import AgentContext
from myriad.products.keeper.agents.graph import GraphReport, run_graph
from myriad.products.keeper.repository.accounts import get_account, open_account
from myriad.products.keeper.settings import KeeperSettings
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId

LAST = date(2025, 6, 30)


@dataclass
class Shop:
    """One tenant with an open Keeper account."""

    runtime: Runtime
    tenant_id: TenantId
    sales: int = 0
    ext_ids: list[str] = field(default_factory=list)

    @classmethod
    async def open(cls, runtime: Runtime, tenant_id: TenantId) -> Shop:
        async with runtime.database.session(tenant_id) as session:
            await open_account(session)
        return cls(runtime, tenant_id)

    async def change(self, sql: str, rows: Any = None) -> None:
        """Run a statement for this tenant, once or once for each row."""
        async with self.runtime.database.session(self.tenant_id) as session:
            connection = await session.connection()
            await connection.exec_driver_sql(sql, rows)

    async def rows(self, sql: str, **parameters: Any) -> list[dict[str, Any]]:
        return await self.runtime.database.reader.rows(self.tenant_id, sql, parameters)

    async def value(self, sql: str, **parameters: Any) -> Any:
        return next(iter((await self.rows(sql, **parameters))[0].values()))

    async def add_customer(self, ext_id: str, **facts: Any) -> UUID:
        """Add a profile; facts are columns of keeper.customer."""
        row = {
            "tenant_id": self.tenant_id,
            "id": new_id(),
            "ext_id": ext_id,
            "ext_created_at": datetime(2024, 1, 1, tzinfo=UTC)
            + timedelta(minutes=len(self.ext_ids)),
            **facts,
        }
        self.ext_ids.append(ext_id)
        await self.insert("customer", [row])
        return row["id"]

    async def insert(self, table: str, rows: Sequence[dict[str, Any]]) -> None:
        """Insert rows with the same columns."""
        if rows:
            names = ", ".join(rows[0])
            marks = ", ".join(f"%({name})s" for name in rows[0])
            await self.change(f"INSERT INTO keeper.{table} ({names}) VALUES ({marks})", list(rows))

    def sale(self, customer: str | None, day: date, cents: int, **facts: Any) -> dict[str, Any]:
        """Return the row of a completed payment."""
        self.sales += 1
        at = datetime.combine(day, time(15), UTC)
        return {
            "tenant_id": self.tenant_id,
            "ext_id": f"pay-{self.sales}",
            "customer_ext_id": customer,
            "amount": cents,
            "currency": "USD",
            "status": "COMPLETED",
            "local_date": day,
            "ext_created_at": at,
            "ext_updated_at": at,
            **facts,
        }

    async def sell(
        self, customer: str | None, days: Sequence[date], cents: int = 8_000, **facts: Any
    ) -> None:
        """Add a completed payment on each of the days."""
        await self.insert("payment", [self.sale(customer, day, cents, **facts) for day in days])

    async def book(self, ext_id: str, day: date, status: str = "ACCEPTED") -> None:
        """Add an appointment, made thirty days before the last day of the data."""
        await self.change(
            "INSERT INTO keeper.booking (tenant_id, ext_id, customer_ext_id, status, start_at, "
            "local_date, ext_created_at) VALUES (%s, %s, %s, %s, %s, %s, %s)",
            (
                self.tenant_id,
                f"book-{new_id()}",
                ext_id,
                status,
                datetime.combine(day, time(15), UTC),
                day,
                datetime.combine(min(day, LAST) - timedelta(days=30), time(9), UTC),
            ),
        )

    async def context(self, day: date = LAST, **settings: Any) -> AgentContext:
        async with self.runtime.database.read_session(self.tenant_id) as session:
            account = await get_account(session)
        return AgentContext(self.runtime.database, account, day, KeeperSettings(**settings))

    async def run(self, day: date = LAST, *, again: bool = False, **settings: Any) -> GraphReport:
        return await run_graph(await self.context(day, **settings), again=again)


async def fill(shop: Shop, people: int = 60, seed: int = 7, last: date = LAST) -> None:
    """Give the shop regulars with rhythms of their own, some of whom stopped coming."""
    chance = random.Random(seed)
    profiles, sales = [], []
    for number in range(people):
        profiles.append(_profile(shop, number))
        cents = 5_000 + 500 * (number % 9)
        sales += [shop.sale(f"cust-{number:03d}", day, cents) for day in _days(chance, last)]
    await shop.insert("customer", profiles)
    await shop.insert("payment", sales)


def _profile(shop: Shop, number: int) -> dict[str, Any]:
    return {
        "tenant_id": shop.tenant_id,
        "ext_id": f"cust-{number:03d}",
        "ext_created_at": datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=number),
        "given_name": f"Given{number}",
        "family_name": f"Family{number}",
        "email": f"person{number}@example.com",
        "phone": f"+1212555{number:04d}",
        "phone_e164": f"+1212555{number:04d}",
    }


def _days(chance: random.Random, last: date) -> list[date]:
    rhythm = chance.choice((14, 21, 28, 42))
    day = last - timedelta(days=chance.randint(200, 360))
    ends = last - timedelta(days=chance.choice((0, 0, 0, 40, 70, 120)))
    days = []
    while day <= ends:
        days.append(day)
        day += timedelta(days=max(3, round(chance.gauss(rhythm, rhythm / 6))))
    return days or [last - timedelta(days=250)]


def by_agent(report: GraphReport) -> dict[str, str]:
    """Return how each agent ended."""
    return {agent.agent: agent.state for agent in report.agents}
