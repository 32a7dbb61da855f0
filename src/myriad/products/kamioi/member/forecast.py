"""The next fourteen days of pulls against the balance, at the pace of the last four weeks.

Pure integer arithmetic in minor units: what came in and went out over 28 days goes on evenly, a
pull is asked for under the very conditions of `request_sweeps` and settles when the bank says. It
is an expectation, no promise: it knows nothing of salaries that come once a month.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

HORIZON_DAYS = 14
PACE_DAYS = 28
_SATURDAY = 5


class Reason(StrEnum):
    """Why no pull is expected within the horizon."""

    PAUSED = "paused"
    FROZEN = "frozen"
    NO_ACCOUNT = "no_account"
    UNREAD = "unread"
    GUARD = "guard"
    REFUSED = "refused"
    BELOW = "below"


@dataclass(frozen=True, slots=True)
class Pull:
    """A pull of `amount_minor`: asked for on one day, settled on another."""

    requested_on: date
    settles_on: date
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known today; amounts in minor units of one currency.

    `rounded_minor` and `spent_minor` are what purchases rounded up by and what left the account
    (less what came) in the last 28 days. `balance_minor` is None without an account to pull from.
    No pull is asked for up to `quiet_until`, after one that the bank refused, nor while the bank
    cannot be read (`is_read`).
    """

    today: date
    waiting_minor: int
    sweep_minor: int
    guard_minor: int
    balance_minor: int | None
    rounded_minor: int = 0
    spent_minor: int = 0
    in_flight: Pull | None = None
    quiet_until: date | None = None
    state: str = "active"
    is_read: bool = True

    @property
    def may_pull(self) -> bool:
        """Whether pulls are asked for at all."""
        return self.state == "active" and self.is_read


@dataclass(frozen=True, slots=True)
class Day:
    """One day to come: the balance at its end, what is pulled on it, and what still waits."""

    day: date
    balance_minor: int
    settled_minor: int
    waiting_minor: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """The days to come; `pulls` also holds the one in flight.

    `short` is the first day on which a pull leaves less than the guard: then a pause is advised.
    `reason` says why no pull is asked for, None when one is.
    """

    days: tuple[Day, ...]
    pulls: tuple[Pull, ...]
    short: Day | None
    reason: Reason | None

    @property
    def next_pull(self) -> Pull | None:
        """The next pull: the one in flight, or the first that is asked for."""
        return self.pulls[0] if self.pulls else None

    @property
    def lowest(self) -> Day | None:
        """The day with the lowest balance."""
        return min(self.days, key=lambda one: one.balance_minor, default=None)


@dataclass(slots=True)
class _Course:
    """How far the days have gone."""

    facts: Situation
    pulls: list[Pull]
    days: list[Day]
    was_guarded: bool = False

    def waiting(self, number: int) -> int:
        grown = self.facts.rounded_minor * number // PACE_DAYS
        new = [pull for pull in self.pulls if pull is not self.facts.in_flight]
        return self.facts.waiting_minor + grown - sum(pull.amount_minor for pull in new)

    def balance(self, number: int, day: date) -> int:
        left = (self.facts.balance_minor or 0) - self.facts.spent_minor * number // PACE_DAYS
        return left - sum(pull.amount_minor for pull in self.pulls if pull.settles_on <= day)

    def may_ask(self, day: date) -> bool:
        flying = any(pull.settles_on >= day for pull in self.pulls)
        quiet = self.facts.quiet_until is not None and day <= self.facts.quiet_until
        return day.weekday() < _SATURDAY and not flying and not quiet


def forecast(facts: Situation, settles_on: Callable[[date], date]) -> Forecast:
    """Return the next fourteen days; `settles_on` gives the day on which a day's pull settles."""
    if facts.balance_minor is None:
        return Forecast((), tuple(filter(None, [facts.in_flight])), None, Reason.NO_ACCOUNT)
    course = _Course(facts, [facts.in_flight] if facts.in_flight else [], [])
    for number in range(1, HORIZON_DAYS + 1):
        _live(course, number, facts.today + timedelta(days=number), settles_on)
    short = next(filter(lambda one: _is_short(facts, one), course.days), None)
    reason = None if course.pulls else _reason(course)
    return Forecast(tuple(course.days), tuple(course.pulls), short, reason)


def _live(course: _Course, number: int, day: date, settles_on: Callable[[date], date]) -> None:
    facts, waiting = course.facts, course.waiting(number - 1)
    if facts.may_pull and waiting >= facts.sweep_minor and course.may_ask(day):
        if course.balance(number - 1, day) - waiting >= facts.guard_minor:
            course.pulls.append(Pull(day, settles_on(day), waiting))
        else:
            course.was_guarded = True
    settled = sum(pull.amount_minor for pull in course.pulls if pull.settles_on == day)
    course.days.append(Day(day, course.balance(number, day), settled, course.waiting(number)))


def _is_short(facts: Situation, day: Day) -> bool:
    return day.settled_minor > 0 and day.balance_minor < facts.guard_minor


def _reason(course: _Course) -> Reason:
    facts = course.facts
    if facts.state != "active":
        return Reason.PAUSED if facts.state == "paused" else Reason.FROZEN
    if not facts.is_read:
        return Reason.UNREAD
    if course.was_guarded:
        return Reason.GUARD
    horizon = facts.today + timedelta(days=HORIZON_DAYS)
    is_quiet = facts.quiet_until is not None and facts.quiet_until >= horizon
    return Reason.REFUSED if is_quiet else Reason.BELOW
