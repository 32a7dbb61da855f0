"""The member's home: what waits, when it is pulled, what the shares are worth, how banks stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from myriad.kit.money import Money, minor_digits
from myriad.products.kamioi.broker.market import market_day
from myriad.products.kamioi.facts.simulated import SOURCE
from myriad.products.kamioi.intake.lines import FIRST_DAY
from myriad.products.kamioi.member.forecast import (
    PACE_DAYS,
    Forecast,
    Pull,
    Reason,
    Situation,
    forecast,
)
from myriad.products.kamioi.money.bank import PaperBank
from myriad.products.kamioi.people import MemberFacts
from myriad.products.kamioi.repository.sql import QUERIES
from myriad.scale.ui.filters import day as day_words
from myriad.scale.ui.filters import plural

if TYPE_CHECKING:
    from myriad.scale.http import BoundReader

# After a pull that the bank refused none is asked for this long; `request_sweeps` holds it too.
_QUIET_DAYS = 7


@dataclass(frozen=True, slots=True)
class BankLink:
    """One linked bank or imported file, and how it stands."""

    id: UUID
    provider: str
    institution: str
    status: str
    error_code: str | None
    synced_at: datetime | None
    consent_ends_at: datetime | None = None

    @property
    def is_ending(self) -> bool:
        """Whether the bank is read only until a day that is known."""
        return self.status == "linked" and self.consent_ends_at is not None

    @property
    def is_broken(self) -> bool:
        """Whether purchases no longer come in."""
        return self.status in ("needs_login", "failing")

    @property
    def words(self) -> str:
        """How it stands, in words."""
        if self.is_ending and self.consent_ends_at is not None:
            return f"Your consent ends on {day_words(self.consent_ends_at.date())}"
        return {
            "needs_login": "Your bank asks you to sign in again",
            "failing": "The bank does not answer",
        }.get(self.status, "Linked" if self.provider == "plaid" else "Imported")


@dataclass(frozen=True, slots=True)
class Home:
    """What the home page shows; amounts in the member's currency.

    Of the holdings so many are `unpriced`, and of so many the close is `simulated`.
    """

    member: MemberFacts
    today: date
    situation: Situation
    forecast: Forecast
    undecided: int
    undecided_minor: int
    account: str
    balance_at: datetime | None
    holdings: int
    cost_minor: int
    value_minor: int
    unpriced: int
    simulated: int
    links: Sequence[BankLink]

    def money(self, minor: int) -> Money:
        """Return an amount in the member's currency."""
        return Money(minor, self.member.currency)

    @property
    def waiting(self) -> Money:
        """What is decided and not pulled yet."""
        return self.money(self.situation.waiting_minor)

    @property
    def is_new(self) -> bool:
        """Whether nothing has come in yet: no bank, no round-up, no share."""
        return not (self.links or self.holdings or self.situation.waiting_minor or self.undecided)

    @property
    def broken(self) -> list[BankLink]:
        """The links that need the member."""
        return [link for link in self.links if link.is_broken]

    @property
    def ending(self) -> list[BankLink]:
        """Links that are read only until a day that is known."""
        return [link for link in self.links if link.is_ending]

    @property
    def may_pause(self) -> bool:
        """Whether the member can pause or go on by themselves."""
        return self.member.state in ("active", "paused")

    @property
    def answer(self) -> str:
        """The page's first line."""
        if self.member.state == "closed":
            return "Your part in the programme is closed"
        pull = self.forecast.next_pull
        if self.situation.in_flight is not None and pull is not None:
            return f"{self._sum(pull)} is on its way, and settles on {_on(pull.settles_on)}"
        if pull is not None and pull.amount_minor > self.situation.waiting_minor:
            # Not all of it has been rounded up yet: a day and a sum that are expected.
            return f"At this pace about {self._sum(pull)} is pulled on {_on(pull.requested_on)}"
        if pull is not None:
            return f"{self._sum(pull)} will be pulled on {_on(pull.requested_on)}"
        return self._without_pull(self.forecast.reason)

    @property
    def lead(self) -> str:
        """The second line."""
        if self.undecided:
            waits = plural(self.undecided, "more round-up waits", "more round-ups wait")
            more = self.money(self.undecided_minor).format()
            return f"{waits}, {more} in all, until it is clear which company was paid."
        if self.situation.waiting_minor > 0:
            return "Of every round-up that waits it is clear which company was paid."
        return ""

    def _sum(self, pull: Pull) -> str:
        return self.money(pull.amount_minor).format()

    def _without_pull(self, reason: Reason | None) -> str:
        waits = self.waiting.format()
        threshold = self.money(self.situation.sweep_minor).format()
        if reason is Reason.REFUSED and self.situation.quiet_until is not None:
            until = _on(self.situation.quiet_until)
            return f"Your bank refused the last pull; nothing is asked for until {until}"
        return {
            Reason.PAUSED: f"You have paused: {waits} waits, and nothing is pulled",
            Reason.FROZEN: f"Pulls are stopped, since one was taken back; {waits} waits",
            Reason.NO_ACCOUNT: f"{waits} waits, and there is no account to pull it from",
            Reason.UNREAD: f"{waits} waits until your bank can be read again",
            Reason.GUARD: f"{waits} waits until your balance can bear it",
        }.get(reason or Reason.BELOW, f"{waits} waits; a pull comes at {threshold}")


def _on(day: date) -> str:
    return day_words(day, weekday=True, year=False)


async def look_home(reader: BoundReader, member: MemberFacts, now: datetime) -> Home:
    """Return the member's home as it stands at `now`."""
    today = market_day(now)
    whose = {"member_id": member.id, "currency": member.currency, "today": today}
    spans = {
        "since": FIRST_DAY,
        "pace_since": today - timedelta(days=PACE_DAYS),
        "refused_since": now - timedelta(days=2 * _QUIET_DAYS),
    }
    row = await reader.row(QUERIES["member_standing"], {**whose, **spans}) or {}
    units = 10 ** minor_digits(member.currency)
    asked = {**whose, "units": units, "simulated": SOURCE}
    worth = await reader.row(QUERIES["member_worth"], asked) or {}
    links = await reader.rows(QUERIES["member_links"], {"member_id": member.id})
    situation = _situation(member, today, row)
    return Home(
        member=member,
        today=today,
        situation=situation,
        forecast=forecast(situation, PaperBank().settles_on),
        undecided=row["undecided"],
        undecided_minor=row["undecided_minor"],
        account=" ".join(filter(None, (row["account_name"], row["mask"]))),
        balance_at=row["balance_at"],
        links=[BankLink(**link) for link in links],
        **worth,
    )


def _situation(member: MemberFacts, today: date, row: dict[str, Any]) -> Situation:
    refused = row["refused_on"]
    return Situation(
        today=today,
        waiting_minor=row["waiting_minor"],
        sweep_minor=row["sweep_minor"],
        guard_minor=row["guard_minor"],
        balance_minor=row["balance_minor"],
        rounded_minor=row["rounded_minor"],
        spent_minor=row["spent_minor"],
        in_flight=_flying(row, today),
        quiet_until=refused + timedelta(days=_QUIET_DAYS) if refused else None,
        state=member.state,
        is_read=row["is_read"],
    )


def _flying(row: dict[str, Any], today: date) -> Pull | None:
    if row["flying_minor"] is None:
        return None
    # What should have settled by now settles next: the bank has not said otherwise.
    settles_on = max(row["settles_on"], today + timedelta(days=1))
    return Pull(row["requested_on"], settles_on, row["flying_minor"])
