"""A purchase rounds up once, by the member's rules, to the company that owned the shop that day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from myriad.products.kamioi.money import arithmetic
from myriad.products.kamioi.money.round_ups import Accrued, Members, accrue, list_parts, redecide
from tests.products.kamioi.money.programme import MONDAY, Programme

FIRST, LAST = MONDAY - timedelta(days=30), MONDAY + timedelta(days=30)


async def _accrue(programme: Programme) -> Accrued:
    async with programme.session() as session:
        return await accrue(session, FIRST, LAST)


async def test_a_purchase_rounds_up_once_however_often_it_is_worked_on(
    programme: Programme, other_programme: Programme
) -> None:
    shop = await programme.shop()
    member = await programme.member(multiplier=2)
    one = await programme.buy(member, shop.descriptor_id, 437)
    assert (await _accrue(programme)).made == 1
    assert (await _accrue(programme)).made == 0
    assert await programme.round_ups(one) == [(126, "security", "accrued")]
    assert await other_programme.round_ups(one) == []
    assert await programme.violations() == []


async def test_what_is_not_a_posted_purchase_does_not_round_up(programme: Programme) -> None:
    shop, member = await programme.shop(), await programme.member()
    for more in (
        {"state": "pending"},
        {"state": "expired"},
        {"kind": "transfer"},
        {"kind": "fee"},
        {"is_held": True},
    ):
        await programme.buy(member, shop.descriptor_id, 437, **more)
    assert (await _accrue(programme)).made == 0


async def test_what_an_old_program_rounded_up_is_not_pulled_again(programme: Programme) -> None:
    shop, member = await programme.shop(), await programme.member()
    brought = await programme.buy(member, shop.descriptor_id, 437, source="legacy")
    new = await programme.buy(member, shop.descriptor_id, 437)
    await _accrue(programme)
    assert await programme.round_ups(brought, new) == [
        (0, "skip", "accrued"),
        (63, "security", "accrued"),
    ]
    assert await programme.violations() == []


async def test_rules_say_where_a_round_up_goes(programme: Programme) -> None:
    shop, private = await programme.shop(), await programme.shop(is_private=True)
    etf, _ = await programme.security(kind="etf")
    unknown = await programme.descriptor()
    plain = await programme.member()
    to_etf = await programme.member(private_policy="etf", etf_security_id=etf)
    to_cash = await programme.member(private_policy="cash")
    skips = await programme.member(private_policy="skip")
    excludes = await programme.member(excluded_brand_ids=[shop.brand_id])
    cases = [
        (plain, shop.descriptor_id, (50, "security")),
        (plain, private.descriptor_id, (50, "cash")),
        (plain, unknown, (50, "queue")),
        (plain, None, (50, "queue")),
        (to_etf, private.descriptor_id, (50, "security")),
        (to_cash, private.descriptor_id, (50, "cash")),
        (skips, private.descriptor_id, (0, "skip")),
        (skips, unknown, (50, "queue")),
        (excludes, shop.descriptor_id, (0, "skip")),
    ]
    bought = [await programme.buy(who, what, 450) for who, what, _ in cases]
    # What was bought abroad waits for a rate.
    bought.append(await programme.buy(plain, shop.descriptor_id, 450, currency="EUR"))
    await _accrue(programme)
    made = [row[:2] for row in await programme.round_ups(*bought)]
    assert made == [expected for *_, expected in cases]


async def test_a_share_of_another_currency_than_the_members_is_kept_as_cash(
    programme: Programme,
) -> None:
    shop = await programme.shop()
    etf, _ = await programme.security(kind="etf")
    funded = await programme.member(private_policy="etf", etf_security_id=etf)
    plain = await programme.member()
    await programme.facts(
        "UPDATE kamioi.security SET currency = 'EUR' WHERE id = %s", shop.security_id
    )
    bought = [await programme.buy(who, shop.descriptor_id, 450) for who in (plain, funded)]
    await _accrue(programme)
    made = [row[:2] for row in await programme.round_ups(*bought)]
    assert made == [(50, "cash"), (50, "security")]
    await programme.facts("UPDATE kamioi.security SET currency = 'EUR' WHERE id = %s", etf)
    later = await programme.buy(funded, shop.descriptor_id, 450)
    await _accrue(programme)
    assert [row[:2] for row in await programme.round_ups(later)] == [(50, "cash")]


async def test_the_owner_is_the_one_of_the_day_of_the_purchase(programme: Programme) -> None:
    shop, member = await programme.shop(), await programme.member()
    later, _ = await programme.security()
    sold_on = MONDAY - timedelta(days=5)
    await programme.facts(
        "UPDATE kamioi.ownership SET valid_to = %s WHERE brand_id = %s", sold_on, shop.brand_id
    )
    await programme.facts(
        "INSERT INTO kamioi.ownership (brand_id, valid_from, owner_name, security_id, source)"
        " VALUES (%s, %s, 'Buyer', %s, 'test')",
        shop.brand_id,
        sold_on,
        later,
    )
    await programme.buy(member, shop.descriptor_id, 450, sold_on - timedelta(days=1))
    await programme.buy(member, shop.descriptor_id, 450, sold_on)
    await _accrue(programme)
    rows = await programme.run("SELECT security_id FROM kamioi.round_up ORDER BY booked_on")
    assert rows == [(shop.security_id,), (later,)]


async def test_a_member_may_see_a_string_otherwise_than_everybody(programme: Programme) -> None:
    shop, other, member = await programme.shop(), await programme.shop(), await programme.member()
    await programme.run(
        "INSERT INTO kamioi.member_override (tenant_id, member_id, descriptor_id, brand_id)"
        " VALUES (%s, %s, %s, %s)",
        programme.tenant_id,
        member,
        shop.descriptor_id,
        other.brand_id,
    )
    await programme.buy(member, shop.descriptor_id, 450)
    await programme.buy(await programme.member(), shop.descriptor_id, 450)
    await _accrue(programme)
    rows = await programme.run(
        "SELECT security_id FROM kamioi.round_up WHERE member_id = %s", member
    )
    assert rows == [(other.security_id,)]


async def test_a_posted_amount_that_changes_is_rounded_anew_while_it_waits(
    programme: Programme,
) -> None:
    shop, member = await programme.shop(), await programme.member()
    one = await programme.buy(member, shop.descriptor_id, 450)
    await _accrue(programme)
    await programme.run("UPDATE kamioi.purchase SET amount_minor = 520 WHERE id = %s", one)
    assert (await _accrue(programme)).recomputed == 1
    assert await programme.round_ups(one) == [(80, "security", "accrued")]
    assert await programme.violations() == []


async def test_a_purchase_that_the_bank_removes_rounds_up_by_nothing(programme: Programme) -> None:
    shop, member = await programme.shop(), await programme.member()
    one = await programme.buy(member, shop.descriptor_id, 450)
    await _accrue(programme)
    await programme.run("UPDATE kamioi.purchase SET state = 'removed' WHERE id = %s", one)
    assert (await _accrue(programme)).reversed == 1
    assert await programme.round_ups(one) == [(50, "security", "reversed")]
    assert await programme.violations() == []


async def test_a_refund_undoes_the_one_round_up_of_its_purchase(programme: Programme) -> None:
    shop, member = await programme.shop(), await programme.member()
    other = await programme.buy(member, shop.descriptor_id, 999)
    first = await programme.buy(member, shop.descriptor_id, 450)
    second = await programme.buy(member, shop.descriptor_id, 450, MONDAY + timedelta(days=1))
    await _accrue(programme)
    day = MONDAY + timedelta(days=2)
    await programme.buy(member, shop.descriptor_id, -450, day, kind="refund")
    await _accrue(programme)
    await _accrue(programme)
    states = [row[2] for row in await programme.round_ups(other, first, second)]
    assert states == ["accrued", "accrued", "reversed"]
    assert await programme.violations() == []


async def test_a_decision_moves_all_open_round_ups_of_a_string(programme: Programme) -> None:
    shop, member = await programme.shop(), await programme.member()
    unknown = await programme.descriptor()
    one = await programme.buy(member, unknown, 450)
    late = await programme.buy(member, unknown, 430, MONDAY + timedelta(days=20))
    await _accrue(programme)
    await programme.decide(unknown, shop.brand_id)
    async with programme.session() as session:
        assert await redecide(session, unknown) == 2
    assert [row[1] for row in await programme.round_ups(one, late)] == ["security"] * 2
    assert await programme.violations() == []


@pytest.mark.parametrize("size", [1, 2, 100])
async def test_members_are_worked_on_in_parts_that_cover_everybody_once(
    programme: Programme, size: int
) -> None:
    members = sorted([await programme.member() for _ in range(3)])
    async with programme.session() as session:
        parts = await list_parts(session, size)
    covered = [
        [one for one in members if part.low <= one and (part.high is None or one < part.high)]
        for part in parts
    ]
    assert [one for part in covered for one in part] == members
    assert all(len(part) <= size for part in covered)
    assert parts[-1] == Members(parts[-1].low, None)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
async def test_caps_hold_for_days_and_weeks_in_any_order_of_arrival(
    programme: Programme, data: st.DataObject
) -> None:
    cap_day = data.draw(st.none() | st.integers(0, 200))
    cap_week = data.draw(st.none() | st.integers(0, 400))
    member = await programme.member(cap_day_minor=cap_day, cap_week_minor=cap_week)
    bought = data.draw(
        st.lists(st.tuples(st.integers(0, 13), st.integers(1, 5000)), min_size=1, max_size=12)
    )
    half = len(bought) // 2
    for part in (bought[:half], bought[half:]):
        for ahead, amount in part:
            await programme.buy(member, None, amount, MONDAY + timedelta(days=ahead))
        await _accrue(programme)
    rows = await programme.run(
        "SELECT booked_on, amount_minor FROM kamioi.round_up WHERE member_id = %s", member
    )
    assert len(rows) == len(bought)
    full: dict[date, int] = {}
    made: dict[date, int] = {}
    for ahead, amount in bought:
        day = MONDAY + timedelta(days=ahead)
        full[day] = full.get(day, 0) + arithmetic.round_up(amount, "USD")
    for day, minor in rows:
        made[day] = made.get(day, 0) + minor
    _check_week(full, made, cap_day, cap_week)


def _check_week(
    full: dict[date, int], made: dict[date, int], cap_day: int | None, cap_week: int | None
) -> None:
    weeks: dict[date, list[int]] = {}
    for day, whole in full.items():
        capped = whole if cap_day is None else min(whole, cap_day)
        assert made[day] <= capped
        start = day - timedelta(days=day.weekday())
        both = weeks.setdefault(start, [0, 0])
        both[0] += capped
        both[1] += made[day]
    for capped, granted in weeks.values():
        assert granted == (capped if cap_week is None else min(capped, cap_week))
