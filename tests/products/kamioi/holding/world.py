"""A member who saved, bought two shares, and what their companies did then."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from myriad.products.kamioi.broker.paper import PaperBroker
from myriad.products.kamioi.money import orders, sweeps
from myriad.products.kamioi.money.actions import apply_due
from myriad.products.kamioi.money.bank import PaperBank
from myriad.products.kamioi.money.round_ups import accrue
from myriad.scale.http import BoundReader
from myriad.scale.runtime import Runtime
from tests.fixtures.app import Company, Person, create_company, create_member
from tests.products.kamioi.money.programme import MONDAY, NOON, WINDOW, Programme, Shop

BOUGHT = WINDOW.date()
EX_DATE = BOUGHT + timedelta(days=4)
SOLD = BOUGHT + timedelta(days=5)


@dataclass(frozen=True)
class Saver:
    """Ten dollars saved on the Monday, five in each of two shares on the Thursday.

    The first splits two for one on the Monday after, when the second pays a dollar a share; on the
    Tuesday the second is bought for sixty dollars a share. `other` saved the same in the first.
    """

    programme: Programme
    company: Company
    person: Person
    member_id: UUID
    other: UUID
    first: Shop
    second: Shop

    @property
    def reader(self) -> BoundReader:
        """Named reads as the programme's tenant."""
        return BoundReader(self.programme.runtime, self.programme.tenant_id)


async def save(runtime: Runtime) -> Saver:
    """Let the member save, buy and hold."""
    company = await create_company(runtime)
    programme = Programme(runtime, company.tenant_id)
    person = await create_member(runtime, company.tenant_id)
    first, second = await programme.shop("100"), await programme.shop("50")
    members = [await programme.member(), await programme.member()]
    await programme.run(
        "UPDATE kamioi.member SET user_id = %s, name = '=Ann' WHERE id = %s",
        person.user_id, members[0],
    )  # fmt: skip
    for member, shop in ((members[0], first), (members[0], second), (members[1], first)):
        for number in range(10):
            await programme.buy(member, shop.descriptor_id, 450 + 100 * number)
    await buy(programme, {first.ticker: Decimal(100), second.ticker: Decimal(50)})
    for day, *closes in ((1, "110", "50"), (4, "60", "49"), (5, "66", "60")):
        for shop, close in zip((first, second), closes, strict=True):
            await programme.price(shop.security_id, close, BOUGHT + timedelta(days=day))
    await act(programme, first, "split", EX_DATE, ratio_num=2, ratio_den=1)
    await act(programme, second, "cash_dividend", EX_DATE, cash_per_share=Decimal(1))
    await act(programme, second, "merger", SOLD, cash_per_share=Decimal(60))
    async with programme.session() as session:
        await apply_due(session, SOLD)
    return Saver(programme, company, person, members[0], members[1], first, second)


async def buy(programme: Programme, closes: dict[str, Decimal]) -> None:
    """Pull what is saved, settle it, and let the paper broker fill the orders."""
    broker, bank = PaperBroker(closes), PaperBank()
    async with programme.session() as session:
        await accrue(session, MONDAY, MONDAY)
    async with programme.session() as session:
        await sweeps.request(session, bank, NOON)
    async with programme.session() as session:
        await sweeps.settle(session, bank, WINDOW)
    async with programme.session() as session:
        await orders.open_window(session, WINDOW, broker.name)
        await orders.send(session, broker, WINDOW)
        await orders.take_fills(session, broker, WINDOW)


async def act(programme: Programme, shop: Shop, kind: str, day: date, **more: Any) -> None:
    """Let a company do something."""
    values = {
        "security_id": shop.security_id, "kind": kind, "ex_date": day, "source": "test", **more,
    }  # fmt: skip
    marks = ", ".join(["%s"] * len(values))
    await programme.facts(
        f"INSERT INTO kamioi.corporate_action ({', '.join(values)}) VALUES ({marks})",
        *values.values(),
    )
