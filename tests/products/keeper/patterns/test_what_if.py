"""What filling a quiet day would bring: exact on plain weeks, honest about chance and assumptions."""

from __future__ import annotations

import random
from datetime import date, timedelta
from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myriad.products.keeper.pages import what_if_words
from myriad.products.keeper.views.what_if import QuietDayView, Wish
from myriad.products.keeper.what_if import DaySum, quiet_day
from tests.products.keeper.keeping.conftest import (  # noqa: F401 - fixtures
    API,
    Desk,
    desk,
    keeper_app,
    other_desk,
)
from tests.products.keeper.ledger import LAST, fill

LAST_DAY = date(2025, 6, 29)
USUAL = {1: 0, 2: 4, 3: 10, 4: 10, 5: 10, 6: 10, 7: 0}
TICKET = 80_00


def plain(weeks: int = 26) -> dict[date, DaySum]:
    """Return weeks that are all alike: four visits on Tuesdays, ten on the four days after."""
    days = [LAST_DAY - timedelta(days=back) for back in range(7 * weeks)]
    counts = {day: USUAL[day.isoweekday()] for day in days}
    return {day: DaySum(visits, visits * TICKET) for day, visits in counts.items() if visits}


def noisy(seed: int) -> dict[date, DaySum]:
    """Return weeks of Poisson-like days with tickets of their own."""
    chance = random.Random(seed)
    found = {}
    for day in plain():
        visits = sum(chance.random() < 0.2 for _ in range(5 * USUAL[day.isoweekday()]))
        found[day] = DaySum(visits, sum(chance.randint(20_00, 140_00) for _ in range(visits)))
    return found


def ask(sums: dict[date, DaySum], **wish: float | int | None) -> QuietDayView:
    return quiet_day(sums, LAST_DAY, Wish(**wish), currency="USD")  # type: ignore[arg-type]


def test_alike_weeks_give_the_exact_change() -> None:
    """Half of the gap of six visits, half of those new, at $80: $120 a week."""
    view = ask(plain())
    assert (view.weekday, view.weeks) == (2, 26)
    assert view.gap is not None
    assert view.gap.estimate == 6
    assert view.a_month is not None
    month = round(1.5 * TICKET * 365.25 / 7 / 12)
    assert {view.a_month.estimate.minor, view.a_month.low.minor} == {month}
    assert view.outcome == "gains"
    assert "Filling Tuesdays would bring $522 more a month" in what_if_words.answer(view)


def test_a_discount_costs_what_everybody_that_day_no_longer_pays() -> None:
    """At 20 % off, 0.5 * 6 * 0.5 * 0.8 new tickets less 0.2 of 4 + 1.5 others: 0.1 a week."""
    view = ask(plain(), discount=0.2)
    assert view.a_month is not None
    assert view.a_month.estimate.minor == round(0.1 * TICKET * 365.25 / 7 / 12)
    assert view.break_even == pytest.approx(0.2 * 7 / 3)
    assert ask(plain(), discount=0.5).outcome == "loses"
    even = ask(plain(), discount=0.2, new=view.break_even)
    assert even.a_month is not None
    assert even.a_month.estimate.minor == 0


def test_the_interval_holds_nine_times_in_ten() -> None:
    """Of 300 businesses alike but for chance, 85 to 95 % of the intervals hold the true change."""
    truth = 1.5 * TICKET * 365.25 / 7 / 12
    months = [view.a_month for seed in range(300) if (view := ask(noisy(seed), weekday=2))]
    held = sum(m is not None and m.low.minor <= truth <= m.high.minor for m in months)
    assert 0.85 <= held / 300 <= 0.95


@pytest.mark.parametrize(
    ("sums", "weekday", "unsaid"),
    [
        ({}, None, "no_history"),
        (plain(7), None, "no_history"),
        (plain(), 1, "closed_that_day"),
        ({d: s for d, s in plain().items() if d.isoweekday() == 2}, None, "one_day"),
    ],
    ids=["nothing", "seven weeks", "closed on Mondays", "one open day"],
)
def test_where_nothing_can_be_said_the_reason_is(
    sums: dict[date, DaySum], weekday: int | None, unsaid: str
) -> None:
    """No figure stands without its ground."""
    view = ask(sums, weekday=weekday)
    assert view.unsaid == unsaid
    assert view.a_month is None
    assert what_if_words.answer(view)


def test_closed_days_say_nothing() -> None:
    """A closed Tuesday is no empty Tuesday."""
    shut = {LAST_DAY - timedelta(days=5 + 7 * n) for n in range(4)}
    sums = {day: one for day, one in plain().items() if day not in shut}
    wish = Wish(weekday=2)
    told = quiet_day(sums, LAST_DAY, wish, shut=shut, currency="USD")
    untold = quiet_day(sums, LAST_DAY, wish, currency="USD")
    assert told.gap is not None
    assert untold.gap is not None
    assert told.gap.estimate == 6 < untold.gap.estimate


@given(
    st.integers(0, 10**6),
    st.floats(0, 1),
    st.floats(0, 1),
    st.floats(0, 0.9),
)
def test_bounds_are_in_order(seed: int, filled: float, new: float, discount: float) -> None:
    """Whatever is asked: low <= estimate <= high."""
    view = ask(noisy(seed), fill=filled, new=new, discount=discount)
    assert view.a_month is not None
    low, best, high = (
        v.minor for v in (view.a_month.low, view.a_month.estimate, view.a_month.high)
    )
    assert low <= best <= high


async def test_the_page_and_the_api_say_the_same_and_only_of_ones_own(
    desk: Desk,  # noqa: F811
    other_desk: Desk,  # noqa: F811
) -> None:
    """The figure of the API stands on the page; an account without visits gets the reason."""
    await fill(desk.shop, people=80)
    await desk.shop.run(LAST)
    query = {"fill": "100", "new": "100"}
    async with desk.browser() as browser, desk.client() as program, other_desk.client() as stranger:
        told = await program.get(f"{API}/what-if/quiet-day", params={"fill": 1, "new": 1})
        assert told.status_code == HTTPStatus.OK, told.text
        page = await browser.get("/keeper/insights/quiet-day", params=query)
        assert "additional" in page.text
        whole = abs(told.json()["a_month"]["estimate"]["minor"]) / 100
        assert f"${whole:,.0f}" in page.text
        other = await stranger.get(f"{API}/what-if/quiet-day")
        assert other.json()["unsaid"] == "no_history"
        refused = await program.get(f"{API}/what-if/quiet-day", params={"fill": 2})
        assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
