"""Dates as people and exports write them."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myriad.products.keeper.reviews.dates import guess_day_first, parse_moment
from myriad.products.keeper.reviews.errors import ReviewDateError

NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("typed", "moment"),
    [
        ("2026-03-05", "2026-03-05T17:00+00:00"),
        ("5. M\u00e4rz 2026", "2026-03-05T17:00+00:00"),
        ("Donnerstag, 5. Marz 2026", "2026-03-05T17:00+00:00"),
        ("5 f\u00e9vrier 2026 14:30", "2026-02-05T19:30+00:00"),
        ("5 de agosto de 2026", "2026-08-05T16:00+00:00"),
        ("5 settembre 2026", "2026-09-05T16:00+00:00"),
        ("2026-03-05T14:30:00Z", "2026-03-05T14:30+00:00"),
        ("2026-03-05 14:30:00 UTC", "2026-03-05T14:30+00:00"),
        ("2026-03-05 14:30:00.123 +0100", "2026-03-05T13:30:00.123+00:00"),
        ("2026-03-05 14:30", "2026-03-05T19:30+00:00"),
        ("2026-07-05 14:30", "2026-07-05T18:30+00:00"),
        ("20260305", "2026-03-05T17:00+00:00"),
        ("3/5/2026", "2026-03-05T17:00+00:00"),
        ("3/5/26 12:10 am", "2026-03-05T05:10+00:00"),
        ("13/5/2026", "2026-05-13T16:00+00:00"),
        ("05.03.2026", "2026-03-05T17:00+00:00"),
        ("2026/03/05", "2026-03-05T17:00+00:00"),
        ("Mar 5, 2026", "2026-03-05T17:00+00:00"),
        ("Thursday, March 5th, 2026 at 3:04 PM", "2026-03-05T20:04+00:00"),
        ("5 March 2026", "2026-03-05T17:00+00:00"),
        ("5-Mar-2026", "2026-03-05T17:00+00:00"),
        ("46086", "2026-03-05T17:00+00:00"),
        ("1772719200", "2026-03-05T14:00+00:00"),
        ("1772719200000", "2026-03-05T14:00+00:00"),
    ],
)
def test_a_date_in_any_usual_form_is_read_in_the_accounts_zone(typed: str, moment: str) -> None:
    assert parse_moment(typed, NEW_YORK, day_first=False) == datetime.fromisoformat(moment)


@pytest.mark.parametrize(
    "typed",
    [
        "3/5/2026 13:00 pm",
        "0000-00-00",
        "2 weeks ago",
        "yesterday",
        "31/31/2026",
        "2026-02-30",
        "13:00",
        "5 Quux 2026",
        "9" * 40,
    ],
)
def test_what_is_no_date_is_refused_with_what_to_write(typed: str) -> None:
    with pytest.raises(ReviewDateError, match="write it as 2026-03-05"):
        parse_moment(typed, NEW_YORK, day_first=False)


def test_a_number_above_twelve_says_how_a_file_writes_its_dates() -> None:
    assert guess_day_first(["03/04/2026", "25/04/2026"], "America/New_York")
    assert not guess_day_first(["03/04/2026", "04/25/2026"], "Europe/London")


def test_without_such_a_number_the_zone_says_it() -> None:
    assert guess_day_first(["03/04/2026"], "Europe/London")
    assert not guess_day_first(["03/04/2026"], "America/New_York")


@given(st.dates(date(1990, 1, 1), date(2099, 12, 31)), st.booleans())
def test_a_day_written_and_read_alike_stays_that_day(day: date, day_first: bool) -> None:
    typed = day.strftime("%d/%m/%Y" if day_first else "%m/%d/%Y")
    found = parse_moment(typed, NEW_YORK, day_first=day_first).astimezone(NEW_YORK).date()
    # Both numbers above twelve never happen; one alone names itself.
    assert found == day


@given(st.text(max_size=40), st.booleans())
def test_no_text_causes_anything_but_a_moment_or_a_clear_refusal(typed: str, first: bool) -> None:
    with suppress(ReviewDateError):
        assert parse_moment(typed, NEW_YORK, day_first=first).tzinfo is UTC
