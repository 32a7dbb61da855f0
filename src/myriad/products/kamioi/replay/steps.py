"""The steps of a day, each by what does it in life; every one commits as it goes.

A replay that was killed begins again from its first step and does nothing twice: purchases are
known by their ids, a purchase has one round-up, a window one order of a security.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from decimal import Decimal
from hashlib import sha256
from typing import Any

from myriad.products.kamioi.broker.market import next_window
from myriad.products.kamioi.broker.paper import PaperBroker
from myriad.products.kamioi.deciding import map_descriptors
from myriad.products.kamioi.facts.loading import load_world
from myriad.products.kamioi.intake.streams import record_stream
from myriad.products.kamioi.money import orders, round_ups, sweeps
from myriad.products.kamioi.money.bank import PaperBank
from myriad.products.kamioi.money.brokers import paper_for
from myriad.products.kamioi.replay.generated import Plan
from myriad.products.kamioi.repository import sql as queries
from myriad.scale.data import Database, Session
from myriad.scale.data.bulk import BulkTable, Column, take_in_batches

AT_ONCE = 2
REFUSED_PER_MILLE = 5
_NOON = clock_time(16)
_BALANCE_MINOR = 1_000_000
_MEMBER = BulkTable("kamioi.member", (Column("id", "uuid"), Column("name", "text")), ("id",))
_ITEM = BulkTable(
    "kamioi.bank_item",
    (
        Column("id", "uuid"),
        Column("member_id", "uuid"),
        Column("provider", "text"),
        Column("external_id", "text"),
    ),
    ("provider", "external_id"),
)
_ACCOUNT = BulkTable(
    "kamioi.bank_account",
    (
        Column("id", "uuid"),
        Column("member_id", "uuid"),
        Column("item_id", "uuid"),
        Column("external_id", "text"),
        Column("currency", "text"),
        Column("balance_minor", "bigint"),
        Column("is_funding", "boolean"),
    ),
    ("item_id", "external_id"),
)


@dataclass
class Replay:
    """One life of a replay; `told` hears the name of each step as it begins."""

    database: Database
    plan: Plan
    told: Callable[[str], None] = lambda _: None
    took: dict[str, float] = field(default_factory=dict)
    bank: PaperBank = field(default_factory=lambda: PaperBank(refused_per_mille=REFUSED_PER_MILLE))

    async def run(self) -> dict[str, float]:
        """Take every day through everything; return what each step took, in seconds."""
        await self._step("people", self._people())
        for day in range(self.plan.days):
            await self._day(day)
        last = self.bank.settles_on(self.plan.first + timedelta(days=self.plan.days - 1))
        await self._settle_and_trade(noon(last))
        return self.took

    async def _day(self, day: int) -> None:
        on = self.plan.first + timedelta(days=day)
        await self._step("intake", self._intake(day))
        await self._step("map", self._map())
        await self._step("accrue", self._accrue(on))
        if day:
            await self._settle_and_trade(noon(on))
        await self._step("sweep", self._sweep(noon(on)))

    async def _settle_and_trade(self, now: datetime) -> None:
        await self._step("settle", self._settle(now))
        await self._step("trade", self._trade(next_window(now)))

    async def _step(self, name: str, work: Awaitable[None]) -> None:
        self.told(name)
        began = time.perf_counter()
        await work
        self.took[name] = self.took.get(name, 0.0) + time.perf_counter() - began

    async def _people(self) -> None:
        made, numbers = self.plan.made, range(self.plan.members)
        await self._take(_MEMBER, ((made("member", n), f"Member {n}") for n in numbers))
        await self._take(
            _ITEM,
            ((made("item", n), made("member", n), "plaid", str(made("item", n))) for n in numbers),
        )
        rows = (
            (made("account", n), made("member", n), made("item", n), "a", "USD", _BALANCE_MINOR, True)
            for n in numbers
        )  # fmt: skip
        await self._take(_ACCOUNT, rows)

    async def _take(self, table: BulkTable, rows: Iterable[tuple[Any, ...]]) -> None:
        await _drain(take_in_batches(self.database, self.plan.tenant_id, table, rows))

    async def _intake(self, day: int) -> None:
        await _drain(record_stream(self.database, self.plan.tenant_id, self.plan.lines(day)))

    async def _map(self) -> None:
        """Map by rules; what names a brand is approved, as people of the programme would."""
        world = await load_world(self.database)
        while await map_descriptors(self.database, world, self.plan.tenant_id):
            pass
        async with self.database.session(self.plan.tenant_id) as session:
            await queries.execute(session, "approve_replayed")

    async def _accrue(self, day: date) -> None:
        async def accrue(session: Session, part: round_ups.Members) -> None:
            await round_ups.accrue(session, day, day, part)

        await self._by_part(accrue)

    async def _sweep(self, now: datetime) -> None:
        async def sweep(session: Session, part: round_ups.Members) -> None:
            await sweeps.request(session, self.bank, now, part)

        await self._by_part(sweep)

    async def _by_part(self, work: Callable[[Session, round_ups.Members], Awaitable[None]]) -> None:
        """Work on parts of the members, a transaction each, two under way as by two workers."""
        database, tenant_id = self.database, self.plan.tenant_id
        async with database.session(tenant_id) as session:
            parts = iter(await round_ups.list_parts(session))

        async def follow() -> None:
            for part in parts:
                async with database.session(tenant_id) as session:
                    await work(session, part)

        await asyncio.gather(*(follow() for _ in range(AT_ONCE)))

    async def _settle(self, now: datetime) -> None:
        done = sweeps.Settled(1)
        while done != sweeps.Settled():
            async with self.database.session(self.plan.tenant_id) as session:
                done = await sweeps.settle(session, self.bank, now)

    async def _trade(self, window: datetime) -> None:
        """Open the window's orders, send them and take their fills, each committed by itself."""
        database, tenant_id = self.database, self.plan.tenant_id
        async with database.session(tenant_id) as session:
            await orders.open_window(session, window, "paper")
        async with database.session(tenant_id) as session:
            await orders.send(session, await broker_for(session, window), window)
        async with database.session(tenant_id) as session:
            await orders.take_fills(session, await broker_for(session, window), window)


async def broker_for(session: Session, now: datetime) -> PaperBroker:
    """Return the paper broker with an invented close where none is known."""
    broker = await paper_for(session, now)
    waiting = await orders.list_orders(session, ["new", "sent", "part_filled"], now)
    invented = {row["ticker"]: _close(row["ticker"]) for row in waiting}
    return replace(broker, closes=invented | dict(broker.closes))


def _close(ticker: str) -> Decimal:
    return Decimal(1_000 + int(sha256(ticker.encode()).hexdigest()[:4], 16)) / 100


def noon(day: date) -> datetime:
    """Return noon in New York, within an hour."""
    return datetime.combine(day, _NOON, UTC)


async def _drain(progress: AsyncIterator[object]) -> None:
    async for _ in progress:
        pass
