"""Upserts: the order in which versions arrive never matters, and tenants never meet."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from myriad.kit.ids import new_id
from myriad.products.keeper.repository.accounts import open_account
from myriad.products.keeper.square.mapping import Places
from myriad.products.keeper.square.storage import load_places, store
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


async def test_phone_without_country_is_read_in_the_country_of_the_location(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    """A London number for a British shop, an American one for an American shop."""
    sql = "SELECT phone_e164 FROM keeper.customer"
    wanted = {"GB": "+442071234567", "US": "+12071234567"}
    typed = {"GB": "020 7123 4567", "US": "207 123 4567"}
    for tenant_id, country in ((tenants.first, "GB"), (tenants.second, "US")):
        async with runtime.database.session(tenant_id) as session:
            await open_account(session)
            place = {"id": "L", "country": country, "timezone": "UTC", "currency": "USD"}
            await store(session, "location", [place], Places())
            customer = {"id": "c", "phone_number": typed[country]}
            await store(session, "customer", [customer], await load_places(session))
        rows = await runtime.database.reader.rows(tenant_id, sql)
        assert rows == [{"phone_e164": wanted[country]}]


async def test_a_mended_object_leaves_the_quarantine(runtime: Runtime, tenants: TwoTenants) -> None:
    """A refund above its payment is kept apart until Square corrects it; so is a bad customer."""
    kept = "SELECT object, reason FROM keeper.quarantine ORDER BY object"

    def refund(amount: int, second: int) -> dict[str, Any]:
        money = {"amount": amount, "currency": "USD"}
        return payment("r", second) | {"payment_id": "p", "amount_money": money}

    async with runtime.database.session(tenants.first) as session:
        await open_account(session)
        await store(session, "refund", [refund(500, 1)], Places())
        await store(session, "payment", [payment("p", 0)], Places())
        await store(session, "customer", [{"id": "c", "version": "odd"}], Places())
    assert await runtime.database.reader.rows(tenants.first, kept) == [
        {"object": "customer", "reason": "malformed"},
        {"object": "refund", "reason": "refund_above_payment"},
    ]
    assert await runtime.database.reader.rows(tenants.second, kept) == []
    async with runtime.database.session(tenants.first) as session:
        await store(session, "refund", [refund(100, 2)], Places())
        await store(session, "customer", [{"id": "c", "version": 2}], Places())
    assert await runtime.database.reader.rows(tenants.first, kept) == []
