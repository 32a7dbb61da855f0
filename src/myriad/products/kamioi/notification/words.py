"""The sentences of the notifications: what happened, what it means, where to go, how pressing it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from myriad.kit.money import Money
from myriad.products.kamioi.notification.reading import Notification
from myriad.scale.ui.filters import day, plural

Level = Literal["urgent", "high", "normal"]
ACCOUNTS, ACTIVITY, PORTFOLIO = "/kamioi/accounts", "/kamioi/activity", "/kamioi/portfolio"
_TAGS = {
    "round_ups_pulled": "Round-ups",
    "shares_bought": "Shares",
    "mapping_changed": "Company",
    "bank_needs_login": "Bank",
    "bank_consent_ends": "Bank",
    "sweep_rejected": "Bank",
    "sweep_returned": "Bank",
    "security_gone": "Shares",
    "foreign_purchase": "Round-ups",
}


@dataclass(frozen=True, slots=True)
class Said:
    """A notification in words; `href` leads to what can be done about it."""

    title: str
    detail: str
    href: str
    level: Level = "normal"


def said(one: Notification) -> Said:
    """Return a notification in words; one of an unknown kind says its kind."""
    tell = _KINDS.get(one.kind)
    if tell is None:
        return Said(one.kind.replace("_", " ").capitalize(), "", ACTIVITY)
    return tell(one.facts)


def tag(one: Notification) -> str:
    """Return what sort of notification it is."""
    return _TAGS.get(one.kind, "Kamioi")


def _amount(facts: Mapping[str, Any]) -> str:
    return Money(int(facts.get("amount_minor", 0)), str(facts.get("currency", "USD"))).format()


def _pulled(facts: Mapping[str, Any]) -> Said:
    settles = facts.get("settles_on")
    when = f"It settles on {day(date.fromisoformat(settles))}; then" if settles else "Then"
    return Said(
        f"{_amount(facts)} of round-ups is on its way from your bank",
        f"{when} it buys shares of where you shopped.",
        PORTFOLIO,
    )


def _bought(facts: Mapping[str, Any]) -> Said:
    tickers: Sequence[str] = facts.get("tickers", ())
    count = int(facts.get("shares", len(tickers)))
    more = f" and {count - len(tickers)} more" if count > len(tickers) else ""
    return Said(
        f"{_amount(facts)} became shares of {plural(count, 'company', 'companies')}",
        f"{', '.join(tickers)}{more}.",
        PORTFOLIO,
    )


def _mapping(facts: Mapping[str, Any]) -> Said:
    company = facts.get("company") or "no company"
    return Said(
        f"\u201c{facts.get('raw', '')}\u201d counts as {company} now",
        f"Until now it counted as {facts.get('before') or 'no company'}. What is bought already "
        "stays; say otherwise under Activity if this is wrong.",
        ACTIVITY,
        "high",
    )


def _login(facts: Mapping[str, Any]) -> Said:
    bank = facts.get("institution") or "Your bank"
    return Said(
        f"{bank} asks you to sign in again",
        "Until then no purchases come in, and nothing rounds up or is pulled.",
        ACCOUNTS,
        "urgent",
    )


def _consent(facts: Mapping[str, Any]) -> Said:
    ends = facts.get("ends_on")
    when = f"on {day(date.fromisoformat(ends))}" if ends else "soon"
    return Said(
        f"{facts.get('institution') or 'Your bank'} can be read no more {when}",
        "Your purchases come in until then. Sign in again before, and none is missed.",
        ACCOUNTS,
        "high",
    )


def _rejected(facts: Mapping[str, Any]) -> Said:
    return Said(
        f"Your bank refused to send {_amount(facts)}",
        "Nothing is lost: your round-ups wait, and are pulled again after a week.",
        ACCOUNTS,
        "high",
    )


def _returned(facts: Mapping[str, Any]) -> Said:
    return Said(
        f"Your bank took {_amount(facts)} back",
        "No shares are sold. If your cash is below zero now, nothing more is pulled until it is "
        "settled with your programme.",
        PORTFOLIO,
        "urgent",
    )


def _gone(facts: Mapping[str, Any]) -> Said:
    return Said(
        f"{_amount(facts)} waits as cash: its share is no longer traded",
        "What was meant for it is plain cash again.",
        PORTFOLIO,
        "high",
    )


def _foreign(facts: Mapping[str, Any]) -> Said:
    booked = facts.get("booked_on")
    when = f" of {day(date.fromisoformat(booked))}" if booked else ""
    return Said(
        f"A purchase{when} in a foreign currency waits",
        "It rounds up once your programme has set its rate; you need do nothing.",
        ACTIVITY,
    )


_KINDS: Mapping[str, Callable[[Mapping[str, Any]], Said]] = {
    "round_ups_pulled": _pulled,
    "shares_bought": _bought,
    "mapping_changed": _mapping,
    "bank_needs_login": _login,
    "bank_consent_ends": _consent,
    "sweep_rejected": _rejected,
    "sweep_returned": _returned,
    "security_gone": _gone,
    "foreign_purchase": _foreign,
}
