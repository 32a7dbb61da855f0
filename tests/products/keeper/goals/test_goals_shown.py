"""Goals stand on Today and in the reports, each with the pace, and nobody else's."""

from __future__ import annotations

from datetime import timedelta

from myriad.products.keeper.preferences import write_preferences
from myriad.products.keeper.reports import render_html, render_pdf
from myriad.products.keeper.repository.reports import find_newest_report
from myriad.products.keeper.repository.today import get_today
from myriad.products.keeper.views import ReportView, TodayView
from tests.products.keeper.ledger import LAST, Shop, fill


async def aim(shop: Shop, **goals: int | None) -> None:
    async with shop.runtime.database.session(shop.tenant_id) as session:
        await write_preferences(session, {"goals": goals}, None)


async def today_of(shop: Shop) -> TodayView:
    async with shop.runtime.database.read_session(shop.tenant_id) as session:
        return await get_today(session)


async def report_of(shop: Shop) -> ReportView:
    async with shop.runtime.database.read_session(shop.tenant_id) as session:
        found = await find_newest_report(session, "weekly")
    assert found is not None
    return found


async def test_a_goal_is_on_today_and_in_the_report_with_the_same_pace(
    shop: Shop, other_shop: Shop
) -> None:
    """Takings of June against the goal: one figure on the screen, in HTML and in the PDF."""
    await fill(shop)
    await fill(other_shop)
    await aim(shop, takings_per_month=9_000_00, calls_per_week=10)
    day = LAST - timedelta(days=9)
    for one in (shop, other_shop):
        await one.run(day)
    view, report = await today_of(shop), await report_of(shop)
    assert [goal.kind for goal in view.goals] == ["takings", "calls"]
    june = view.goals[0]
    assert june == report.goals[0]
    assert june.so_far == await shop.value(
        "SELECT sum(amount - refunded)::bigint FROM keeper.payment WHERE local_date BETWEEN "
        "'2025-06-01' AND %(day)s",
        day=day,
    )
    assert june.low is not None
    assert june.high is not None
    assert june.low < june.high
    assert "between $" in render_html(report, "Spa")
    assert render_pdf(report, "Spa").startswith(b"%PDF")
    assert (await today_of(other_shop)).goals == (await report_of(other_shop)).goals == ()


async def test_calls_that_somebody_made_count_and_those_keeper_closed_do_not(
    busy_shop: Shop,
) -> None:
    """The week's calls are those that people marked as made."""
    await aim(busy_shop, calls_per_week=3)
    await busy_shop.run()
    change = (
        "UPDATE keeper.task SET state = 'done', decided_at = now(), decided_by = '{}' WHERE id "
    )
    ids = [row["id"] for row in await busy_shop.rows("SELECT id FROM keeper.task ORDER BY id")]
    assert len(ids) >= 2
    await busy_shop.change(change.format("key") + "= %(id)s", [{"id": ids[0]}])
    await busy_shop.change(change.format("keeper") + "= %(id)s", [{"id": ids[1]}])
    (calls,) = (await today_of(busy_shop)).goals
    assert (calls.kind, calls.so_far, calls.goal) == ("calls", 1, 3)
    assert calls.verdict == "too_early"


async def test_a_new_goal_is_in_the_report_of_the_same_day_again(busy_shop: Shop) -> None:
    """Setting a goal is a reason to write the report anew, though no payment changed."""
    await busy_shop.run()
    assert (await report_of(busy_shop)).goals == ()
    await aim(busy_shop, takings_per_month=9_000_00)
    await busy_shop.run()
    assert len((await report_of(busy_shop)).goals) == 1
