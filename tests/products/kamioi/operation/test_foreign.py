"""A purchase abroad waits, is told, and counts at the rate that a person states."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pydantic import ValidationError

from myriad.kit.clock import utc_now
from myriad.kit.errors import ConflictError, InvalidInputError
from myriad.products.kamioi.money.round_ups import accrue
from myriad.products.kamioi.operation.foreign import Rate, get_foreign, release, skip
from myriad.scale.directory import Principal
from tests.products.kamioi.money.programme import MONDAY, Programme


def _rate(rate: str, currency: str = "EUR") -> Rate:
    return Rate(
        currency=currency,
        into_currency="USD",
        rate=Decimal(rate),
        source="the bank",
        first=MONDAY,
        last=MONDAY,
    )


async def _accrue(programme: Programme) -> None:
    async with programme.session() as session:
        await accrue(session, MONDAY, MONDAY)


async def test_a_purchase_abroad_waits_is_told_once_and_counts_at_its_rate(
    programme: Programme, other_programme: Programme, caller: Principal
) -> None:
    shop, member = await programme.shop(), await programme.member()
    euro = await programme.buy(member, shop.descriptor_id, 450, currency="EUR", is_held=True)
    yen = await programme.buy(member, shop.descriptor_id, 1_001, currency="JPY")
    for _ in range(2):
        await _accrue(programme)
    assert await programme.round_ups(euro, yen) == []
    told = await programme.run("SELECT kind FROM kamioi.notification WHERE member_id = %s", member)
    assert told == [("foreign_purchase",)] * 2
    async with programme.session() as session:
        view = await get_foreign(session, utc_now())
        assert [pair[:2] for pair in view.pairs()] == [("EUR", "USD"), ("JPY", "USD")]
        # 4.50 euros are 4.8555 dollars, 1,001 yen 6.5065 and half of a cent.
        assert await release(session, _rate("1.079"), caller, utc_now()) == 1
        assert await release(session, _rate("0.0065", "JPY"), caller, utc_now()) == 1
        with pytest.raises(ConflictError, match="nothing waits"):
            await release(session, _rate("1.079"), caller, utc_now())
    kept = await programme.run("SELECT currency, rate, last_on FROM kamioi.stated_rate ORDER BY 1")
    assert kept == [("EUR", Decimal("1.079"), MONDAY), ("JPY", Decimal("0.0065"), MONDAY)]
    for _ in range(2):
        await _accrue(programme)
    assert await programme.round_ups(euro, yen) == [
        (14, "security", "accrued"),
        (49, "security", "accrued"),
    ]
    assert await programme.violations() == []
    async with other_programme.session() as session:
        assert (await get_foreign(session, utc_now())).decided == ()


async def test_an_amount_that_the_bank_corrects_counts_at_the_same_rate(
    programme: Programme, caller: Principal
) -> None:
    shop, member = await programme.shop(), await programme.member()
    bought = await programme.buy(member, shop.descriptor_id, 450, currency="EUR", is_held=True)
    await _accrue(programme)
    async with programme.session() as session:
        await release(session, _rate("2"), caller, utc_now())
    await _accrue(programme)
    await programme.run(
        "UPDATE kamioi.purchase SET amount_minor = 460, is_held = true WHERE id = %s", bought
    )
    for _ in range(2):
        await _accrue(programme)
    assert await programme.round_ups(bought) == [(80, "security", "accrued")]
    assert await programme.violations() == []


async def test_what_the_bank_took_back_waits_for_no_rate(
    programme: Programme, caller: Principal
) -> None:
    shop, member = await programme.shop(), await programme.member()
    bought = await programme.buy(member, shop.descriptor_id, 450, currency="EUR")
    await _accrue(programme)
    await programme.run("UPDATE kamioi.purchase SET state = 'removed' WHERE id = %s", bought)
    async with programme.session() as session:
        assert (await get_foreign(session, utc_now())).waiting == ()
        with pytest.raises(ConflictError, match="nothing waits"):
            await release(session, _rate("2"), caller, utc_now())


async def test_what_is_left_out_rounds_up_nothing(programme: Programme, caller: Principal) -> None:
    shop, member = await programme.shop(), await programme.member()
    bought = await programme.buy(member, shop.descriptor_id, 450, currency="EUR")
    await _accrue(programme)
    async with programme.session() as session:
        await skip(session, MONDAY, bought, caller, utc_now())
        with pytest.raises(ConflictError):
            await skip(session, MONDAY, bought, caller, utc_now())
    await _accrue(programme)
    assert await programme.round_ups(bought) == [(0, "skip", "accrued")]


@pytest.mark.parametrize("rate", ["0", "-1", "1000001", "0.00000000001"])
def test_a_rate_that_can_be_none_is_refused(rate: str) -> None:
    with pytest.raises(ValidationError):
        _rate(rate)


async def test_a_rate_into_the_same_currency_is_refused(
    programme: Programme, caller: Principal
) -> None:
    async with programme.session() as session:
        with pytest.raises(InvalidInputError, match="another one"):
            await release(session, _rate("1", "USD"), caller, utc_now())
