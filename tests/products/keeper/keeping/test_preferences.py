"""What an owner prefers is kept whole, checked by name, and noted in the audit log."""

from __future__ import annotations

from datetime import date, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myriad.products.keeper.preferences import (
    PreferenceError,
    Preferences,
    read_preferences,
    write_preferences,
)
from myriad.products.keeper.views.preferences import QuietHours
from myriad.scale.directory.audit import list_events
from tests.products.keeper.ledger import Shop

_MEMBER = "0b9c3f52-7d1e-4c55-8a39-2f4f6d0e9a11"
_ALL: dict[str, Any] = {
    "vertical": "barber",
    "goals": {"takings_per_month": 1_250_000, "calls_per_week": 15},
    "quiet_hours": {"start": "21:00", "end": "08:00", "urgent_may_pass": False},
    "closed_days": [{"day": "2026-12-27", "name": "Stock"}, {"day": "2026-12-24"}],
    "public_holidays": False,
    "opening_hours": {
        "2": [{"opens": "14:00", "closes": "18:00"}, {"opens": "09:00", "closes": "12:30"}]
    },
    "staff_privacy": "team",
    "network_opt_in": True,
    "control_group": False,
    "reply_tone": "formal",
    "notify_emails": {_MEMBER: ["report", "low_review", "report"]},
}


async def _read(shop: Shop) -> Preferences:
    async with shop.runtime.database.read_session(shop.tenant_id) as session:
        return await read_preferences(session)


async def _write(shop: Shop, changes: dict[str, Any]) -> Preferences:
    async with shop.runtime.database.session(shop.tenant_id) as session:
        return await write_preferences(session, changes, None)


async def test_an_account_that_said_nothing_has_the_defaults(shop: Shop) -> None:
    assert await _read(shop) == Preferences()


async def test_everything_said_is_read_again_and_by_nobody_else(
    shop: Shop, other_shop: Shop
) -> None:
    written = await _write(shop, _ALL)
    assert await _read(shop) == written
    assert await _read(other_shop) == Preferences()
    assert written.quiet_hours == QuietHours(time(21), time(8), urgent_may_pass=False)
    assert [item.day.day for item in written.closed_days] == [24, 27]
    assert written.is_closed(date(2026, 12, 24))
    assert written.is_closed(date(2026, 12, 23)), "a Wednesday without hours is a day of rest"
    assert not written.is_closed(date(2026, 12, 22))


async def test_what_is_left_out_stays_and_null_takes_back(shop: Shop) -> None:
    before = await _write(shop, _ALL)
    after = await _write(shop, {"goals": {"calls_per_week": None}, "quiet_hours": None})
    assert after.goals.takings_per_month == before.goals.takings_per_month
    assert (after.goals.calls_per_week, after.quiet_hours) == (None, None)
    assert (after.closed_days, after.staff_privacy) == (before.closed_days, "team")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"goals": {"calls_per_week": 0}}, "/goals/calls_per_week"),
        ({"quiet_hours": {"start": "08:00", "end": "08:00"}}, "/quiet_hours"),
        ({"closed_days": [{"day": "2026-02-30"}]}, "/closed_days/0/day"),
        ({"closed_days": [{"day": "2026-02-03"}, {"day": "2026-02-03"}]}, "/"),
        ({"opening_hours": {"1": [{"opens": "18:00", "closes": "9:00"}]}}, "/opening_hours/1/0"),
        ({"opening_hours": {"8": []}}, "/opening_hours/8/[key]"),
        ({"staff_privacy": "everybody"}, "/staff_privacy"),
        ({"notify_emails": {_MEMBER: ["gossip"]}}, f"/notify_emails/{_MEMBER}/0"),
        ({"colour": "red"}, "/colour"),
    ],
)
async def test_a_setting_that_cannot_be_is_refused_by_name(
    shop: Shop, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(PreferenceError) as refused:
        await _write(shop, {"reply_tone": "short", **changes})
    assert next(pointer for pointer, _ in refused.value.errors).startswith(field)
    assert await _read(shop) == Preferences()


async def test_a_change_is_noted_once_and_none_is_not(shop: Shop) -> None:
    await _write(shop, {"network_opt_in": True})
    await _write(shop, {"network_opt_in": True})
    async with shop.runtime.database.read_session(shop.tenant_id) as session:
        events = [
            event for event in await list_events(session) if event.action == "settings.changed"
        ]
    assert [event.detail["changed"] for event in events] == [["network_opt_in"]]
    assert events[0].detail["values"] == {"network_opt_in": {"before": False, "after": True}}


@given(st.times(), st.times(), st.times())
def test_quiet_hours_and_the_rest_of_the_day_share_no_moment(
    start: time, end: time, moment: time
) -> None:
    if start != end:
        assert QuietHours(start, end).covers(moment) != QuietHours(end, start).covers(moment)
