"""The sentences of the center: what waits, how well it goes, whom a decision touches."""

from __future__ import annotations

from collections.abc import Sequence

from myriad.kit.money import Money, minor_digits
from myriad.products.kamioi.center.views import (
    Dashboard,
    ModelUse,
    QueuedString,
    Reach,
    Stake,
    Version,
)
from myriad.scale.ui.filters import plural

METHODS = {
    "entity": "the bank's merchant",
    "exact": "its name",
    "prefix": "a name in it",
    "ngram": "likeness alone",
    "llm": "a model",
    "human": "a person",
    "quorum": "members",
    "rule": "a rule",
    "": "nothing yet",
}
BANDS = {"very_high": "very high", "high": "high", "medium": "medium", "low": "low"}
STATES = {
    "proposed": ("Waits", "warn"),
    "auto": ("Holds, decided alone", "info"),
    "approved": ("Holds", "good"),
    "rejected": ("Rejected", "bad"),
    "superseded": ("Over", "hollow"),
    "": ("Nothing holds", "hollow"),
}


def sums(stakes: Sequence[Stake]) -> str:
    """Return sums of several currencies beside each other."""
    return " and ".join(one.money.format() for one in stakes) or "nothing"


def answer(view: Dashboard) -> str:
    """Return the first line of the center."""
    if not view.waiting and view.auto_approve_rate is None:
        return "No string has come in yet"
    if not view.waiting:
        return "Nothing waits for a person"
    verb = "waits" if view.waiting == 1 else "wait"
    told = f"{plural(view.waiting, 'string')} {verb} for a person"
    return (
        f"{told}, {sums(view.held_round_ups)} of round-ups with them"
        if view.held_round_ups
        else told
    )


def lead(view: Dashboard) -> str:
    """Return what is at hand beside the queue."""
    beside = [
        (view.requests, "change asks for a person", "changes ask for a person"),
        (view.audits, "decision is to be checked", "decisions are to be checked"),
    ]
    return "; ".join(plural(count, one, many) for count, one, many in beside if count)


def queue_answer(shown: str, count: int, starts: str) -> str:
    """Return the first line of the queue."""
    if shown == "requests":
        return "These changes wait for a person" if count else "No change waits for a person"
    if shown == "audits":
        return "Was this right?" if count else "Nothing is to be checked"
    if starts:
        return (
            f"What waits and begins with “{starts}”"
            if count
            else f"Nothing that waits begins with “{starts}”"
        )
    return "Most money at stake comes first" if count else "Nothing waits for you"


def method(name: str) -> str:
    """Return what said so, in words."""
    return METHODS.get(name, name)


def state(item: QueuedString | Version) -> tuple[str, str]:
    """Return a state's word and colour."""
    return STATES.get(item.state, (item.state, "hollow"))


def brand(name: str | None) -> str:
    """Return a brand's name, or that it is none."""
    return name or "no brand"


def reach(item: QueuedString) -> str:
    """Return whom a decision touches, before it is made."""
    if not item.purchases:
        return "No purchase has it now."
    found: Reach = item.reach
    most = "at least " if found.is_at_least else ""
    whom = f"{plural(item.purchases, 'purchase')} worth {sums(item.stakes)}"
    told = f"{whom} of {most}{plural(found.members, 'member')}"
    if not found.open_round_ups:
        return f"{told}; no open round-up changes."
    verb = "is" if found.open_round_ups == 1 else "are"
    many = plural(found.open_round_ups, "open round-up")
    return f"{told}; {most}{many} ({sums(found.opened)}) {verb} made anew."


def alike(item: QueuedString) -> str:
    """Return how many more wait that begin with the same word."""
    verb = "begins" if item.alike == 1 else "begin"
    return f"{plural(item.alike, 'other')} waiting {verb} with “{first_word(item)}”"


def first_word(item: QueuedString) -> str:
    """Return the word by which alike strings are found."""
    return item.norm.split(" ", 1)[0]


def request(item: QueuedString) -> str:
    """Return which change waits, and of whom."""
    asked = item.request
    if asked is None:
        return ""
    if asked.reason == "quorum":
        return f"{plural(asked.members, 'member')} say {brand(asked.brand)} of their own purchases"
    return f"{asked.asked_name or 'Somebody'} says {brand(asked.brand)}; a second person must say the same"


def sum_for_two(view: Dashboard) -> str:
    """Return the sum above which two decide, in words."""
    if view.second_person_minor is None:
        return "One person decides, whatever hangs on a string."
    most = Money(view.second_person_minor, view.currency).format()
    return (
        f"Above {most} of purchases at a string two persons decide; "
        "other currencies count at the rate that was stated last."
    )


def typed_sum(view: Dashboard) -> str:
    """Return the sum above which two decide as an owner types it, empty of none."""
    if view.second_person_minor is None:
        return ""
    digits = minor_digits(view.currency)
    return f"{view.second_person_minor / 10**digits:.{digits}f}"


def unrated(currencies: Sequence[str]) -> str:
    """Return of which currencies no rate is known."""
    return f"No rate of {' or '.join(currencies)} is known"


def options(currencies: Sequence[str]) -> list[tuple[str, str]]:
    """Return currencies to choose from."""
    return [(one, one) for one in currencies]


def two(item: QueuedString) -> str:
    """Return why two persons decide a string."""
    if not item.needs_second:
        return ""
    if item.worth.unrated:
        return f"{unrated(item.worth.unrated)}: two persons decide."
    return "Two persons decide."


def cost(use: ModelUse) -> str:
    """Return what models cost today."""
    dollars = use.cost_usd_micros / 1_000_000
    return f"${dollars:,.2f}" if dollars >= 0.01 or not dollars else f"${dollars:,.4f}"


def outcome(decided: int, waiting: int, stale: int) -> str:
    """Return what became of a decision of many strings."""
    told = [
        (decided, "is decided", "are decided"),
        (waiting, "waits for a second person", "wait for a second person"),
        (
            stale,
            "was decided by somebody else meanwhile",
            "were decided by somebody else meanwhile",
        ),
    ]
    return "; ".join(
        f"{count:,} {one if count == 1 else many}" for count, one, many in told if count
    )
