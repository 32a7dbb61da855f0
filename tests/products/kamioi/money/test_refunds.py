"""A refund undoes the latest purchase that it can be of, and one alone, however many come at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from myriad.products.kamioi.money.refunds import REFUND_DAYS, Refund, Refundable, pair
from myriad.products.kamioi.money.round_ups import Members, accrue
from tests.products.kamioi.money.programme import MONDAY, Programme

MEMBER, STRING = UUID(int=1), UUID(int=2)
DAYS = st.integers(0, 3 * REFUND_DAYS)


def _purchase(number: int, day: int, amount: int) -> Refundable:
    on = MONDAY + timedelta(days=day)
    return Refundable(on, UUID(int=100 + number), UUID(int=number), MEMBER, STRING, amount, "USD")


def _refund(number: int, day: int, amount: int) -> Refund:
    on = MONDAY + timedelta(days=day)
    return Refund(on, UUID(int=200 + number), MEMBER, STRING, -amount, "USD")


def _one_by_one(refunds: Sequence[Refund], purchases: Sequence[Refundable]) -> dict[UUID, UUID]:
    """Return what each refund undoes by the rule as it is told: the others one after the other."""
    left, found = list(purchases), {}
    for refund in sorted(refunds, key=lambda one: (one.booked_on, one.purchase_id)):
        near = [
            one
            for one in left
            if one.whose == refund.whose
            and timedelta() <= refund.booked_on - one.booked_on <= timedelta(days=REFUND_DAYS)
        ]
        if near:
            latest = max(near, key=lambda one: (one.booked_on, one.id))
            left.remove(latest)
            found[refund.purchase_id] = latest.id
    return found


@given(
    refunds=st.lists(st.tuples(DAYS, st.integers(1, 2)), max_size=12),
    purchases=st.lists(st.tuples(DAYS, st.integers(1, 2)), max_size=12),
)
def test_many_refunds_undo_what_one_after_the_other_would(
    refunds: list[tuple[int, int]], purchases: list[tuple[int, int]]
) -> None:
    came_back = [_refund(number, *one) for number, one in enumerate(refunds)]
    bought = [_purchase(number, *one) for number, one in enumerate(purchases)]
    pairs = list(pair(came_back, bought))
    assert len(pairs) == len(refunds)
    undone = {refund.purchase_id: one.id for refund, one in pairs if one is not None}
    assert undone == _one_by_one(came_back, bought)


async def test_refunds_of_one_pass_undo_a_purchase_each_and_the_rest_nothing(
    programme: Programme,
) -> None:
    shop, member = await programme.shop(), await programme.member()
    other = await programme.member()
    first, second = [
        await programme.buy(member, shop.descriptor_id, 450, MONDAY + timedelta(days=day))
        for day in (0, 1)
    ]
    untouched = await programme.buy(other, shop.descriptor_id, 450)
    for day in (2, 2, 3):
        on = MONDAY + timedelta(days=day)
        await programme.buy(member, shop.descriptor_id, -450, on, kind="refund")
    for whose in (Members(), Members.only(member), Members()):
        async with programme.session() as session:
            await accrue(session, MONDAY, MONDAY + timedelta(days=9), whose)
    states = [row[2] for row in await programme.round_ups(first, second, untouched)]
    assert states == ["reversed", "reversed", "accrued"]
    made = "SELECT count(*), count(reverses_id) FROM kamioi.round_up WHERE of_minor < 0"
    assert await programme.run(made) == [(3, 2)]
    assert await programme.violations() == []
