"""Insights as templates: a claim whose numbers come from SQL, and a prediction that can fail.

A prediction names a measure, a period and bounds; at its horizon the measure is taken again and
the insight was right when it lies within the bounds. Bounds are 80 % intervals under the models'
own probabilities, so about four in five should hold.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from myriad.kit.errors import MyriadError
from myriad.kit.money import Money
from myriad.products.keeper.repository.sql import Row

_EIGHTY_PERCENT = 1.2816
_NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
WEEKDAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")
MINIMUM_COHORT = 10
_URGENT_PEOPLE, _URGENT_DROP = 3, -0.2


class UnfoundedClaimError(MyriadError):
    """A claim holds a number that its evidence does not."""

    code = "keeper_unfounded_claim"
    title = "Unfounded claim"


@dataclass(frozen=True)
class Claim:
    """One insight before it is stored; `facts` are (name, value in words)."""

    kind: str
    claim: str
    facts: tuple[tuple[str, str], ...]
    predicted: dict[str, Any]
    horizon_date: date
    priority: int
    series: tuple[float, ...] = ()
    numbers: dict[str, Any] = field(default_factory=dict)

    @property
    def evidence(self) -> dict[str, Any]:
        """The evidence as it is stored."""
        facts = [{"label": label, "value": value} for label, value in self.facts]
        return {"facts": facts, "series": list(self.series), "numbers": self.numbers}


def check_numbers(claim: Claim) -> None:
    """Raise UnfoundedClaimError when a number of the claim is not among its evidence."""
    known = {number for fact in claim.facts for part in fact for number in _NUMBER.findall(part)}
    unknown = [number for number in _NUMBER.findall(claim.claim) if number not in known]
    if unknown:
        raise UnfoundedClaimError(f"{claim.kind} claims {unknown} without evidence")


def bounds(probabilities: Sequence[float]) -> tuple[int, int]:
    """Return the 80 % interval of how many of independent events happen (normal approximation)."""
    mean = sum(probabilities)
    spread = _EIGHTY_PERCENT * math.sqrt(sum(p * (1 - p) for p in probabilities))
    return max(0, math.floor(mean - spread)), min(len(probabilities), math.ceil(mean + spread))


def slipping(rows: Sequence[Row], day: date, currency: str) -> Claim | None:
    """Regulars who are late against their own rhythm; some of them will come back unasked."""
    if not rows:
        return None
    count, worth = len(rows), sum(row["yearly_value"] or 0 for row in rows)
    money = Money(worth, currency).format(whole=True)
    low, high = bounds([1 - row["churn_90"] for row in rows])
    who = "One regular is" if count == 1 else f"{count:,} regulars are"
    horizon = day + timedelta(days=90)
    return Claim(
        kind="slipping_regulars",
        claim=f"{who} slipping away, who brought {money} a year so far.",
        facts=(
            ("Slowing or likely lapsed", f"{count:,}"),
            ("Brought so far", f"{money} a year"),
            ("Longest silence", f"{max(row['gap_days'] for row in rows):,} days"),
        ),
        predicted={
            "sentence": f"Without a call, {low} to {high} of them come back within 90 days.",
            "measure": "returned",
            "person_ids": [str(row["person_id"]) for row in rows],
            "low": low,
            "high": high,
            "first": (day + timedelta(days=1)).isoformat(),
            "last": horizon.isoformat(),
        },
        horizon_date=horizon,
        priority=90 if count >= _URGENT_PEOPLE else 70,
        numbers={"people": count, "yearly_value": worth},
    )


def trend(
    now: Row,
    before: Row,
    weeks: Sequence[float],
    day: date,
    currency: str,
    open_share: float = 1.0,
) -> Claim | None:
    """The last four weeks against the four before.

    `open_share` of the usual open days of the next four are open: the owner's closed days bring
    no visits.
    """
    if not before["net"] or not before["visits"]:
        return None
    change = now["net"] / before["net"] - 1
    word = "up" if change >= 0 else "down"
    percent = f"{abs(change):.0%}"
    mean = sum(weeks) / len(weeks)
    spread = math.sqrt(sum((week - mean) ** 2 for week in weeks) / max(len(weeks) - 1, 1))
    reach = _EIGHTY_PERCENT * 2 * max(spread, math.sqrt(max(mean, 1.0)))
    ahead = 4 * mean * open_share
    low, high = max(0, math.floor(ahead - reach)), math.ceil(ahead + reach)
    horizon = day + timedelta(days=28)
    return Claim(
        kind="takings_trend",
        claim=f"Takings of the last 28 days are {word} {percent} on the 28 days before.",
        facts=(
            ("Last 28 days", Money(now["net"], currency).format(whole=True)),
            ("28 days before", Money(before["net"], currency).format(whole=True)),
            ("Change", f"{word} {percent}"),
            ("Visits", f"{now['visits']:,} after {before['visits']:,}"),
        ),
        predicted={
            "sentence": f"The next 28 days bring {low:,} to {high:,} visits.",
            "measure": "visits",
            "low": low,
            "high": high,
            "first": (day + timedelta(days=1)).isoformat(),
            "last": horizon.isoformat(),
        },
        horizon_date=horizon,
        priority=85 if change <= _URGENT_DROP else 60 if abs(change) >= 0.1 else 30,
        series=tuple(weeks),
        numbers={"net_now": now["net"], "net_before": before["net"]},
    )


def quiet_day(rows: Sequence[Row], day: date) -> Claim | None:
    """The weekday with the fewest visits among those on which the business opens."""
    opened = [row for row in rows if row["total"] >= 2 * row["days"] / 7]
    if len(opened) < 3:
        return None
    quiet = min(opened, key=lambda row: (row["visits"], row["weekday"]))
    best = max(opened, key=lambda row: (row["visits"], -row["weekday"]))
    horizon = day + timedelta(days=28)
    low, high = f"{quiet['visits']:.1f}", f"{best['visits']:.1f}"
    name = WEEKDAYS[quiet["weekday"] - 1]
    return Claim(
        kind="quiet_weekday",
        claim=f"{name} are the quietest: {low} visits a day, against {high} on "
        f"{WEEKDAYS[best['weekday'] - 1]}.",
        facts=tuple(
            (
                WEEKDAYS[row["weekday"] - 1],
                f"{row['visits']:.1f} visits a day" if row["total"] else "closed",
            )
            for row in rows
        ),
        predicted={
            "sentence": f"{name} stay among the two quietest days over the next 28 days.",
            "measure": "weekday_rank",
            "weekday": quiet["weekday"],
            "open": [row["weekday"] for row in opened],
            "low": 1,
            "high": 2,
            "first": (day + timedelta(days=1)).isoformat(),
            "last": horizon.isoformat(),
        },
        horizon_date=horizon,
        priority=40,
        series=tuple(row["visits"] for row in rows),
        numbers={"weekday": quiet["weekday"], "visits": quiet["visits"]},
    )


def second_visit(cohort: Row, day: date) -> Claim | None:
    """How many of the newcomers of the quarter before last came back within 90 days."""
    if cohort["people"] < MINIMUM_COHORT:
        return None
    share = cohort["returned"] / cohort["people"]
    spread = _EIGHTY_PERCENT * math.sqrt(2 * share * (1 - share) / cohort["people"])
    low, high = max(0.0, share - spread), min(1.0, share + spread)
    horizon = day + timedelta(days=90)
    return Claim(
        kind="second_visit",
        claim=f"{share:.0%} of {cohort['people']:,} newcomers came back within 90 days.",
        facts=(
            ("Newcomers 90 to 180 days ago", f"{cohort['people']:,}"),
            ("Back within 90 days", f"{cohort['returned']:,} ({share:.0%})"),
            ("Average salon, published by Boulevard", "45%"),
        ),
        predicted={
            "sentence": f"Of the newcomers of the last 90 days, {low:.0%} to {high:.0%} come back.",
            "measure": "second_visit",
            "low": low,
            "high": high,
            "first": (day - timedelta(days=89)).isoformat(),
            "last": day.isoformat(),
        },
        horizon_date=horizon,
        priority=50,
        numbers={"people": cohort["people"], "returned": cohort["returned"]},
    )


def best_customers(row: Row, churn: Sequence[float], day: date, currency: str) -> Claim | None:
    """How much of the year's takings comes from the tenth of customers who spend most."""
    if row["people"] < 3 * MINIMUM_COHORT or not row["net"] or not churn:
        return None
    share = f"{row['top_net'] / row['net']:.0%}"
    low, high = bounds([1 - value for value in churn])
    horizon = day + timedelta(days=90)
    return Claim(
        kind="best_customers",
        claim=f"{row['top_people']:,} of {row['people']:,} customers bring {share} of the takings.",
        facts=(
            ("Customers of the last 365 days", f"{row['people']:,}"),
            ("The tenth who spend most", f"{row['top_people']:,}"),
            ("Their takings", Money(row["top_net"], currency).format(whole=True) + f" ({share})"),
            ("All takings", Money(row["net"], currency).format(whole=True)),
        ),
        predicted={
            "sentence": f"{low:,} to {high:,} of these {row['top_people']:,} come within 90 days.",
            "measure": "returned",
            "person_ids": [str(person_id) for person_id in row["top_ids"]],
            "low": low,
            "high": high,
            "first": (day + timedelta(days=1)).isoformat(),
            "last": horizon.isoformat(),
        },
        horizon_date=horizon,
        priority=35,
        numbers={"top_net": row["top_net"], "net": row["net"]},
    )
