"""A day that still runs is no bad day, and says nothing by itself in a report."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from myriad.kit.clock import local_date, utc_now
from myriad.products.keeper.agents.report import periods, reported
from myriad.products.keeper.pages.figures import weekly_visits
from myriad.products.keeper.repository import get_today
from myriad.products.keeper.views import Change
from tests.products.keeper.ledger import Shop, fill

_DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))


def test_on_a_saturday_day_week_and_month_are_reported_up_to_friday() -> None:
    """With the day that runs, five days would be measured against six."""
    saturday, friday = date(2026, 11, 21), date(2026, 11, 20)
    assert reported(saturday, saturday) == {
        friday: {"daily": friday, "weekly": date(2026, 11, 16), "monthly": date(2026, 11, 1)}
    }


def test_a_monday_that_begins_a_month_reports_what_ended_and_nothing_that_begins() -> None:
    monday = date(2026, 6, 1)
    assert reported(monday, monday) == {date(2026, 5, 31): periods(date(2026, 5, 31))}


@given(_DAYS)
def test_every_day_is_reported_once_it_is_over(day: date) -> None:
    """Of each kind the period of the day before is reported, whole or so far."""
    before = day - timedelta(days=1)
    found = reported(day, day)
    firsts = {(kind, first) for chosen in found.values() for kind, first in chosen.items()}
    assert firsts == set(periods(before).items())
    assert all(first <= last for last, chosen in found.items() for first in chosen.values())


@given(_DAYS, st.integers(1, 400))
def test_a_past_day_is_reported_as_it_was(day: date, ago: int) -> None:
    assert reported(day, day + timedelta(days=ago)) == {day: periods(day)}


async def test_an_empty_morning_is_neither_out_of_the_ordinary_nor_a_report(shop: Shop) -> None:
    """A year of sales until yesterday and a run for today: the run itself has nothing to say of it."""
    zone = await shop.value(
        "SELECT timezone FROM platform.tenant WHERE id = %(id)s", id=shop.tenant_id
    )
    today = local_date(utc_now(), zone)
    await fill(shop, people=60, last=today - timedelta(days=1))
    await shop.run(day=today)
    last = await shop.value("SELECT max(local_date) FROM keeper.anomaly")
    assert last is None or last < today
    daily = await shop.rows("SELECT period_start FROM keeper.report WHERE kind = 'daily'")
    assert daily == [{"period_start": today - timedelta(days=1)}]


async def test_on_a_quiet_morning_nothing_is_down(shop: Shop) -> None:
    """Every whole day is like the one before: no screen and no report may say otherwise."""
    zone = await shop.value(
        "SELECT timezone FROM platform.tenant WHERE id = %(id)s", id=shop.tenant_id
    )
    today = local_date(utc_now(), zone)
    for number in range(40):
        await shop.add_customer(f"c{number}", email=f"c{number}@example.com")
    days = [today - timedelta(days=ago) for ago in range(1, 131)]
    for number in range(40):
        await shop.sell(f"c{number}", [day for n, day in enumerate(days) if n % 10 == number % 10])
    await shop.run(day=today)
    async with shop.runtime.database.read_session(shop.tenant_id) as session:
        view = await get_today(session)
    assert view.revenue_28_days == Change(now=28 * 4 * 8_000.0, before=28 * 4 * 8_000.0)
    assert view.visits_28_days == Change(now=112.0, before=112.0)
    is_over = (today - timedelta(days=1)).isoweekday() == 7
    assert weekly_visits(view).rest.endswith("still running") is not is_over
    reports = await shop.rows("SELECT period_end, numbers FROM keeper.report")
    assert {row["period_end"] for row in reports} == {today - timedelta(days=1)}
    pairs = [row["numbers"]["revenue"] for row in reports]
    assert all(pair["now"] == pair["before"] for pair in pairs), pairs
    facts = await shop.value(
        "SELECT evidence -> 'facts' FROM keeper.insight WHERE kind = 'quiet_weekday'"
    )
    assert {fact["value"] for fact in facts} == {"4.0 visits a day"}
    notices = await shop.rows("SELECT title FROM keeper.notice WHERE kind = 'report'")
    assert len(notices) == sum((True, today.isoweekday() == 1, today.day == 1)), (
        "a report is ready when its last day is over"
    )
