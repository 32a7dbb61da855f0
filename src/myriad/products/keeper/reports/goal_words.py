"""The goals in words, the same on Today, in reports and in the PDF."""

from __future__ import annotations

from myriad.kit.money import Money
from myriad.products.keeper.views.goals import GoalPace

_ENDS = {
    "on_course": "so the goal is on course",
    "open": "so it may go either way",
    "behind": "so the goal is out of reach at this pace",
}


def name(goal: GoalPace) -> str:
    """Return what the goal is of, such as `Takings in October`."""
    if goal.kind == "takings":
        return f"Takings in {goal.first:%B}"
    return f"Calls in the week of {goal.first.day} {goal.first:%b}"


def standing(goal: GoalPace) -> str:
    """Return how much is reached of how much, such as `$8,200 of $20,000`."""
    return f"{_amount(goal, goal.so_far)} of {_amount(goal, goal.goal)}"


def pace(goal: GoalPace) -> str:
    """Return where the usual pace leads, never without its interval, or why nobody can say."""
    if goal.expected is None or goal.low is None or goal.high is None:
        return _unsaid(goal)
    best, low, high = (_amount(goal, value) for value in (goal.expected, goal.low, goal.high))
    by = f"{goal.last.day} {goal.last:%b}"
    end = _ENDS.get(goal.verdict, "")
    return f"At the usual pace {best} by {by}, between {low} and {high}, {end}."


def sentence(goal: GoalPace) -> str:
    """Return the goal whole, for a report."""
    return f"{name(goal)}: {standing(goal)}. {pace(goal)}"


def _unsaid(goal: GoalPace) -> str:
    if goal.verdict == "reached":
        return "The goal is reached."
    if goal.verdict == "missed":
        return "The goal was not reached."
    what = "takings" if goal.kind == "takings" else "calls"
    return f"Too early to say where it leads: that takes four weeks of {what}."


def _amount(goal: GoalPace, value: int) -> str:
    if goal.kind == "takings":
        return Money(value, goal.currency).format(whole=True)
    return f"{value:,}"
