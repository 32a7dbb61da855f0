"""A programme's first page says what its rows say, of one tenant alone."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from fastapi import FastAPI

from myriad.kit.clock import utc_now
from myriad.kit.ids import new_id
from myriad.kit.money import Money
from myriad.products.kamioi.repository.dashboards import ProgrammeCounts, get_programme_counts
from myriad.scale.http import BoundReader
from myriad.scale.runtime import Runtime
from myriad.scale.ui.filters import day
from tests.fixtures.app import create_company, signed_in
from tests.fixtures.database import TwoTenants
from tests.products.kamioi.people import Person

BUY = (
    "INSERT INTO kamioi.purchase (tenant_id, booked_on, member_id, account_id, external_id, "
    "state, kind, shown_on, amount_minor, currency, raw, source) "
    "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'a shop', 'csv')"
)
ROUND_UP = (
    "INSERT INTO kamioi.round_up (tenant_id, booked_on, purchase_id, member_id, amount_minor, "
    "currency, destination, state) VALUES (%s, %s, %s, %s, %s, 'USD', %s, %s)"
)
TODAY = utc_now().date()
SINCE = TODAY - timedelta(days=89)


async def buy(
    person: Person,
    days_ago: int,
    amount_minor: int,
    *,
    state: str = "posted",
    kind: str = "purchase",
    currency: str = "USD",
) -> None:
    day = TODAY - timedelta(days=days_ago)
    ids: tuple[UUID, str] = (new_id(), str(new_id()))
    which = (state, kind, day, amount_minor, currency)
    await person.change(BUY, (person.tenant_id, day, person.id, *ids, *which))


async def round_up(person: Person, minor: int, where: str = "cash", state: str = "accrued") -> None:
    values = (person.tenant_id, TODAY, new_id(), person.id, minor, where, state)
    await person.change(ROUND_UP, values)


async def count(runtime: Runtime, tenants: TwoTenants) -> ProgrammeCounts:
    return await get_programme_counts(BoundReader(runtime, tenants.first), SINCE, TODAY)


async def test_a_programme_counts_what_its_members_bought(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    ann, stranger = [await Person.join(runtime, one) for one in (tenants.first, tenants.second)]
    await Person.join(runtime, tenants.first, "Bob")
    for days_ago in (0, 0, 29, 30, 89, 90):
        await buy(ann, days_ago, 100)
    await buy(ann, 1, 7, state="pending")
    await buy(ann, 1, 900, currency="EUR")
    await buy(ann, 1, -50, kind="refund")
    await buy(ann, 1, 60, state="removed")
    await buy(stranger, 0, 9999)
    for where, state in (("cash", "accrued"), ("skip", "accrued"), ("cash", "reversed")):
        await round_up(ann, 11, where, state)
    found = await count(runtime, tenants)
    assert found.members == 2
    assert found.recent == 5
    assert found.bought == [Money(307, "USD"), Money(900, "EUR")]
    assert found.rounded == [Money(11, "USD")]
    by_day = found.by_day(SINCE)
    assert len(by_day) == 90
    assert (by_day[SINCE], by_day[TODAY], sum(by_day.values())) == (1, 2, 7)


async def test_the_first_line_says_what_was_bought(
    runtime: Runtime, real_app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = await create_company(runtime)
    monkeypatch.setattr(real_app.state, "runtime", runtime, raising=False)
    async with signed_in(real_app, company.owner) as browser:
        assert "Nobody takes part yet" in (await browser.get("/kamioi/programme")).text
        ann = await Person.join(runtime, company.tenant_id)
        page = (await browser.get("/kamioi/programme")).text
        assert "1 member takes part; nobody bought anything in 30 days" in page
        assert "No purchases in 90 days" in page
        await buy(ann, 400, 4_000)
        page = (await browser.get("/kamioi/programme")).text
        last = day(TODAY - timedelta(days=400))
        assert f"1 member takes part; nobody has bought anything since {last}" in page
        assert f"Purchases in the 30 days to {last}" in page
        await buy(ann, 3, 12_345)
        page = (await browser.get("/kamioi/programme")).text
    assert "1 member takes part and bought for $123 in 30 days" in page
    assert "Purchases by day" in page
