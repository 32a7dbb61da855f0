"""How often a kind of insight comes true, and when it has to fall silent."""

from __future__ import annotations

from datetime import date, timedelta

from myriad.products.keeper.proof.intervals import Interval, wilson

GOAL = 0.75
"""The share of predictions that should come true."""

MUTE_AFTER = 8
"""Grades before a kind can fall silent."""

RETRY_DAYS = 90
"""Days until a kind that fell silent is tried again, judged by its new insights alone."""


def accuracy(right: int, graded: int) -> Interval | None:
    """Return how often a kind came true with its 90 % interval, None before the first grade."""
    return wilson(right, graded) if graded else None


def is_credibly_low(right: int, graded: int) -> bool:
    """Return whether a kind is below the goal beyond doubt: even the upper bound is."""
    return graded >= MUTE_AFTER and wilson(right, graded).high < GOAL


def retry_on(day: date) -> date:
    """Return the day on which a kind that fell silent on `day` is tried again."""
    return day + timedelta(days=RETRY_DAYS)


def reason_to_mute(right: int, graded: int) -> str:
    """Return in words why a kind fell silent."""
    high = wilson(right, graded).high
    return (
        f"{right} of {graded} came true; at best that is {high:.0%}, below the goal of {GOAL:.0%}."
    )
