"""Each tenant has one stable place in its local night, whatever its clocks do."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myriad.scale.schedule.slots import (
    NIGHT_SECONDS,
    SLOT_SECONDS,
    SLOTS,
    Slot,
    fire_on,
    next_fire,
    stable_slot,
)

_ZONES = (
    "UTC",
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "America/Havana",
    "America/Santiago",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Pacific/Kiritimati",
)
_slots = st.builds(
    Slot,
    st.integers(0, SLOTS - 1),
    st.integers(0, SLOT_SECONDS - 1),
    st.integers(0, 6),
)
_zones = st.sampled_from(_ZONES).map(ZoneInfo)
_START = datetime(2020, 1, 1, tzinfo=UTC)
_moments = st.integers(0, 15 * 366 * 86400).map(lambda late: _START + timedelta(seconds=late))


@given(slot=_slots, zone=_zones, after=_moments)
def test_a_nightly_schedule_fires_once_on_each_local_date_within_its_night(
    slot: Slot, zone: ZoneInfo, after: datetime
) -> None:
    fires = [after]
    for _ in range(5):
        fires.append(next_fire(slot, "nightly", zone, fires[-1]))
    local = [fire.astimezone(zone) for fire in fires[1:]]
    assert all(later > earlier for earlier, later in pairwise(fires))
    assert all((b.date() - a.date()).days == 1 for a, b in pairwise(local))
    assert all(moment.hour < NIGHT_SECONDS // 3600 + 1 for moment in local)
    assert (local[0].date() - after.astimezone(zone).date()).days in (0, 1)


@given(slot=_slots, zone=_zones, after=_moments)
def test_a_weekly_schedule_fires_on_its_weekday_only(
    slot: Slot, zone: ZoneInfo, after: datetime
) -> None:
    first = next_fire(slot, "weekly", zone, after)
    second = next_fire(slot, "weekly", zone, first)
    assert first.astimezone(zone).weekday() == second.astimezone(zone).weekday() == slot.weekday
    assert (second.astimezone(zone).date() - first.astimezone(zone).date()).days == 7


@given(slot=_slots, zone=_zones, after=_moments)
def test_an_hourly_schedule_fires_every_hour(slot: Slot, zone: ZoneInfo, after: datetime) -> None:
    first = next_fire(slot, "hourly", zone, after)
    assert timedelta(0) < first - after <= timedelta(hours=1)
    assert next_fire(slot, "hourly", zone, first) - first == timedelta(hours=1)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 3, 7), "2026-03-07T07:30:00+00:00"),
        (date(2026, 3, 8), "2026-03-08T07:30:00+00:00"),
        (date(2026, 3, 9), "2026-03-09T06:30:00+00:00"),
    ],
)
def test_a_wall_time_that_spring_skips_moves_forward_by_the_gap(day: date, expected: str) -> None:
    half_past_two = Slot(40, 0, 0)
    fire = fire_on(half_past_two, day, ZoneInfo("America/New_York"))
    assert fire.isoformat() == expected


def test_a_wall_time_that_autumn_repeats_fires_the_first_time_only() -> None:
    half_past_one, zone = Slot(24, 0, 0), ZoneInfo("America/New_York")
    fire = next_fire(half_past_one, "nightly", zone, datetime(2026, 11, 1, 0, 0, tzinfo=UTC))
    assert fire == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    assert next_fire(half_past_one, "nightly", zone, fire) == datetime(
        2026, 11, 2, 6, 30, tzinfo=UTC
    )


def test_a_date_that_the_zone_never_had_does_not_fire() -> None:
    """Samoa went from 29 to 31 December 2011."""
    zone, slot = ZoneInfo("Pacific/Apia"), Slot(10, 0, 0)
    first = next_fire(slot, "nightly", zone, datetime(2011, 12, 28, 20, tzinfo=UTC))
    second = next_fire(slot, "nightly", zone, first)
    assert first.astimezone(zone).date() == date(2011, 12, 29)
    assert second.astimezone(zone).date() == date(2011, 12, 31)


_PROGRAM = """
import sys
from uuid import UUID
from myriad.scale.schedule.slots import stable_slot
for number in range(50):
    print(stable_slot(UUID(int=number), "keeper.nightly"))
"""


def test_two_processes_with_other_hash_seeds_agree_on_every_slot() -> None:
    """AC-20: the slot survives a restart; Python's own hash would not."""
    outputs = {
        subprocess.run(
            [sys.executable, "-c", _PROGRAM],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
    assert str(stable_slot(UUID(int=7), "keeper.nightly")) in outputs.pop()


def test_ten_thousand_tenants_spread_over_the_slots_as_chance_would() -> None:
    """No slot lies more than five standard deviations above the mean of 104."""
    load = Counter(stable_slot(UUID(int=n), "keeper.nightly").slot for n in range(10_000))
    mean = 10_000 / SLOTS
    assert max(load.values()) <= mean + 5 * mean**0.5
    assert len(load) == SLOTS
