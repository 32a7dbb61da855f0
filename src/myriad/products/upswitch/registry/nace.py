"""What a company does, by its NACE codes, and which of several codes to believe.

A KBO entity lists activities under up to three versions of NACE-BEL (2003, 2008, 2025), for VAT
(group 001), for the social security office (006) and others, each as main, secondary or ancillary.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_VERSIONS = (2025, 2008, 2003)
_CLASSES = ("MAIN", "SECO", "ANCI")
_GROUPS = ("001", "006", "003")
_FINANCIAL = ("64", "65", "66")


@dataclass(frozen=True, slots=True)
class Activity:
    """One line of a company's activities; `code` has two to five digits."""

    group: str
    version: int
    code: str
    classification: str


def choose_activities(activities: Iterable[Activity]) -> tuple[Activity, ...]:
    """Return the activities that may be the company's main one, the likeliest first.

    The newest version counts alone; within it main before secondary before ancillary, then VAT
    before social security before all else. More than one result means that the registry names
    several in the first class: the user is to choose. Codes that agree stand once.
    """
    ordered = sorted(activities, key=_rank)
    if not ordered:
        return ()
    first = ordered[0]
    best = [
        each
        for each in ordered
        if (each.version, each.classification) == (first.version, first.classification)
    ]
    return tuple({each.code: each for each in reversed(best)}[code] for code in _codes(best))


def _codes(activities: Iterable[Activity]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.code for each in activities))


def _rank(activity: Activity) -> tuple[int, int, int, str]:
    return (
        _place(_VERSIONS, activity.version),
        _place(_CLASSES, activity.classification),
        _place(_GROUPS, activity.group),
        activity.code,
    )


def _place(order: tuple[object, ...], value: object) -> int:
    return order.index(value) if value in order else len(order)


def is_financial(code: str) -> bool:
    """Tell whether the code is of banks, insurers and their helpers (NACE divisions 64 to 66).

    Their debt is raw material, so a value from free cash flow means nothing; price to book does.
    """
    return code[:2] in _FINANCIAL
