"""What a member owes since a pull was taken back is settled once, by an owner."""

from __future__ import annotations

import pytest
from fastapi import FastAPI

from myriad.kit.clock import utc_now
from myriad.kit.ids import new_id
from myriad.products.kamioi.money.invariants import check_invariants
from tests.fixtures.app import form_token, signed_in
from tests.products.kamioi.member.world import World

MEMBERS = "/kamioi/admin/members"
CASH = """
SELECT coalesce(-sum(amount_minor), 0)::bigint FROM kamioi.ledger_entry
WHERE member_id = %s AND account = 'member_cash'
"""


async def _owe(world: World, minor: int) -> None:
    """Let the bank have taken back from Bob what bought shares already."""
    await world.rows("UPDATE kamioi.member SET state = 'frozen' WHERE id = %s", world.bob.id)
    rows = [(1, "member_cash", minor), (2, "bank", -minor)] if minor else []
    day, transfer = utc_now().date(), new_id()
    values = [
        value
        for line, account, amount in rows
        for value in (world.company.tenant_id, day, transfer, line, account, world.bob.id, amount)
    ]
    if rows:
        one = "(%s, %s, %s, %s, %s, %s, %s, 'USD', 'sweep_returned')"
        await world.rows(
            "INSERT INTO kamioi.ledger_entry (tenant_id, booked_on, transfer_id, line, account,"
            f" member_id, amount_minor, currency, reason) VALUES {one}, {one}",
            *values,
        )


@pytest.mark.parametrize(("minor", "told"), [(1_234, "owes $12.34"), (0, "owes nothing")])
async def test_a_debt_is_settled_once_and_the_member_may_go_on(
    served: FastAPI, world: World, minor: int, told: str
) -> None:
    await _owe(world, minor)
    path = f"{MEMBERS}/{world.bob.id}/settle"
    async with (
        signed_in(served, world.company.owner) as owner,
        signed_in(served, world.company.staff) as staff,
        signed_in(served, world.other.owner) as stranger,
    ):
        assert told in (await staff.get(MEMBERS)).text
        for browser, status in ((staff, 403), (stranger, 404), (owner, 303), (owner, 409)):
            typed = {"csrf_token": form_token(served, browser)}
            assert (await browser.post(path, data=typed)).status_code == status
        page = await owner.get(f"{MEMBERS}?done=settled")
        assert "It is settled" in page.text
        assert "owes" not in page.text
    assert await world.rows(CASH, world.bob.id) == [(0,)]
    state = await world.rows("SELECT state FROM kamioi.member WHERE id = %s", world.bob.id)
    assert state == [("paused",)]
    async with served.state.runtime.database.session(world.company.tenant_id) as session:
        assert await check_invariants(session) == []
