"""What an owner prefers, as the agents, notices and screens read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta
from typing import Literal, get_args
from uuid import UUID

StaffPrivacy = Literal["owner_only", "own", "team"]
ReplyTone = Literal["warm", "formal", "short"]
Vertical = Literal[
    "spa", "salon", "barber", "nails", "massage", "clinic", "fitness", "pets", "other"
]
VerticalSource = Literal["default", "square", "owner"]
NoticeKind = Literal[
    "low_review", "urgent_insight", "new_tasks", "report", "connection", "data_accuracy"
]
VERTICALS: tuple[Vertical, ...] = get_args(Vertical)
NOTICE_KINDS: tuple[NoticeKind, ...] = get_args(NoticeKind)
DEFAULT_NOTICES: tuple[NoticeKind, ...] = ("low_review", "urgent_insight", "connection")


@dataclass(frozen=True, slots=True)
class Goals:
    """What the owner aims at: takings a month in minor units, calls a week; None while unsaid."""

    takings_per_month: int | None = None
    calls_per_week: int | None = None


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `start` (included) to `end` (not) of the account's local clock nobody is disturbed.

    They may span midnight. What is urgent may pass if the owner said so.
    """

    start: time
    end: time
    urgent_may_pass: bool = True

    def covers(self, local: time) -> bool:
        """Tell whether a local time lies within."""
        if self.start <= self.end:
            return self.start <= local < self.end
        return local >= self.start or local < self.end

    def hold(self, local: time, *, urgent: bool) -> bool:
        """Tell whether a message is to wait."""
        return self.covers(local) and not (urgent and self.urgent_may_pass)


@dataclass(frozen=True, slots=True)
class ClosedDay:
    """A day on which the business does not open, and why."""

    day: date
    name: str = ""


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """One stretch of a weekday on which the business is open."""

    opens: time
    closes: time


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the owner prefers; an account that said nothing has the defaults.

    `vertical_source` says who chose the trade: the owner, Square by its merchant category code
    (`category_code`), or nobody yet.

    `opening_hours` maps ISO weekdays (1 is Monday) to stretches: empty while unsaid, and a weekday
    that is missing from hours that were said is a day of rest. `public_holidays` says whether the
    country's public holidays count as such. `staff_privacy` says whose figures staff see: nobody's,
    their own, or the team's. `notify_emails` maps a member's id to kinds of e-mail.
    """

    vertical: str = "spa"
    vertical_source: VerticalSource = "default"
    category_code: str | None = None
    currency: str = "USD"
    goals: Goals = Goals()
    quiet_hours: QuietHours | None = None
    closed_days: tuple[ClosedDay, ...] = ()
    public_holidays: bool = True
    opening_hours: Mapping[int, tuple[OpeningHours, ...]] = field(default_factory=dict)
    staff_privacy: StaffPrivacy = "own"
    network_opt_in: bool = False
    control_group: bool = True
    reply_tone: ReplyTone = "warm"
    notify_emails: Mapping[UUID, tuple[NoticeKind, ...]] = field(default_factory=dict)

    def wants_email(self, user_id: UUID, kind: str) -> bool:
        """Tell whether a member wants e-mail of a kind; who chose nothing gets the urgent ones."""
        return kind in self.notify_emails.get(user_id, DEFAULT_NOTICES)

    def is_closed(self, day: date) -> bool:
        """Tell whether the business is closed on a day, as far as the owner said."""
        rests = bool(self.opening_hours) and not self.opening_hours.get(day.isoweekday())
        return rests or any(closed.day == day for closed in self.closed_days)

    def open_share(self, first: date, days: int) -> float:
        """Return which share of the usual open days among `days` from `first` is open, 0 to 1."""
        ahead = [first + timedelta(days=number) for number in range(days)]
        rests = replace(self, closed_days=())
        usual = days - sum(rests.closed_among(ahead))
        return (days - sum(self.closed_among(ahead))) / usual if usual else 1.0

    def closed_among(self, days: Iterable[date]) -> list[bool]:
        """Tell of each day whether the business is closed, as far as the owner said."""
        shut = {closed.day for closed in self.closed_days}
        known = bool(self.opening_hours)
        return [
            day in shut or (known and not self.opening_hours.get(day.isoweekday())) for day in days
        ]
