"""What the member's pages say and draw of their figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from markupsafe import Markup

from myriad.kit.money import minor_digits
from myriad.products.kamioi.member.home import Home
from myriad.products.kamioi.member.rules import Rules
from myriad.products.kamioi.member.why import REPLAY_YEAR, Why
from myriad.scale.ui import charts
from myriad.scale.ui.charts import Point
from myriad.scale.ui.filters import capital
from myriad.scale.ui.filters import day as day_words

_FIRST_YEAR = 2010
DONE = {
    "own": ("Changed for you", "All your purchases with this text count so from now on."),
    "all": (
        "Changed for you, and proposed to all",
        "Other members said the same; a person of the programme decides for everybody.",
    ),
    "sure": ("Confirmed", "It rounds up with the next run."),
    "back": ("As the programme decides", "Your own choice for this text is gone."),
}
STATES = {
    "pending": "pending",
    "posted": "posted",
    "removed": "taken back by the bank",
    "expired": "never posted",
}
POLICIES = (
    ("etf", "Buy the fund that is chosen below"),
    ("cash", "Keep the round-up as cash"),
    ("skip", "Do not round up"),
)


_FIELDS = {
    "multiplier": "The multiple",
    "cap_day_minor": "The cap of a day",
    "cap_week_minor": "The cap of a week",
    "sweep_minor": "What has to gather before a pull",
    "guard_minor": "What your account keeps",
    "private_policy": "What happens at a private company",
    "etf_security_id": "The fund",
    "excluded_brand_ids": "The companies left out",
}


@dataclass(frozen=True, slots=True)
class Drawn:
    """A chart, its numbers and what it says in a sentence."""

    chart: Markup
    points: list[Point]
    rest: str


class Advice(NamedTuple):
    """A notice above the page: its title, its text and how grave it is."""

    title: str
    text: str
    level: str


def balance(view: Home) -> Drawn:
    """Return the expected balance of the next fourteen days."""
    points = [
        Point(
            f"{one.day.day} {one.day:%b}",
            one.balance_minor / 10 ** minor_digits(view.member.currency),
            view.money(one.balance_minor).format()
            + (
                f", after a pull of {view.money(one.settled_minor).format()}"
                if one.settled_minor
                else ""
            ),
        )
        for one in view.forecast.days
    ]
    lowest = view.forecast.lowest
    rest = (
        f"Lowest on {day_words(lowest.day, year=False)}: {view.money(lowest.balance_minor).format()}"
        if lowest
        else ""
    )
    chart = charts.line_chart(points, title="Expected balance", desc=rest or "No balance is known.")
    return Drawn(chart, points, rest)


def pull_advice(view: Home) -> Advice | None:
    """Return the advice to pause when a pull would leave too little, else None."""
    short = view.forecast.short
    if short is None:
        return None
    left = view.money(short.balance_minor).format()
    guard = view.money(view.situation.guard_minor).format()
    pulled = view.money(short.settled_minor).format()
    return Advice(
        "Think of pausing",
        f"At the pace of the last four weeks the pull of {pulled} leaves {left} in your account on "
        f"{day_words(short.day, weekday=True, year=False)}, less than the {guard} that you want to "
        "keep.",
        "warning",
    )


def next_pull(view: Home) -> tuple[str, str]:
    """Return the day of the next pull and what stands beside it."""
    pull = view.forecast.next_pull
    if pull is None:
        return "None", "within two weeks"
    settled = f"settles {day_words(pull.settles_on, year=False)}"
    if pull.requested_on <= view.today:
        return "Under way", settled
    return day_words(pull.requested_on, weekday=True, year=False), settled


def worth(view: Home) -> str:
    """Return what stands beside the portfolio's value."""
    if not view.holdings:
        return "no share yet"
    unpriced = f", {view.unpriced} without a price" if view.unpriced else ""
    simulated = ", at simulated closes" if view.simulated else ""
    return f"cost {view.money(view.cost_minor).format()}{unpriced}{simulated}"


def years(view: Why) -> range:
    """Return the years of which may be asked what the purchase would have bought."""
    booked = view.row.booked_on.year
    return range(max(booked, REPLAY_YEAR), min(booked, _FIRST_YEAR) - 1, -1)


def rules_answer(rules: Rules) -> str:
    """Return the first line of the rules' page."""
    if rules.multiplier == 1:
        return "Every purchase rounds up to the next whole amount"
    return f"Every purchase rounds up to the next whole amount, {rules.multiplier} times over"


def fault(faults: Mapping[str, str]) -> str:
    """Return the first fault of the rules that were typed, with its field as the form names it."""
    name, expected = next(iter(faults.items()))
    return f"{_FIELDS.get(name, capital(name.replace('_', ' ')))}: {expected}."
