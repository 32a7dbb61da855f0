"""Which periods are reckoned on a day."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from myriad.products.keeper.team.periods import KnownSpan, Span, settled_before, spans_for

DAY = date(2025, 6, 30)
LONG_AGO = date(2020, 1, 1)


def _known(spans: list[Span], basis: str) -> list[KnownSpan]:
    return [KnownSpan(span.period, span.first, span.last, basis) for span in spans]


def test_the_first_run_makes_all_periods_of_a_year() -> None:
    """Ninety days, a year, and twelve months of which the last is the present one."""
    spans = spans_for(DAY, LONG_AGO)
    assert [span.period for span in spans] == ["days_90", "days_365"] + ["month"] * 12
    assert spans[0] == Span("days_90", date(2025, 4, 2), DAY)
    assert spans[1] == Span("days_365", date(2024, 7, 1), DAY)
    assert spans[2] == Span("month", date(2025, 6, 1), DAY)
    assert spans[-1] == Span("month", date(2024, 7, 1), date(2024, 7, 31))


def test_the_next_day_makes_only_what_changes() -> None:
    """The year waits a week, closed months wait for another past."""
    known = _known(spans_for(DAY, LONG_AGO), "a")
    tomorrow = DAY + timedelta(days=1)
    again = spans_for(tomorrow, LONG_AGO, known, "a")
    assert [(span.period, span.first) for span in again] == [
        ("days_90", date(2025, 4, 3)),
        ("month", date(2025, 7, 1)),
        ("month", date(2025, 6, 1)),
    ]
    next_week = spans_for(DAY + timedelta(days=7), LONG_AGO, known, "a")
    assert "days_365" in {span.period for span in next_week}
    assert len(spans_for(tomorrow, LONG_AGO, known, "b")) == 14


def test_no_month_before_the_data_is_made() -> None:
    """A business that opened in May has two months."""
    spans = spans_for(DAY, date(2025, 5, 20))
    assert [span.first for span in spans if span.period == "month"] == [
        date(2025, 6, 1),
        date(2025, 5, 1),
    ]


@given(st.dates(date(2001, 1, 1), date(2099, 1, 1)), st.integers(0, 3000))
def test_no_period_ends_after_the_day(day: date, age: int) -> None:
    """And none is empty or stored twice."""
    spans = spans_for(day, day - timedelta(days=age))
    assert all(span.first <= span.last <= day for span in spans)
    assert len({(span.period, span.first) for span in spans}) == len(spans)
    assert settled_before(day) < day
