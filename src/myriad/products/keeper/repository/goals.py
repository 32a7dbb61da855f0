"""The owner's goals with the pace towards them, for Today and for reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from myriad.products.keeper.pacing import HISTORY_DAYS, Period, month_of, pace, week_of
from myriad.products.keeper.repository.accounts import AccountFacts
from myriad.products.keeper.repository.sql import fetch
from myriad.products.keeper.views.goals import GoalPace
from myriad.products.keeper.views.preferences import Preferences
from myriad.scale.data import ReadSession


async def list_paces(
    session: ReadSession, account: AccountFacts, chosen: Preferences
) -> tuple[GoalPace, ...]:
    """Return the goals as Today shows them; the calls are those of the present week."""
    return await _paces(session, account, chosen, account.day, "goal_takings")


async def list_known_paces(
    session: ReadSession, account: AccountFacts, day: date, chosen: Preferences
) -> tuple[GoalPace, ...]:
    """Return the goals as a report of `day` shows them, after `history.know_until`."""
    return await _paces(session, account, chosen, day, "known_goal_takings")


async def _paces(
    session: ReadSession, account: AccountFacts, chosen: Preferences, day: date, takings: str
) -> tuple[GoalPace, ...]:
    closed = {item.day for item in chosen.closed_days}
    found = []
    if chosen.goals.takings_per_month:
        period = month_of(day, account.last_whole(day))
        amounts = await _amounts(session, takings, period)
        found.append(
            pace(
                "takings",
                chosen.goals.takings_per_month,
                period,
                amounts,
                closed=closed,
                currency=account.currency,
            )
        )
    if chosen.goals.calls_per_week:
        # Calls are made in the present, also on what a log of the past says.
        called = max(day, account.today) if takings == "goal_takings" else day
        period = week_of(called, account.last_whole(called))
        amounts = await _amounts(session, "goal_calls", period, zone=account.timezone)
        found.append(
            pace(
                "calls",
                chosen.goals.calls_per_week,
                period,
                amounts,
                closed=closed,
                currency=account.currency,
            )
        )
    return tuple(found)


async def _amounts(
    session: ReadSession, query: str, period: Period, **more: Any
) -> dict[date, int]:
    first = min(period.first, period.complete - timedelta(days=HISTORY_DAYS - 1))
    rows = await fetch(session, query, first=first, last=period.day, **more)
    return {row["local_date"]: int(row["amount"]) for row in rows}


def paces_json(paces: Sequence[GoalPace]) -> list[dict[str, Any]]:
    """Return the paces as a report stores them."""
    return [
        {
            "kind": item.kind,
            "first": item.first.isoformat(),
            "last": item.last.isoformat(),
            "day": item.day.isoformat(),
            "currency": item.currency,
            "goal": item.goal,
            "so_far": item.so_far,
            "verdict": item.verdict,
            "expected": item.expected,
            "low": item.low,
            "high": item.high,
        }
        for item in paces
    ]


def paces_from(stored: Sequence[Mapping[str, Any]]) -> tuple[GoalPace, ...]:
    """Return the paces that a report holds; an older report holds none."""
    return tuple(
        GoalPace(**{**item, **{name: date.fromisoformat(item[name]) for name in _DAYS}})
        for item in stored
    )


_DAYS = ("first", "last", "day")
