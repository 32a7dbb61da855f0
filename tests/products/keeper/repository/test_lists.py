"""Lists: every row once, in order, found by any prefix, only the tenant's own."""

from __future__ import annotations

from datetime import timedelta
from typing import get_args

import pytest

from myriad.kit.errors import ConflictError, InvalidInputError, NotFoundError
from myriad.products.keeper.errors import NoAccountError
from myriad.products.keeper.repository import (
    dismiss_task,
    finish_task,
    get_customer,
    get_task,
    get_today,
    list_customers,
    list_reports,
    list_tasks,
    list_timeline,
    reopen_task,
    set_contact_allowed,
    snooze_task,
)
from myriad.products.keeper.repository.period import period_before
from myriad.products.keeper.repository.reports import digest_of
from myriad.products.keeper.views import CustomerFilter, CustomerSort
from myriad.scale.runtime import Runtime
from tests.fixtures.database import TwoTenants
from tests.products.keeper.ledger import LAST, Shop


@pytest.mark.parametrize("sort", get_args(CustomerSort))
async def test_pages_hold_everybody_once_in_order(busy_shop: Shop, sort: CustomerSort) -> None:
    await busy_shop.run()
    seen, after = [], None
    async with busy_shop.runtime.database.read_session(busy_shop.tenant_id) as session:
        whole = await list_customers(session, CustomerFilter(sort=sort, limit=100))
        while True:
            page = await list_customers(session, CustomerFilter(sort=sort, limit=7, after=after))
            seen += [row.person_id for row in page.rows]
            after = page.next_after
            if after is None:
                break
    assert seen == [row.person_id for row in whole.rows]
    assert len(set(seen)) == 60
    assert whole.total == 60


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("Given7", 1),
        ("given7 family7", 1),
        ("family", 60),
        ("person12@", 1),
        ("+1 (212) 555-0042", 1),
        ("0042", 1),
        ("%", 0),
        ("given7 family8", 0),
        ("'; DROP TABLE keeper.person; --", 0),
    ],
)
async def test_people_are_found_by_prefixes(busy_shop: Shop, query: str, found: int) -> None:
    await busy_shop.run()
    async with busy_shop.runtime.database.read_session(busy_shop.tenant_id) as session:
        view = await list_customers(session, CustomerFilter(query=query, limit=100))
    assert (view.total, len(view.rows)) == (found, found)


async def test_the_state_filter_agrees_with_the_counts(busy_shop: Shop) -> None:
    await busy_shop.run()
    async with busy_shop.runtime.database.read_session(busy_shop.tenant_id) as session:
        whole = await list_customers(session, CustomerFilter(limit=100))
        for state, count in whole.counts.items():
            view = await list_customers(session, CustomerFilter(state=state, limit=100))  # type: ignore[arg-type]
            assert len(view.rows) == count
    assert sum(sum(row.months) for row in whole.rows) <= sum(row.visits for row in whole.rows)


async def test_a_page_mark_of_another_list_is_refused(busy_shop: Shop) -> None:
    await busy_shop.run()
    async with busy_shop.runtime.database.read_session(busy_shop.tenant_id) as session:
        for sort in get_args(CustomerSort):
            with pytest.raises(InvalidInputError):
                await list_customers(session, CustomerFilter(sort=sort, after="nonsense"))


async def test_a_person_of_another_tenant_is_not_found(busy_shop: Shop, other_shop: Shop) -> None:
    await busy_shop.run()
    person = await busy_shop.value("SELECT id FROM keeper.person LIMIT 1")
    async with other_shop.runtime.database.session(other_shop.tenant_id) as session:
        with pytest.raises(NotFoundError):
            await get_customer(session, person)
        with pytest.raises(NotFoundError):
            await set_contact_allowed(session, person, False, None)


async def test_who_allowed_contact_stands_in_the_audit_log(busy_shop: Shop) -> None:
    await busy_shop.run()
    person = await busy_shop.value("SELECT id FROM keeper.person LIMIT 1")
    async with busy_shop.runtime.database.session(busy_shop.tenant_id) as session:
        await set_contact_allowed(session, person, False, person)
    events = await busy_shop.rows(
        "SELECT subject, detail FROM platform.audit_event WHERE action = 'person.contact_allowed'"
    )
    assert events == [
        {"subject": str(person), "detail": {"allowed": False, "said_by": str(person)}}
    ]


async def test_a_person_has_rhythm_risk_and_timeline(busy_shop: Shop) -> None:
    await busy_shop.run()
    person = await busy_shop.value("SELECT person_id FROM keeper.task ORDER BY value_at_risk DESC")
    async with busy_shop.runtime.database.read_session(busy_shop.tenant_id) as session:
        view = await get_customer(session, person)
        events, after = await list_timeline(session, person, None, 3)
        more, _ = await list_timeline(session, person, after, 3)
    assert view.risk is not None
    assert view.risk.churn_30 >= view.risk.churn_60 >= view.risk.churn_90
    assert view.next_action is not None
    assert view.visit_days == tuple(sorted(view.visit_days))
    assert view.model is not None
    moments = [event.at for event in (*events, *more)]
    assert moments == sorted(moments, reverse=True)


async def test_a_task_can_be_done_snoozed_dismissed_and_reopened(busy_shop: Shop) -> None:
    await busy_shop.run()
    async with busy_shop.runtime.database.session(busy_shop.tenant_id) as session:
        rows, _ = await list_tasks(session, "open", None, 10)
        task_id = rows[0]["id"]
        await finish_task(session, task_id, None)
        assert (await get_today(session)).done_today == 1
        with pytest.raises(ConflictError):
            await dismiss_task(session, task_id, None)
        await reopen_task(session, task_id, None)
        await snooze_task(session, task_id, LAST + timedelta(days=3), None)
        assert (await get_task(session, task_id)).state == "snoozed"
        today = await get_today(session)
        assert (today.snoozed, len(today.tasks)) == (1, 4)
        with pytest.raises(InvalidInputError):
            await snooze_task(session, task_id, LAST, None)


async def test_a_tenant_without_an_account_is_told_so(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    async with runtime.database.read_session(tenants.first) as session:
        with pytest.raises(NoAccountError):
            await get_today(session)


async def test_reports_keep_the_numbers_that_the_tables_give(busy_shop: Shop) -> None:
    await busy_shop.run()
    async with busy_shop.runtime.database.read_session(busy_shop.tenant_id) as session:
        view = await list_reports(session, "monthly")
    (row,) = view.rows
    net = await busy_shop.value(
        "SELECT sum(amount - refunded) FROM keeper.payment WHERE local_date >= %(first)s",
        first=LAST.replace(day=1),
    )
    assert row.revenue.minor == net
    stored = await busy_shop.rows("SELECT numbers, digest FROM keeper.report")
    assert all(digest_of(report["numbers"]) == report["digest"] for report in stored)


def test_a_period_is_compared_with_the_same_days_before() -> None:
    day = LAST
    assert period_before("daily", day, day) == (day - timedelta(days=1),) * 2
    monday = day - timedelta(days=day.weekday())
    assert period_before("weekly", monday, day) == (
        monday - timedelta(days=7),
        day - timedelta(days=7),
    )
    march = day.replace(month=3, day=1)
    first, last = period_before("monthly", march, march.replace(day=31))
    assert (first, last) == (march.replace(month=2), march.replace(month=2, day=28))
