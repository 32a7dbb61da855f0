"""An action that becomes known late leaves what it would have left in time, to the cent and share."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from myriad.products.kamioi.money.actions import apply_due
from myriad.products.kamioi.operation.actions import ActionEntry, preview
from tests.products.kamioi.money.acting import EX_DATE, LATER, Given, act, differ, give
from tests.products.kamioi.money.programme import Programme

AFTER = EX_DATE + timedelta(days=2)
_UNITS = (1_000_000_007, 333_333_333, 10)

SPLIT = {"kind": "split", "ratio_num": 3, "ratio_den": 1, "ex_date": EX_DATE}
REVERSE = {"kind": "reverse_split", "ratio_num": 1, "ratio_den": 7}
DIVIDEND = {"kind": "cash_dividend", "cash_per_share": Decimal("1.37")}
MERGER = {"kind": "merger", "ratio_num": 2, "ratio_den": 3, "cash_per_share": Decimal("0.31")}
SPIN_OFF = {"kind": "spin_off", "ratio_num": 1, "ratio_den": 4}


def _new(action: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**action, "new": True, **more}


@pytest.mark.parametrize(
    "in_time",
    [
        pytest.param([SPLIT, REVERSE], id="split-then-reverse-split"),
        pytest.param([SPLIT, DIVIDEND], id="split-then-dividend"),
        pytest.param([SPLIT, _new(MERGER)], id="split-then-merger"),
        pytest.param([SPLIT, {"kind": "worthless"}], id="split-then-nothing"),
        pytest.param([_new(SPIN_OFF, ex_date=EX_DATE), {**SPLIT, "ex_date": AFTER}], id="spin-off"),
        pytest.param([_new(MERGER, ex_date=EX_DATE), DIVIDEND], id="merger-then-dividend"),
        pytest.param([{**SPLIT, "of_new": True}, _new(MERGER)], id="split-of-the-new-share"),
    ],
)
async def test_an_action_known_late_leaves_what_it_would_have_left_in_time(
    programme: Programme, other_programme: Programme, in_time: list[dict[str, Any]]
) -> None:
    expected = await _live(programme, in_time)
    found = await _live(other_programme, list(reversed(in_time)))
    assert found == expected
    assert await other_programme.violations() == []
    assert await differ(other_programme) == 0
    async with other_programme.session() as session:
        assert await apply_due(session, LATER.date()) == 0


async def _live(programme: Programme, actions: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """Let actions become known one after the other; return lots, balances and what is told of them."""
    old, new = await programme.security("10"), await programme.security("4")
    for security_id, close in ((old[0], "10"), (new[0], "4")):
        await programme.price(security_id, close, EX_DATE)
    member, other = await programme.member(), await programme.member()
    for number, units in enumerate(_UNITS):
        await give(programme, old, member, Given(units, 1_000 + number, number))
    await give(programme, old, other, Given(123_456_789, 77, len(_UNITS)))
    await give(programme, new, other, Given(5_000_000_000, 900, len(_UNITS) + 1))
    for given in actions:
        more = {"ex_date": AFTER} | given
        target = new if more.pop("of_new", False) else old
        if more.pop("new", False):
            more["new_security_id"] = new[0]
        await act(programme, target[0], **more)
        async with programme.session() as session:
            await apply_due(session, LATER.date())
    people = {member: "member", other: "other", None: "programme"}
    names = {old[0]: "old", new[0]: "new", None: ""}
    return {
        "lots": await _lots(programme, people, names),
        "books": await _books(programme, people, names),
    }


async def _lots(
    programme: Programme, people: dict[UUID | None, str], names: dict[UUID | None, str]
) -> list[Any]:
    rows = await programme.run(
        "SELECT member_id, security_id, qty, cost_minor, closed_on FROM kamioi.lot"
    )
    found = [(people[row[0]], names[row[1]], *map(str, row[2:])) for row in rows]
    return sorted(found)


async def _books(
    programme: Programme, people: dict[UUID | None, str], names: dict[UUID | None, str]
) -> list[Any]:
    rows = await programme.run(
        "SELECT member_id, security_id, account, reason, booked_on, sum(amount_minor)"
        " FROM kamioi.ledger_entry GROUP BY 1, 2, 3, 4, 5 HAVING sum(amount_minor) <> 0"
    )
    return sorted((people[row[0]], names[row[1]], *map(str, row[2:])) for row in rows)


async def test_a_late_action_is_previewed_on_the_shares_of_its_day(programme: Programme) -> None:
    old, ticker = await programme.security()
    member = await programme.member()
    await give(programme, (old, ticker), member, Given(10**9))
    await act(programme, old, **{**SPLIT, "ex_date": AFTER})
    entry = ActionEntry.model_validate(
        {**SPLIT, "ticker": ticker, "ratio_num": 2, "source": "their notice"}
    )
    async with programme.session() as session:
        await apply_due(session, AFTER)
        effect = await preview(session, entry)
    assert (effect.qty_before, effect.qty_after) == (Decimal(1), Decimal(2))
