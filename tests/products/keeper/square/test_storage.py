"""Upserts: the order in which versions arrive never matters, and tenants never meet."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from myriad.kit.ids import new_id
from myriad.products.keeper.repository.accounts import open_account
from myriad.products.keeper.square.mapping import Places
from myriad.products.keeper.square.storage import store
from myriad.scale.runtime import Runtime
from tests.fixtures.database import TwoTenants

STATES = ("APPROVED", "COMPLETED", "CANCELED", "FAILED")


def payment(ext_id: str, second: int) -> dict[str, Any]:
    return {
        "id": ext_id,
        "amount_money": {"amount": 100 + second, "currency": "USD"},
        "status": STATES[second % 4],
        "created_at": "2026-03-01T12:00:00Z",
        "updated_at": f"2026-03-01T12:00:{second:02d}Z",
    }


@given(seconds=st.lists(st.integers(0, 59), min_size=1, max_size=6, unique=True), data=st.data())
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_any_order_of_versions_ends_in_the_newest(
    runtime: Runtime, tenants: TwoTenants, seconds: list[int], data: st.DataObject
) -> None:
    """However versions arrive, on one page or many, the newest remains."""
    ext_id = str(new_id())
    order = data.draw(st.permutations(seconds))
    cut = data.draw(st.integers(0, len(order)))
    async with runtime.database.session(tenants.first) as session:
        await open_account(session)
        for part in (order[:cut], order[cut:]):
            await store(session, "payment", [payment(ext_id, s) for s in part], Places())
    sql = "SELECT amount, status FROM keeper.payment WHERE ext_id = %(i)s"
    row = await runtime.database.reader.row(tenants.first, sql, {"i": ext_id})
    assert row == {"amount": 100 + max(seconds), "status": STATES[max(seconds) % 4]}
    assert await runtime.database.reader.row(tenants.second, sql, {"i": ext_id}) is None


async def test_two_tenants_may_hold_the_same_square_id(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    """Both tenants read the same seller; each has a row of its own."""
    ext_id = str(new_id())
    for number, tenant_id in enumerate((tenants.first, tenants.second)):
        async with runtime.database.session(tenant_id) as session:
            await open_account(session)
            await store(session, "payment", [payment(ext_id, number)], Places())
    sql = "SELECT amount FROM keeper.payment WHERE ext_id = %(i)s"
    rows = [
        await runtime.database.reader.rows(tenant_id, sql, {"i": ext_id})
        for tenant_id in (tenants.first, tenants.second)
    ]
    assert rows == [[{"amount": 100}], [{"amount": 101}]]


async def test_an_order_that_loses_lines_keeps_only_its_own(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    """A newer version with fewer lines leaves none of the old ones behind."""

    def order(version: int, names: list[str]) -> dict[str, Any]:
        lines = [
            {"name": n, "quantity": "2", "total_money": {"amount": 7, "currency": "USD"}}
            for n in names
        ]
        times = dict.fromkeys(("created_at", "updated_at"), "2026-03-01T12:00:00Z")
        total = {"amount": 7 * len(names), "currency": "USD"}
        return {"id": "o", "version": version, "line_items": lines, "total_money": total, **times}

    async with runtime.database.session(tenants.first) as session:
        await open_account(session)
        await store(session, "order", [order(2, ["Mask", "Wax", "Oil"])], Places())
        await store(session, "order", [order(3, ["Balm"])], Places())
        await store(session, "order", [order(1, ["Stale", "Stale"])], Places())
    sql = "SELECT name, quantity FROM keeper.order_line ORDER BY position"
    rows = await runtime.database.reader.rows(tenants.first, sql)
    assert rows == [{"name": "Balm", "quantity": 2.0}]
    assert await runtime.database.reader.rows(tenants.second, sql) == []
