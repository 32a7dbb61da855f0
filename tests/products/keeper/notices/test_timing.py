"""When a mail goes out: urgent at once, others after the quiet hours, many of them together."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myriad.products.keeper.notify import Level
from myriad.products.keeper.notify.timing import (
    DIGEST_AT,
    MOST_OWN_MAILS,
    choose,
    end_of_quiet,
    next_digest,
)
from myriad.products.keeper.views.preferences import QuietHours

ZONE = ZoneInfo("America/New_York")
NIGHT = QuietHours(time(21), time(8))
STRICT = QuietHours(time(21), time(8), urgent_may_pass=False)
LATE = datetime(2026, 5, 1, 23, 30, tzinfo=ZONE)
NOON = datetime(2026, 5, 1, 12, 0, tzinfo=ZONE)
MORNING = datetime(2026, 5, 2, 8, 0, tzinfo=ZONE)

moments = st.integers(0, 3 * 365 * 24 * 60).map(
    lambda minutes: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
quiets = st.builds(QuietHours, st.times(), st.times(), st.booleans()).filter(
    lambda quiet: quiet.start != quiet.end
)
zones = st.sampled_from(["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "UTC"]).map(
    ZoneInfo
)


@pytest.mark.parametrize(
    ("level", "quiet", "now", "form", "due"),
    [
        ("urgent", NIGHT, LATE, "own", LATE),
        ("urgent", STRICT, LATE, "own", MORNING),
        ("high", NIGHT, LATE, "own", MORNING),
        ("high", NIGHT, NOON, "own", NOON),
        ("high", None, LATE, "own", LATE),
        ("normal", NIGHT, NOON, "digest", MORNING),
        ("normal", None, LATE, "digest", MORNING),
    ],
)
def test_level_and_quiet_hours_decide(
    level: Level, quiet: QuietHours | None, now: datetime, form: str, due: datetime
) -> None:
    timing = choose(level, quiet, now, ZONE)
    assert (timing.form, timing.due_at) == (form, due)


def test_after_many_messages_of_their_own_the_rest_comes_in_one() -> None:
    assert choose("urgent", None, NOON, ZONE, MOST_OWN_MAILS - 1).form == "own"
    assert choose("urgent", None, NOON, ZONE, MOST_OWN_MAILS).form == "digest"


@given(quiets, moments, zones, st.booleans())
def test_nothing_goes_out_within_quiet_hours_or_waits_longer_than_a_day(
    quiet: QuietHours, now: datetime, zone: ZoneInfo, urgent: bool
) -> None:
    due = end_of_quiet(quiet, now, zone, urgent=urgent)
    assert now <= due <= now + timedelta(hours=26)
    if due == now:
        assert not quiet.hold(now.astimezone(zone).time(), urgent=urgent)
    else:
        assert quiet.hold(now.astimezone(zone).time(), urgent=urgent)


@given(quiets, moments, zones)
def test_the_days_message_comes_in_the_morning_or_when_quiet_ends(
    quiet: QuietHours, now: datetime, zone: ZoneInfo
) -> None:
    due = next_digest(quiet, now, zone)
    assert now < due <= now + timedelta(hours=51)
    assert next_digest(None, now, zone).astimezone(zone).time() == DIGEST_AT
