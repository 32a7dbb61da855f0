"""Days on which the owner says to be closed are expected to be empty."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from myriad.products.keeper.agents.anomalies import find_anomalies
from myriad.products.keeper.preferences import write_preferences
from myriad.products.keeper.views.preferences import ClosedDay, Preferences
from tests.products.keeper.ledger import LAST, Shop

_CLOSED = LAST - timedelta(days=5)
_DAYS = [LAST - timedelta(days=number) for number in range(399, -1, -1)]


def _totals() -> list[dict[str, Any]]:
    """Twenty visits a day with a small wave, none on one day that is over."""
    return [
        {
            "local_date": day,
            "visits": 0 if day == _CLOSED else 20 + day.toordinal() % 3,
            "revenue": 0 if day == _CLOSED else 160_000 + 1_000 * (day.toordinal() % 5),
        }
        for day in _DAYS
    ]


def test_an_empty_day_is_odd_unless_the_owner_was_closed() -> None:
    found = find_anomalies(_totals(), 28, "US")
    assert {row["local_date"] for row in found} == {_CLOSED}
    told = Preferences(closed_days=(ClosedDay(_CLOSED, "Stock"),))
    assert find_anomalies(_totals(), 28, "US", told) == []


def test_public_holidays_can_be_set_aside() -> None:
    christmas = date(2025, 12, 25)
    days = [christmas - timedelta(days=number) for number in range(399, -1, -1)]
    totals = [{"local_date": day, "visits": 20, "revenue": 100_000} for day in days]
    totals[-1] |= {"visits": 90, "revenue": 500_000}
    with_them = find_anomalies(totals, 7, "US")
    without = find_anomalies(totals, 7, "US", Preferences(public_holidays=False))
    assert len(without) >= len(with_them)


@given(st.sets(st.integers(0, 27)))
def test_closed_days_ahead_lower_what_is_expected(numbers: set[int]) -> None:
    closed = tuple(ClosedDay(LAST + timedelta(days=number)) for number in numbers)
    share = Preferences(closed_days=closed).open_share(LAST, 28)
    assert share == (28 - len(numbers)) / 28


async def test_a_new_closed_day_makes_the_analysis_look_again(busy_shop: Shop) -> None:
    await busy_shop.run()
    before = {report.agent: report.unchanged for report in (await busy_shop.run()).agents}
    assert before["analysis"]
    async with busy_shop.runtime.database.session(busy_shop.tenant_id) as session:
        await write_preferences(session, {"closed_days": [{"day": str(_CLOSED)}]}, None)
    after = {report.agent: report.unchanged for report in (await busy_shop.run()).agents}
    assert not after["analysis"]
    assert after["data"]
