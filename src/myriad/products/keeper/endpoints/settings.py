"""The settings: what the owner prefers; staff read what concerns them."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from myriad.products.keeper.preferences import (
    ClosedDay,
    OpeningHours,
    PreferenceChanges,
    Preferences,
    QuietHours,
    read_preferences,
    write_preferences,
)
from myriad.products.keeper.views.preferences import NoticeKind, StaffPrivacy
from myriad.scale.directory import Principal
from myriad.scale.http import Owner, Router, Staff, TenantReadSession, TenantSession

router = Router()


@dataclass(frozen=True, slots=True)
class StaffSettings:
    """What of the settings concerns somebody who works there."""

    quiet_hours: QuietHours | None
    closed_days: tuple[ClosedDay, ...]
    public_holidays: bool
    opening_hours: dict[int, tuple[OpeningHours, ...]]
    staff_privacy: StaffPrivacy
    my_emails: tuple[NoticeKind, ...] | None


@router.get("/settings")
async def get_settings(
    caller: Staff, session: TenantReadSession, response: Response
) -> Preferences | StaffSettings:
    """Return what the owner prefers, to staff only what concerns them."""
    response.headers["Cache-Control"] = "no-store"
    found = await read_preferences(session)
    return found if caller.is_owner else _for_staff(found, caller)


@router.patch("/settings")
async def change_settings(
    body: PreferenceChanges, caller: Owner, session: TenantSession
) -> Preferences:
    """Change what is sent and leave the rest; null takes a goal or the quiet hours back."""
    return await write_preferences(session, body, caller)


def _for_staff(found: Preferences, caller: Principal) -> StaffSettings:
    return StaffSettings(
        quiet_hours=found.quiet_hours,
        closed_days=found.closed_days,
        public_holidays=found.public_holidays,
        opening_hours=dict(found.opening_hours),
        staff_privacy=found.staff_privacy,
        my_emails=found.notify_emails.get(caller.id),
    )
