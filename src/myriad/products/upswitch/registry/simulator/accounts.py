"""Accounts of companies that do not exist, in books that balance unless they are meant not to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from random import Random

Rubrics = dict[str, dict[str, int]]

_LAST_YEAR = 2025
_YEARS = 4
_OWN = ("70", "9900", "9901", "9903", "9904")


@dataclass(frozen=True, slots=True)
class Deposit:
    """One filed year: whole euros by rubric and period."""

    reference: str
    model: str
    start: date
    end: date
    deposited_on: date
    rubrics: Rubrics


def deposits_of(number: int) -> list[Deposit]:
    """Return what the enterprise of that number filed, oldest first.

    One in ten never filed, one in eight has its first year extended, one in twelve filed the last
    one on paper, and a third are too small to show their turnover.
    """
    dice = Random(number)  # noqa: S311 - repeatable invention, not secrecy.
    if dice.random() < 0.1:
        return []
    is_micro = dice.random() < 0.35
    extended = dice.random() < 0.125
    paper = dice.random() < 0.08
    years = [_year(dice, size) for size in _sizes(dice)]
    found = []
    for place, rubrics in enumerate(years):
        year = _LAST_YEAR - _YEARS + 1 + place
        start = date(year - 1, 7, 1) if extended and place == 0 else date(year, 1, 1)
        shown = {code: {"N": value} for code, value in rubrics.items()}
        if place:
            for code, value in years[place - 1].items():
                shown.setdefault(code, {})["NM1"] = value
        if is_micro:
            shown.pop("70")
        last = place == _YEARS - 1
        found.append(
            Deposit(
                reference=f"{year + 1}-{number // 100:08d}",
                model=("m07" if is_micro else "m01") + ("-p" if paper and last else "-f"),
                start=start,
                end=date(year, 12, 31),
                deposited_on=date(year + 1, 6, 20),
                rubrics=shown,
            )
        )
    return found


def _sizes(dice: Random) -> list[float]:
    size = 10 ** dice.uniform(5.2, 7.4)
    sizes = []
    for _ in range(_YEARS):
        sizes.append(size)
        size *= 1 + dice.gauss(0.05, 0.08)
    return sizes


def _year(dice: Random, turnover: float) -> dict[str, int]:
    """Return one year's rubrics in whole euros; assets equal liabilities."""
    goods = turnover * dice.uniform(0.35, 0.7)
    margin = turnover - goods
    staff = margin * dice.uniform(0.4, 0.8)
    depreciation = turnover * dice.uniform(0.02, 0.06)
    written_off = turnover * dice.uniform(0, 0.003)
    odd_cost = turnover * 0.02 if dice.random() < 0.1 else 0.0
    whole = {
        "70": turnover,
        "60/61": goods,
        "9900": margin,
        "62": staff,
        "630": depreciation,
        "631/4": written_off,
        "66A": odd_cost,
    }
    found = {code: round(value) for code, value in whole.items()}
    found["9901"] = found["9900"] - found["62"] - found["630"] - found["631/4"] - found["66A"]
    found["650"] = round(turnover * dice.uniform(0.001, 0.015))
    found["9903"] = found["9901"] - found["650"]
    found["9904"] = found["9903"] - max(0, round(found["9903"] * 0.25))
    found |= _balance(dice, turnover)
    found["9087"] = round(staff / 62_000) or 1
    return found


def _balance(dice: Random, turnover: float) -> dict[str, int]:
    share = {
        "20/28": (0.1, 0.6),
        "3": (0.02, 0.15),
        "40": (0.08, 0.2),
        "50/53": (0.0, 0.05),
        "54/58": (0.02, 0.2),
    }
    found = {code: round(turnover * dice.uniform(*span)) for code, span in share.items()}
    found["29/58"] = found["3"] + found["40"] + found["50/53"] + found["54/58"]
    found["20/58"] = found["20/28"] + found["29/58"]
    rest = found["20/58"]
    debts = {
        "16": (0.0, 0.03),
        "170/4": (0.0, 0.3),
        "42": (0.0, 0.08),
        "43": (0.0, 0.06),
        "44": (0.05, 0.25),
    }
    owed = {code: round(rest * dice.uniform(*span)) for code, span in debts.items()}
    owed["17"] = owed["170/4"]
    owed["17/49"] = owed["17"] + owed["42"] + owed["43"] + owed["44"]
    return found | owed | {"10/15": rest - owed["16"] - owed["17/49"], "10/49": rest}
