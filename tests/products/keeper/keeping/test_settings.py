"""The Settings screen and its API: the owner changes, staff read what concerns them."""

from __future__ import annotations

from http import HTTPStatus

import pytest

from tests.products.keeper.keeping.conftest import API, Desk, send

_SETTINGS = "/keeper/settings"


async def test_the_owner_changes_by_api_and_another_account_sees_nothing(
    desk: Desk, other_desk: Desk
) -> None:
    async with desk.client() as owner, other_desk.client() as stranger:
        changed = await owner.patch(
            f"{API}/settings",
            json={
                "quiet_hours": {"start": "21:30", "end": "07:00"},
                "opening_hours": {"1": [{"opens": "09:00", "closes": "18:00"}]},
            },
        )
        assert changed.status_code == HTTPStatus.OK, changed.text
        read = await owner.get(f"{API}/settings")
        assert read.json() == changed.json()
        assert read.headers["cache-control"] == "no-store"
        assert read.json()["quiet_hours"]["start"] == "21:30:00"
        assert (await stranger.get(f"{API}/settings")).json()["quiet_hours"] is None


async def test_staff_read_what_concerns_them_and_change_nothing(desk: Desk) -> None:
    async with desk.client() as owner, desk.client("staff") as staff:
        await owner.patch(f"{API}/settings", json={"goals": {"calls_per_week": 12}})
        seen = (await staff.get(f"{API}/settings")).json()
        assert "staff_privacy" in seen
        assert not {"goals", "network_opt_in", "notify_emails"} & set(seen)
        refused = await staff.patch(f"{API}/settings", json={"network_opt_in": True})
        assert refused.status_code == HTTPStatus.FORBIDDEN


async def test_a_bad_setting_is_named_by_its_pointer(desk: Desk) -> None:
    async with desk.client() as owner:
        refused = await owner.patch(f"{API}/settings", json={"goals": {"calls_per_week": -3}})
        assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert "calls_per_week" in refused.text


@pytest.mark.parametrize(
    ("part", "fields", "expected"),
    [
        ("goals", {"takings_per_month": "12,500.50", "calls_per_week": "15"}, "12500.50"),
        ("quiet", {"start": "21:00", "end": "08:00"}, "from 21:00 to 08:00"),
        ("close", {"day": "2026-12-24", "name": "Christmas"}, "Christmas"),
        ("hours", {"day_1": "9-12:30, 14.00 - 18:00"}, "09:00-12:30, 14:00-18:00"),
        ("privacy", {"staff_privacy": "team"}, '<option value="team" selected>'),
        ("business", {"vertical": "barber", "reply_tone": "short"}, '"barber" selected'),
        ("network", {"network_opt_in": "yes"}, "figures are compared with peers"),
    ],
)
async def test_each_form_is_kept_and_shown_again(
    desk: Desk, part: str, fields: dict[str, str], expected: str
) -> None:
    async with desk.browser() as browser:
        answer = await send(browser, _SETTINGS, f"{_SETTINGS}/{part}", **fields)
        assert answer.status_code == HTTPStatus.SEE_OTHER, answer.text
        assert expected in (await browser.get(_SETTINGS)).text


@pytest.mark.parametrize(
    ("part", "fields", "fault"),
    [
        ("goals", {"takings_per_month": "lots"}, 'id="takings_per_month-fault"'),
        ("goals", {"takings_per_month": "12,5"}, 'id="takings_per_month-fault"'),
        ("goals", {"calls_per_week": "1001"}, 'id="calls_per_week-fault"'),
        ("quiet", {"start": "21:00", "end": ""}, 'id="end-fault"'),
        ("quiet", {"start": "21:00", "end": "21:00"}, 'id="end-fault"'),
        ("close", {"day": "someday"}, 'id="day-fault"'),
        ("hours", {"day_3": "all day"}, 'id="day_3-fault"'),
        ("hours", {"day_2": "18:00-9:00"}, 'id="day_2-fault"'),
        ("hours", {"day_1": "25:00-26:00"}, "Monday: write hours like"),
        ("hours", {"day_1": "9:75-12"}, "Monday: write hours like"),
    ],
)
async def test_a_form_that_cannot_be_used_comes_back_with_the_fault_at_its_field(
    desk: Desk, part: str, fields: dict[str, str], fault: str
) -> None:
    async with desk.browser() as browser:
        answer = await send(browser, _SETTINGS, f"{_SETTINGS}/{part}", **fields)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert fault in answer.text
    assert all(value in answer.text for value in fields.values() if value)


async def test_staff_choose_their_own_emails_and_no_one_elses(desk: Desk) -> None:
    async with desk.browser("staff") as browser:
        text = (await browser.get(_SETTINGS)).text
        own = text.partition('name="user_id" value="')[2].partition('"')[0]
        sent = await send(browser, _SETTINGS, f"{_SETTINGS}/notices", user_id=own, kind="report")
        assert sent.status_code == HTTPStatus.SEE_OTHER
        for path, fields in (
            ("notices", {"user_id": str(desk.company.tenant_id), "kind": "report"}),
            ("network", {"network_opt_in": "yes"}),
        ):
            refused = await send(browser, _SETTINGS, f"{_SETTINGS}/{path}", **fields)
            assert refused.status_code == HTTPStatus.FORBIDDEN
        assert "Goals" not in text
