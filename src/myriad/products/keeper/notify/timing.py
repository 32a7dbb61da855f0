"""When a mail goes out: at once, after the quiet hours, or with the others of its day; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from myriad.products.keeper.notify.raising import Level
from myriad.products.keeper.views.preferences import QuietHours

Form = Literal["own", "digest"]
DIGEST_AT = time(8)
# More messages of their own within a day and people stop reading them.
MOST_OWN_MAILS = 6


@dataclass(frozen=True, slots=True)
class Timing:
    """Whether a notice gets a message of its own, and the moment (UTC) at which it goes."""

    form: Form
    due_at: datetime


def choose(
    level: Level, quiet: QuietHours | None, now: datetime, zone: ZoneInfo, own_mails: int = 0
) -> Timing:
    """Return how a notice of `level` is mailed to somebody who got `own_mails` within a day."""
    if level == "normal" or own_mails >= MOST_OWN_MAILS:
        return Timing("digest", next_digest(quiet, now, zone))
    return Timing("own", end_of_quiet(quiet, now, zone, urgent=level == "urgent"))


def end_of_quiet(
    quiet: QuietHours | None, now: datetime, zone: ZoneInfo, *, urgent: bool
) -> datetime:
    """Return `now`, or the end of the quiet hours that hold the message back."""
    local = now.astimezone(zone)
    if quiet is None or not quiet.hold(local.time(), urgent=urgent):
        return now
    return _next_at(quiet.end, local)


def next_digest(quiet: QuietHours | None, now: datetime, zone: ZoneInfo) -> datetime:
    """Return the next morning's moment at which the day's notices go out together."""
    due = _next_at(DIGEST_AT, now.astimezone(zone))
    return end_of_quiet(quiet, due, zone, urgent=False)


def _next_at(wall: time, local: datetime) -> datetime:
    """Return the next moment after `local` at which the zone's clocks show `wall`, in UTC.

    A time that daylight saving skips is read with the offset before the change (PEP 495).
    """
    day = local.date()
    while True:
        found = datetime.combine(day, wall, tzinfo=local.tzinfo).astimezone(UTC)
        if found > local.astimezone(UTC):
            return found
        day += timedelta(days=1)
