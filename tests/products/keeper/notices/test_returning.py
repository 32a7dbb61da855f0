"""A payment of somebody known: visit, state and call are up to date at once, and tonight agrees."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from myriad.kit.clock import utc_now
from myriad.products.keeper import tasks  # noqa: F401 - registers the tasks
from myriad.products.keeper.agents.returning import Returned, refresh_payer
from myriad.products.keeper.notice_tasks import REFRESH_TASK, enqueue_refresh
from myriad.products.keeper.repository.accounts import get_account
from myriad.scale.jobs import enqueue
from tests.fixtures.jobs import run_job
from tests.products.keeper.ledger import Shop, fill

_EXACT = ("x", "gap_days", "state", "itt_median_days", "itt_mad_days", "age_weeks", "t_x_weeks")
_METRICS = (
    f"SELECT {', '.join(_EXACT)}, churn_60, reason "
    "FROM keeper.person_metrics WHERE person_id = %(who)s"
)
_VISITS = "SELECT local_date, net FROM keeper.visit WHERE person_id = %(who)s ORDER BY 1"


async def today_of(shop: Shop) -> date:
    """Return the account's present day."""
    async with shop.runtime.database.read_session(shop.tenant_id) as session:
        return (await get_account(session)).today


@pytest.fixture
async def today_shop(shop: Shop) -> Shop:
    """Sixty customers until yesterday, and last night's run for today."""
    today = await today_of(shop)
    await fill(shop, last=today - timedelta(days=1))
    await shop.run(today)
    return shop


@pytest.fixture
async def known(shop: Shop) -> UUID:
    """Somebody whom last night's run of an account without a model found lapsed, with a call."""
    today = await today_of(shop)
    person = await shop.add_customer("cust-1", given_name="Ana")
    await shop.insert(
        "person", [{"tenant_id": shop.tenant_id, "id": person, "display_name": "Ana\nKim"}]
    )
    await shop.change("UPDATE keeper.customer SET person_id = id")
    await shop.change("UPDATE keeper.account SET business_date = %(today)s", {"today": today})
    await shop.sell("cust-1", [today - timedelta(days=gap) for gap in (200, 170, 143)])
    await shop.insert(
        "person_metrics",
        [
            {
                "tenant_id": shop.tenant_id,
                "business_date": today,
                "person_id": person,
                "x": 2,
                "t_x_weeks": 8.1,
                "age_weeks": 28.6,
                "gap_days": 143,
                "state": "lapsed",
            }
        ],
    )
    await shop.change(
        "INSERT INTO keeper.task (tenant_id, dedup_key, person_id, business_date, value_at_risk, "
        "score, title, due_date) VALUES (%s, 'call', %s, %s, 1, 1, 'Call Ana', %s)",
        (shop.tenant_id, person, today, today + timedelta(days=6)),
    )
    return person


async def people_in(shop: Shop) -> dict[str, tuple[UUID, str]]:
    """Return somebody in each state, with their profile at Square."""
    rows = await shop.rows(
        "SELECT DISTINCT ON (m.state) m.state, m.person_id, c.ext_id FROM keeper.person_metrics m "
        "JOIN keeper.customer c ON c.person_id = m.person_id ORDER BY m.state, m.x DESC"
    )
    return {row["state"]: (row["person_id"], row["ext_id"]) for row in rows}


async def pay(shop: Shop, ext_id: str | None, **facts: Any) -> str:
    """Take a payment now and return Square's id of it."""
    row = shop.sale(ext_id, await today_of(shop), 8_400, ext_created_at=utc_now()) | facts
    await shop.insert("payment", [row])
    return str(row["ext_id"])


async def refreshed(shop: Shop, payment: str) -> Returned | None:
    """Bring the payer up to date in a transaction of its own."""
    async with shop.runtime.database.session(shop.tenant_id) as session:
        return await refresh_payer(session, payment)


async def count(shop: Shop, table: str, where: str = "true") -> int:
    """Return how many rows of a table fit."""
    return int(await shop.value(f"SELECT count(*) FROM keeper.{table} WHERE {where}"))


async def test_who_was_away_is_back_at_once_and_people_are_told(shop: Shop, known: UUID) -> None:
    found = await refreshed(shop, await pay(shop, "cust-1"))
    assert found is not None
    assert (found.before, found.closed, found.told) == ("lapsed", True, True)
    (row,) = await shop.rows(_METRICS, who=known)
    assert (row["x"], row["gap_days"]) == (3, 0)
    (notice,) = await shop.rows("SELECT kind, level, title, person_id FROM keeper.notice")
    assert notice["title"] == "Ana Kim is back after 143 days"
    assert (notice["kind"], notice["level"], notice["person_id"]) == ("payment", "high", known)
    assert await shop.value("SELECT outcome ->> 'why' FROM keeper.task") == "came back"
    assert (await shop.rows(_VISITS, who=known))[-1]["net"] == 8_400


async def test_a_second_look_changes_nothing(shop: Shop, known: UUID) -> None:
    payment = await pay(shop, "cust-1")
    await refreshed(shop, payment)
    first = await shop.rows(_METRICS, who=known)
    again = await refreshed(shop, payment)
    assert again is not None
    assert (again.closed, again.told) == (False, False)
    assert await shop.rows(_METRICS, who=known) == first
    assert await count(shop, "notice") == 1


async def test_the_nights_run_finds_the_same(today_shop: Shop) -> None:
    """Counts, gaps, states and visits to the last digit; the chances but for what all moved by."""
    people = await people_in(today_shop)
    assert {"active", "slowing"} <= set(people) or len(people) >= 3
    at_once = {}
    for person, ext_id in people.values():
        found = await refreshed(today_shop, await pay(today_shop, ext_id))
        assert found is not None
        assert found.after in ("active", "booked")
        at_once[person] = (
            (await today_shop.rows(_METRICS, who=person))[0],
            await today_shop.rows(_VISITS, who=person),
        )
    await today_shop.run(await today_of(today_shop), again=True)
    for person, (then, visits) in at_once.items():
        (tonight,) = await today_shop.rows(_METRICS, who=person)
        assert {name: then[name] for name in _EXACT} == {name: tonight[name] for name in _EXACT}
        assert then["reason"]["rule"] == tonight["reason"]["rule"]
        assert then["churn_60"] == pytest.approx(tonight["churn_60"], abs=0.05)
        assert await today_shop.rows(_VISITS, who=person) == visits


@pytest.mark.parametrize(
    "facts", [{"status": "APPROVED"}, {"status": "FAILED"}, {"customer_ext_id": None}]
)
async def test_a_payment_that_is_no_visit_of_anybody_changes_nothing(
    shop: Shop, known: UUID, facts: dict[str, Any]
) -> None:
    assert await refreshed(shop, await pay(shop, "cust-1", **facts)) is None
    assert await count(shop, "notice") == 0


async def test_an_old_payment_that_is_told_again_is_no_news(shop: Shop, known: UUID) -> None:
    found = await refreshed(shop, "pay-1")
    assert found is not None
    assert (found.told, found.closed) == (False, False)


async def test_what_was_given_back_whole_is_no_visit(shop: Shop, known: UUID) -> None:
    payment = await pay(shop, "cust-1")
    await refreshed(shop, payment)
    await shop.change("UPDATE keeper.payment SET refunded = amount WHERE ext_id = 'pay-4'")
    await refreshed(shop, payment)
    assert (await shop.rows(_METRICS, who=known))[0]["gap_days"] == 143
    assert await today_of(shop) not in [
        row["local_date"] for row in await shop.rows(_VISITS, who=known)
    ]


async def test_before_the_nights_run_the_day_is_left_to_it(shop: Shop, known: UUID) -> None:
    """The state speaks of yesterday, but people are told and the call is closed."""
    await shop.change("UPDATE keeper.account SET business_date = business_date - 1")
    await shop.change("UPDATE keeper.person_metrics SET business_date = business_date - 1")
    found = await refreshed(shop, await pay(shop, "cust-1"))
    assert found is not None
    assert (found.after, found.closed, found.told) == ("lapsed", True, True)
    assert (await shop.rows(_METRICS, who=known))[0]["gap_days"] == 143


async def test_a_log_of_the_past_has_no_present(shop: Shop, known: UUID) -> None:
    await shop.change(
        """UPDATE keeper.account SET settings = settings || '{"as_of": "2025-01-31"}'"""
    )
    assert await refreshed(shop, await pay(shop, "cust-1")) is None


async def test_a_webhooks_payment_leads_to_one_look(shop: Shop) -> None:
    await shop.change(
        "INSERT INTO keeper.webhook_event (tenant_id, event_id, type, body) VALUES "
        "(%s, 'evt-1', 'payment.updated', "
        """'{"data": {"object": {"payment": {"id": "pay-7"}}}}')""",
        (shop.tenant_id,),
    )
    async with shop.runtime.database.session(shop.tenant_id) as session:
        await enqueue_refresh(session, "evt-1")
        await enqueue_refresh(session, "no-such-event")
    jobs = "SELECT payload FROM platform.job_overview WHERE task = %(task)s"
    found = await shop.rows(jobs, task=REFRESH_TASK)
    assert [job["payload"] for job in found] == [{"payment": "pay-7"}]


async def test_a_run_that_is_under_way_is_followed_by_another_look(shop: Shop, known: UUID) -> None:
    """It may have read before the payment came and would write what it saw."""
    payment = await pay(shop, "cust-1")
    await shop.change(
        "INSERT INTO keeper.agent_run (tenant_id, agent, business_date, input_digest, run_key) "
        "VALUES (%s, 'analysis', current_date, 'x', 'under way')",
        (shop.tenant_id,),
    )
    async with shop.runtime.database.session(shop.tenant_id) as session:
        job_id = await enqueue(session, REFRESH_TASK, {"payment": payment})
    await run_job(shop.runtime, shop.tenant_id, job_id)
    jobs = "SELECT state FROM platform.job_overview WHERE task = %(task)s AND state = 'waiting'"
    assert len(await shop.rows(jobs, task=REFRESH_TASK)) == 1


async def test_another_accounts_payment_is_nobody_here(
    shop: Shop, known: UUID, other_shop: Shop
) -> None:
    assert await refreshed(other_shop, await pay(shop, "cust-1")) is None
