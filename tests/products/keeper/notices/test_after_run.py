"""What a run tells: new people to call and finished reports, once, to those who want it by e-mail."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from myriad.products.keeper.notify.after_run import ready_among
from myriad.products.keeper.notify.mailing import DIGEST_TASK, MAIL_TASK
from myriad.products.keeper.notify.raising import DELIVER_TASK
from myriad.products.keeper.tidying import tidy
from myriad.products.keeper.views import ReportKind
from myriad.scale.directory import Role, list_members
from tests.products.keeper.ledger import LAST, Shop, fill
from tests.products.keeper.notices.offices import Office

_TOLD = (
    "SELECT dedup_key, title, level, href, cleared_at IS NOT NULL AS is_settled "
    "FROM keeper.notice WHERE kind IN ('report', 'task') ORDER BY dedup_key"
)
_JOBS = "SELECT id FROM platform.job_overview WHERE task = %(task)s"


async def run_in(office: Office, day: date = LAST) -> None:
    """Run the agents of an office as an installation that can send e-mail does."""
    await office.shop.run(day, smtp=office.box.settings())


async def want(office: Office, *kinds: str) -> None:
    """Let the owner choose e-mail of these kinds, and staff none."""
    async with office.shop.runtime.database.read_session(office.shop.tenant_id) as session:
        members = await list_members(session, office.shop.tenant_id)
    chosen = {str(one.user_id): kinds if one.role is Role.OWNER else () for one in members}
    await office.prefer(notify_emails={user: list(own) for user, own in chosen.items()})


async def test_a_run_tells_once_of_people_to_call_and_of_each_report_that_is_over(
    busy_shop: Shop,
) -> None:
    await busy_shop.run()
    await busy_shop.run(again=True)
    made = await busy_shop.value("SELECT count(*) FROM keeper.task")
    assert made > 1
    told = {row["title"]: row for row in await busy_shop.rows(_TOLD)}
    assert set(told) == {
        f"{made} new people to call",
        "The report of Monday 30 June is ready",
        "The report of June 2025 is ready",
    }
    assert {row["level"] for row in told.values()} == {"normal"}
    assert told["The report of June 2025 is ready"]["href"] == "/keeper/reports?kind=monthly"


async def test_what_nobody_looked_at_makes_way_for_the_next_of_its_sort(busy_shop: Shop) -> None:
    await busy_shop.run(LAST - timedelta(days=1))
    await busy_shop.run(LAST)
    settled = {row["dedup_key"]: row["is_settled"] for row in await busy_shop.rows(_TOLD)}
    assert settled["report:daily:2025-06-29"]
    assert not settled["report:weekly:2025-06-29"]
    assert not settled["report:daily:2025-06-30"]


async def test_a_run_for_an_earlier_day_tells_nothing(busy_shop: Shop) -> None:
    await busy_shop.run(LAST)
    before = await busy_shop.rows(_TOLD)
    await busy_shop.run(LAST - timedelta(days=7))
    assert await busy_shop.rows(_TOLD) == before


async def test_who_chose_nothing_gets_no_mail_and_costs_no_job(office: Office) -> None:
    await fill(office.shop)
    await run_in(office)
    assert len(await office.rows(_TOLD)) == 3
    assert await office.rows(f"{_JOBS} AND job_class = 'low'", task=DELIVER_TASK) == []


@pytest.mark.parametrize(
    ("kind", "subject"),
    [("report", "2 notices"), ("new_tasks", "new people to call")],
    ids=["report", "new_tasks"],
)
async def test_who_chose_a_kind_gets_it_with_the_days_message(
    office: Office, kind: str, subject: str
) -> None:
    await fill(office.shop)
    await want(office, kind)
    await run_in(office)
    await office.work(DELIVER_TASK)
    assert await office.rows(_JOBS, task=MAIL_TASK) == []
    await office.execute("UPDATE keeper.notice_delivery SET due_at = now()")
    assert await office.work(DIGEST_TASK) == ["succeeded"]
    (mail,) = office.box.received
    assert str(mail["Subject"]).endswith(subject)
    assert str(mail["To"]).startswith("Owner <owner-")


async def test_the_days_message_waits_for_the_end_of_the_quiet_hours(office: Office) -> None:
    await fill(office.shop)
    await want(office, "new_tasks")
    await office.prefer(quiet_hours={"start": "20:00", "end": "10:30"})
    await run_in(office)
    await office.work(DELIVER_TASK)
    sql = (
        "SELECT (d.due_at AT TIME ZONE n.timezone)::time::text AS due "
        "FROM keeper.notice_delivery d JOIN platform.tenant n ON n.id = d.tenant_id"
    )
    assert await office.rows(sql) == [{"due": "10:30:00"}]


async def test_a_notice_is_let_go_after_a_year(busy_shop: Shop) -> None:
    await busy_shop.run()
    old = "UPDATE keeper.notice SET created_at = now() - interval '366 days' WHERE kind = 'task'"
    await busy_shop.change(old)
    async with busy_shop.runtime.database.session(busy_shop.tenant_id) as session:
        await tidy(session)
    assert {row["href"][:15] for row in await busy_shop.rows(_TOLD)} == {"/keeper/reports"}


async def test_of_two_tenants_only_the_one_that_ran_is_told(
    busy_shop: Shop, other_shop: Shop
) -> None:
    await busy_shop.run()
    assert await other_shop.rows(_TOLD) == []


@pytest.mark.parametrize(
    ("last", "ready"),
    [
        (date(2025, 6, 28), {"daily"}),
        (date(2025, 6, 29), {"daily", "weekly"}),
        (date(2025, 6, 30), {"daily", "monthly"}),
        (date(2025, 8, 31), {"daily", "weekly", "monthly"}),
    ],
    ids=["saturday", "sunday", "end-of-month", "both"],
)
def test_a_report_is_ready_when_its_period_is_over(last: date, ready: set[ReportKind]) -> None:
    firsts: dict[ReportKind, date] = dict.fromkeys(("daily", "weekly", "monthly"), last)
    numbers: dict[ReportKind, Any] = {kind: {"headline": "Quiet"} for kind in firsts}
    assert {report.kind for report in ready_among(last, firsts, numbers)} == ready
