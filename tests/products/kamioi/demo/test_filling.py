"""The demo's programme is a month that holds together, filled once however often it is started."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from myriad.products.kamioi import mapping_tasks, tasks  # noqa: F401 - registers the jobs
from myriad.products.kamioi.demo.filling import fill_programme
from myriad.products.kamioi.demo.people import PEOPLE
from myriad.products.kamioi.intake.recording import today_utc
from myriad.products.kamioi.money.invariants import check_invariants
from myriad.products.kamioi.plaid.simulator.programme import populate
from myriad.scale.runtime import Runtime
from tests.fixtures.database import TwoTenants
from tests.products.kamioi.plaid.conftest import RunningPlaid, plaid

__all__ = ["plaid"]
SINCE = today_utc() - timedelta(days=34)
SHOWN = {
    "members": "SELECT count(*) FROM kamioi.member",
    "linked": "SELECT count(*) FROM kamioi.bank_item WHERE status = 'linked'",
    "broken": "SELECT count(*) FROM kamioi.bank_item WHERE status = 'needs_login'",
    "purchases": "SELECT count(*) FROM kamioi.purchase WHERE state = 'posted'",
    "pending": "SELECT count(*) FROM kamioi.purchase WHERE state = 'pending'",
    "refunds": "SELECT count(*) FROM kamioi.purchase WHERE kind = 'refund'",
    "waiting": "SELECT count(*) FROM kamioi.mapping WHERE state = 'proposed'",
    "decided": "SELECT count(*) FROM kamioi.mapping WHERE state = 'approved'",
    "settled": "SELECT count(*) FROM kamioi.sweep WHERE state = 'settled'",
    "rejected": "SELECT count(*) FROM kamioi.sweep WHERE state = 'rejected'",
    "filled": "SELECT count(*) FROM kamioi.trade_order WHERE state = 'filled'",
    "lots": "SELECT count(*) FROM kamioi.lot WHERE qty > 0",
    "splits": "SELECT count(*) FROM kamioi.lot_change WHERE qty > 0",
    "dividends": "SELECT count(*) FROM kamioi.ledger_entry WHERE account = 'dividends'",
    "drifts": "SELECT count(*) FROM kamioi.reconciliation WHERE state = 'open'",
    "sign-ins": "SELECT count(*) FROM kamioi.member WHERE user_id IS NOT NULL",
}


async def shown(runtime: Runtime, tenant_id: Any) -> dict[str, int]:
    columns = ", ".join(f'({query}) AS "{name}"' for name, query in SHOWN.items())
    (row,) = await runtime.database.reader.rows(tenant_id, f"SELECT {columns}", {})
    return dict(row)


@pytest.mark.timeout(300)
async def test_a_month_is_filled_once_and_its_money_holds_together(
    runtime: Runtime, tenants: TwoTenants, plaid: RunningPlaid
) -> None:
    populate(plaid.simulator.world, SINCE)
    reachable, tenant_id = plaid.runtime(runtime), tenants.first
    email = f"demo-{tenant_id}@example.com"
    given: dict[str, Any] = {"since": SINCE, "member_email": email, "people": PEOPLE[:12]}
    first = await fill_programme(reachable, tenant_id, **given)
    found = await shown(runtime, tenant_id)
    assert first.linked == found["members"] == 12
    assert (found["broken"], found["linked"], found["sign-ins"]) == (1, 11, 1)
    # What people do follows from the day: there are months in which none of twelve is paid back.
    assert {name for name, count in found.items() if not count} - {"refunds"} == {"drifts"}
    async with runtime.database.read_session(tenant_id) as session:
        assert await check_invariants(session) == []
    again = await fill_programme(reachable, tenant_id, **given)
    assert (again.linked, again.days) == (0, 0)
    assert await shown(runtime, tenant_id) == found
