"""A cron expression fires at the wall times that it names, whatever the clocks do."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myriad.kit.errors import InvalidInputError
from myriad.scale.schedule import ScheduleSpec
from myriad.scale.schedule.cron import check_cron, next_cron_fire

_BERLIN = "Europe/Berlin"
_NEW_YORK = "America/New_York"
_LORD_HOWE = "Australia/Lord_Howe"


def _fires(expression: str, zone: str, start: str, count: int) -> list[str]:
    """Return local fire times after the local time `start`, with their offsets."""
    place = ZoneInfo(zone)
    moment = datetime.fromisoformat(start).replace(tzinfo=place)
    found = []
    for _ in range(count):
        moment = next_cron_fire(expression, place, moment)
        found.append(moment.astimezone(place).strftime("%m-%d %H:%M%z"))
    return found


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("30 7 * * MON-FRI", ["05-04 07:30", "05-05 07:30", "05-06 07:30"]),
        ("*/20 9-10 * * *", ["05-01 09:00", "05-01 09:20", "05-01 09:40"]),
        ("5,35 0 1 jun,jul *", ["06-01 00:05", "06-01 00:35", "07-01 00:05"]),
        ("0 0 29 2 *", ["02-29 00:00", "02-29 00:00", "02-29 00:00"]),
        ("0 12 13 * FRI", ["05-01 12:00", "05-08 12:00", "05-13 12:00"]),
        ("0 12 */2 * FRI", ["05-01 12:00", "05-15 12:00", "05-29 12:00"]),
        ("0 6 * * 7", ["05-03 06:00", "05-10 06:00", "05-17 06:00"]),
        ("0 6 * * 0", ["05-03 06:00", "05-10 06:00", "05-17 06:00"]),
        ("0 0 1-7/3 * *", ["05-04 00:00", "05-07 00:00", "06-01 00:00"]),
    ],
)
def test_fields_names_ranges_steps_and_lists_are_read(expression: str, expected: list[str]) -> None:
    """2026-05-01 is a Friday; restricted days of month and week join with OR (Vixie's rule)."""
    assert [one[:11] for one in _fires(expression, "UTC", "2026-05-01 08:00", 3)] == expected[:3]


def test_two_zones_fire_at_their_own_wall_time() -> None:
    after = datetime(2026, 5, 1, tzinfo=UTC)
    fires = {
        zone: next_cron_fire("0 9 * * *", ZoneInfo(zone), after) for zone in (_BERLIN, _NEW_YORK)
    }
    assert fires[_BERLIN] == datetime(2026, 5, 1, 7, tzinfo=UTC)
    assert fires[_NEW_YORK] == datetime(2026, 5, 1, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "zone", "start", "expected"),
    [
        ("30 2 * * *", _BERLIN, "2026-03-28 12:00", ["03-29 03:00+0200", "03-30 02:30+0200"]),
        ("*/15 2 * * *", _BERLIN, "2026-03-28 12:00", ["03-29 03:00+0200", "03-30 02:00+0200"]),
        ("0 */2 * * *", _BERLIN, "2026-03-29 00:30", ["03-29 03:00+0200", "03-29 04:00+0200"]),
        ("15 2 * * *", _LORD_HOWE, "2026-10-03 12:00", ["10-04 02:30+1100", "10-05 02:15+1100"]),
        ("0 2,3 * * *", _NEW_YORK, "2026-03-07 12:00", ["03-08 03:00-0400", "03-09 02:00-0400"]),
    ],
)
def test_a_wall_time_that_spring_skips_fires_once_after_the_gap(
    expression: str, zone: str, start: str, expected: list[str]
) -> None:
    assert _fires(expression, zone, start, 2) == expected


@pytest.mark.parametrize(
    ("expression", "zone", "start", "expected"),
    [
        ("30 1 * * *", _NEW_YORK, "2026-10-31 12:00", ["11-01 01:30-0400", "11-02 01:30-0500"]),
        ("*/30 1 * * *", _NEW_YORK, "2026-10-31 12:00",
         ["11-01 01:00-0400", "11-01 01:30-0400", "11-02 01:00-0500"]),
        ("0 */2 * * *", _BERLIN, "2026-10-25 00:30", ["10-25 02:00+0200", "10-25 04:00+0100"]),
    ],
)  # fmt: skip
def test_a_wall_time_that_autumn_repeats_fires_the_first_time(
    expression: str, zone: str, start: str, expected: list[str]
) -> None:
    assert _fires(expression, zone, start, len(expected)) == expected


def test_every_hour_is_every_hour_that_passes() -> None:
    assert _fires("30 * * * *", _NEW_YORK, "2026-11-01 00:45", 3) == [
        "11-01 01:30-0400",
        "11-01 01:30-0500",
        "11-01 02:30-0500",
    ]
    assert _fires("30 * * * *", _NEW_YORK, "2026-03-08 01:00", 3) == [
        "03-08 01:30-0500",
        "03-08 03:30-0400",
        "03-08 04:30-0400",
    ]


def test_from_within_a_repeated_hour_the_next_fire_lies_ahead() -> None:
    zone = ZoneInfo(_NEW_YORK)
    second_half = datetime(2026, 11, 1, 1, 15, tzinfo=zone, fold=1)
    fire = next_cron_fire("30 1 * * *", zone, second_half)
    assert fire.astimezone(zone).strftime("%m-%d %H:%M") == "11-02 01:30"


_START = datetime(2020, 1, 1, tzinfo=UTC)
_MOMENTS = st.integers(0, 15 * 366 * 86400).map(lambda late: _START + timedelta(seconds=late))
_EXPRESSIONS = st.tuples(
    st.sampled_from(["0", "30", "*/15", "5,50", "10-20/5", "*"]),
    st.sampled_from(["2", "1-3", "*/2", "*", "0", "23"]),
).map(lambda pair: f"{pair[0]} {pair[1]} * * *")


@given(
    expression=_EXPRESSIONS,
    zone=st.sampled_from([_BERLIN, _NEW_YORK, _LORD_HOWE, "America/Havana", "Asia/Kathmandu"]),
    after=_MOMENTS,
)
def test_fires_only_move_ahead_and_depend_on_nothing_but_the_last(
    expression: str, zone: str, after: datetime
) -> None:
    place = ZoneInfo(zone)
    first = next_cron_fire(expression, place, after)
    assert timedelta(0) < first - after <= timedelta(days=2)
    if first - timedelta(seconds=1) > after:
        assert next_cron_fire(expression, place, first - timedelta(seconds=1)) == first
    assert next_cron_fire(expression, place, first) > first


@given(zone=st.sampled_from([_BERLIN, _NEW_YORK, _LORD_HOWE, "America/Havana"]), after=_MOMENTS,
       minute=st.integers(0, 59), hour=st.integers(0, 23))  # fmt: skip
def test_a_daily_expression_fires_once_on_each_local_date(
    zone: str, after: datetime, minute: int, hour: int
) -> None:
    place, fire = ZoneInfo(zone), after
    dates = []
    for _ in range(5):
        fire = next_cron_fire(f"{minute} {hour} * * *", place, fire)
        dates.append(fire.astimezone(place).date())
    assert all((b - a).days == 1 for a, b in pairwise(dates))


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("", "0 fields instead of five"),
        ("* * * *", "4 fields instead of five"),
        ("0 0 12 * * *", "none for seconds"),
        ("60 * * * *", "minute '60' must be 0 to 59"),
        ("0 24 * * *", "hour '24' must be 0 to 23"),
        ("0 0 0 * *", "day-of-month '0' must be 1 to 31"),
        ("0 0 * 13 *", "month '13' must be 1 to 12 or JAN to DEC"),
        ("0 0 * * MOO", "day-of-week 'MOO' must be 0 to 7"),
        ("0 0 MON * *", "day-of-month 'MON' must be 1 to 31"),
        ("0 0 * * FRI-MON", "day-of-week 'FRI-MON' must be"),
        ("*/0 * * * *", "minute '\\*/0' must be"),
        ("0 0 ? * MON", "'\\?' is not read"),
        ("0 0 L * *", "L, W and # are not read"),
        ("0 0 * * MON#2", "L, W and # are not read"),
        ("0 0 31 2,4 *", "no year has such a day"),
        ("@daily", "write '0 0 \\* \\* \\*' instead"),
        ("@reboot", "write the five fields"),
        ("0 0 * * *; DROP TABLE job", "fields instead of five"),
        ("0" * 500, "over 200 characters"),
    ],
)
def test_a_bad_expression_is_refused_with_its_fault_and_an_example(
    expression: str, words: str
) -> None:
    with pytest.raises(InvalidInputError, match=words) as refused:
        check_cron(expression)
    assert "30 7 * * MON-FRI" in refused.value.detail


@given(st.text(alphabet="0123456789*/,-?LW#ABCMONFRI @\n", max_size=30))
def test_no_text_causes_anything_but_a_clear_refusal(text: str) -> None:
    with suppress(InvalidInputError):
        check_cron(text)


def test_a_spec_refuses_what_cannot_be_scheduled() -> None:
    refused: tuple[dict[str, Any], ...] = (
        {"every": "cron"},
        {"every": "nightly", "cron": "0 0 * * *"},
        {"every": "cron", "cron": "61 0 * * *"},
        {"every": "nightly", "zone": "Mars/Olympus"},
        {"every": "weekly", "weekday": 7},
        {"every": "yearly"},
    )
    for arguments in refused:
        with pytest.raises(InvalidInputError):
            ScheduleSpec("test.x", "test.thing.do", **arguments)
