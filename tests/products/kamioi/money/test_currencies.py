"""Money is counted in the smallest unit of its own currency, which not every one has a hundred of."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import product
from string import ascii_uppercase
from uuid import UUID

import pytest

from myriad.kit.ids import new_id
from myriad.products.kamioi.broker.paper import PaperBroker
from myriad.products.kamioi.holding.portfolio import Whose, get_portfolio
from myriad.products.kamioi.member.joining import invite_new
from myriad.products.kamioi.money import actions, arithmetic, orders, sweeps
from myriad.products.kamioi.money.bank import PaperBank
from myriad.products.kamioi.money.round_ups import accrue
from myriad.scale.directory import Role, find_principal_by_key
from myriad.scale.http import BoundReader
from myriad.scale.runtime import Runtime
from tests.fixtures.app import create_person
from tests.products.kamioi.money.programme import MONDAY, NOON, WINDOW, Programme, Shop

BANK = PaperBank()
EX_DATE = MONDAY + timedelta(days=30)


async def _member(programme: Programme, currency: str, **rule: object) -> UUID:
    """Add a member who counts in a currency, with an account in it."""
    member = await programme.member(**rule)
    for table, key in (("member", "id"), ("bank_account", "member_id")):
        await programme.run(
            f"UPDATE kamioi.{table} SET currency = %s WHERE {key} = %s", currency, member
        )
    return member


async def _shop(programme: Programme, currency: str, close: str) -> Shop:
    """Add a shop whose share is sold in a currency."""
    shop = await programme.shop(close)
    for table, key in (("security", "id"), ("price", "security_id")):
        await programme.facts(
            f"UPDATE kamioi.{table} SET currency = %s WHERE {key} = %s", currency, shop.security_id
        )
    return shop


async def test_statements_know_the_same_units_as_the_arithmetic(programme: Programme) -> None:
    codes = ["".join(letters) for letters in product(ascii_uppercase, repeat=3)]
    rows = await programme.run(
        "SELECT code, kamioi.minor_units(code) FROM unnest(%s::text[]) AS one (code)", codes
    )
    assert dict(rows) == {code: arithmetic.minor_units(code) for code in codes}
    assert {units for _, units in rows} == {1, 100, 1000}


@pytest.mark.parametrize("rounds_whole", [False, True])
@pytest.mark.parametrize("currency", ["USD", "JPY", "KWD"])
async def test_sql_rounds_up_to_a_whole_unit_of_each_members_currency(
    programme: Programme, currency: str, rounds_whole: bool
) -> None:
    shop = await _shop(programme, currency, "100")
    member = await _member(programme, currency, rounds_whole_amounts=rounds_whole, multiplier=2)
    amounts = (1, 437, 500, 1_001, 12_000)
    bought = [
        await programme.buy(member, shop.descriptor_id, one, currency=currency) for one in amounts
    ]
    async with programme.session() as session:
        await accrue(session, MONDAY, MONDAY)
    made = [row[0] for row in await programme.round_ups(*bought)]
    assert made == [
        arithmetic.round_up(one, currency, multiplier=2, rounds_whole=rounds_whole)
        for one in amounts
    ]


async def test_who_is_invited_counts_in_the_currency_of_the_programme(
    runtime: Runtime, programme: Programme
) -> None:
    person = await create_person(runtime, programme.tenant_id, Role.OWNER)
    actor = await find_principal_by_key(runtime.database, person.key)
    assert actor is not None

    async def invite(name: str) -> str:
        async with programme.session() as session:
            await invite_new(session, actor, name=name, email=f"{new_id().hex}@example.com")
        ((currency,),) = await programme.run(
            "SELECT currency FROM kamioi.member WHERE name = %s", name
        )
        return str(currency)

    assert await invite("The first") == "USD"
    for _ in range(2):
        await _member(programme, "GBP")
    assert await invite("One among pounds") == "GBP"


async def test_yen_become_shares_that_pay_and_are_worth_yen(programme: Programme) -> None:
    shop = await _shop(programme, "JPY", "250")
    member = await _member(programme, "JPY", rounds_whole_amounts=True, multiplier=10)
    for _ in range(50):
        await programme.buy(member, shop.descriptor_id, 437, currency="JPY")
    async with programme.session() as session:
        await accrue(session, MONDAY, MONDAY)
        assert await sweeps.request(session, BANK, NOON) == 1
    async with programme.session() as session:
        await sweeps.settle(session, BANK, WINDOW)
        await orders.open_window(session, WINDOW, "paper")
        broker = PaperBroker({shop.ticker: Decimal(250)})
        await orders.send(session, broker, WINDOW)
        await orders.take_fills(session, broker, WINDOW)
    rows = await programme.run("SELECT qty, cost_minor, currency FROM kamioi.lot")
    assert rows == [(Decimal(2), 500, "JPY")]
    await programme.facts(
        "INSERT INTO kamioi.corporate_action (security_id, kind, ex_date, cash_per_share, currency,"
        " source) VALUES (%s, 'cash_dividend', %s, 7.5, 'JPY', 'test')",
        shop.security_id,
        EX_DATE,
    )
    async with programme.session() as session:
        assert await actions.apply_due(session, EX_DATE) == 1
    await programme.facts(
        "INSERT INTO kamioi.price (security_id, day, close, currency, source)"
        " VALUES (%s, %s, 260.25, 'JPY', 'test')",
        shop.security_id,
        EX_DATE,
    )
    reader = BoundReader(programme.runtime, programme.tenant_id)
    found = await get_portfolio(reader, Whose(member, "JPY", EX_DATE))
    assert (found.value_minor, found.paid_minor, found.cost_minor) == (520, 15, 500)
    assert found.performance.days[-1].value_minor == 520
    assert await programme.violations() == []
