"""What each agent's work is called where an owner misses it."""

from __future__ import annotations

_MISSED = {
    "data": "What Square knows is not up to date",
    "matching": "Profiles of one person could not be found",
    "analysis": "Who is slipping away could not be worked out",
    "employee": "Staff figures could not be worked out",
    "review": "Reviews could not be judged",
    "insight": "Insights could not be made",
    "report": "Reports could not be made",
}


def missed(agent: str) -> str:
    """Return in words what is not there because an agent did not finish."""
    return _MISSED.get(agent, "Some of the night's work could not be done")
