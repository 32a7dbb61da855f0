"""The owner's preferences as they are stored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time
from typing import Any
from uuid import UUID

from myriad.products.keeper.errors import NoAccountError
from myriad.products.keeper.repository.sql import Row, execute, fetch
from myriad.products.keeper.views.preferences import (
    NOTICE_KINDS,
    ClosedDay,
    Goals,
    OpeningHours,
    Preferences,
    QuietHours,
)
from myriad.scale.data import ReadSession, Session


async def read_preferences(session: ReadSession) -> Preferences:
    """Return what the owner prefers, the defaults where nothing was said.

    Raises NoAccountError.
    """
    return preferences_from(await fetch(session, "read_preferences"))


def preferences_from(rows: Sequence[Row]) -> Preferences:
    """Return the same from the rows of "read_preferences"."""
    if not rows:
        raise NoAccountError("this tenant has no Keeper account yet; connect Square first")
    return _preferences(rows[0])


async def lock_preferences(session: Session) -> None:
    """Hold the preferences until the transaction ends, so that two changes follow each other."""
    await execute(session, "lock_preferences")


async def store_preferences(session: Session, chosen: Preferences) -> None:
    """Keep the preferences whole."""
    quiet = chosen.quiet_hours
    hours = {
        str(weekday): [
            {"opens": _clock(stretch.opens), "closes": _clock(stretch.closes)}
            for stretch in stretches
        ]
        for weekday, stretches in sorted(chosen.opening_hours.items())
    }
    closed = [{"day": item.day.isoformat(), "name": item.name} for item in chosen.closed_days]
    await execute(
        session,
        "write_preferences",
        takings_per_month=chosen.goals.takings_per_month,
        calls_per_week=chosen.goals.calls_per_week,
        quiet_start=quiet.start if quiet else None,
        quiet_end=quiet.end if quiet else None,
        urgent_may_pass=quiet.urgent_may_pass if quiet else True,
        closed_days=closed,
        public_holidays=chosen.public_holidays,
        opening_hours=hours,
        staff_privacy=chosen.staff_privacy,
        control_group=chosen.control_group,
        reply_tone=chosen.reply_tone,
        notify_emails={str(user): list(kinds) for user, kinds in chosen.notify_emails.items()},
    )
    await execute(
        session,
        "write_account_choices",
        vertical=chosen.vertical,
        vertical_source=chosen.vertical_source,
        network_opt_in=chosen.network_opt_in,
    )


def _preferences(row: Row) -> Preferences:
    start, end = row["quiet_start"], row["quiet_end"]
    is_quiet = start is not None and end is not None
    quiet = QuietHours(start, end, row["urgent_may_pass"]) if is_quiet else None
    return Preferences(
        vertical=row["vertical"],
        vertical_source=row["vertical_source"],
        category_code=row["category_code"],
        currency=row["currency"],
        goals=Goals(row["takings_per_month"], row["calls_per_week"]),
        quiet_hours=quiet,
        closed_days=tuple(
            ClosedDay(date.fromisoformat(item["day"]), item["name"]) for item in row["closed_days"]
        ),
        public_holidays=row["public_holidays"],
        opening_hours={
            int(weekday): tuple(_stretch(item) for item in stretches)
            for weekday, stretches in row["opening_hours"].items()
        },
        staff_privacy=row["staff_privacy"],
        network_opt_in=row["network_opt_in"],
        control_group=row["control_group"],
        reply_tone=row["reply_tone"],
        notify_emails={
            UUID(user): tuple(kind for kind in NOTICE_KINDS if kind in kinds)
            for user, kinds in row["notify_emails"].items()
        },
    )


def _stretch(item: dict[str, Any]) -> OpeningHours:
    return OpeningHours(time.fromisoformat(item["opens"]), time.fromisoformat(item["closes"]))


def _clock(value: time) -> str:
    return value.strftime("%H:%M")
