"""Everybody's numbers on a day, computed at once and stored nowhere."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from myriad.kit.money import minor_digits
from myriad.products.keeper.agents.context import AgentContext
from myriad.products.keeper.agents.measures import (
    Measured,
    as_metrics,
    bare_columns,
    final_states,
    measure,
)
from myriad.products.keeper.repository.columns import (
    VisitColumns,
    load_booking_columns,
    load_visit_columns,
)
from myriad.products.keeper.repository.history import load_people
from myriad.products.keeper.repository.sql import Row
from myriad.products.keeper.retention import bgnbd
from myriad.products.keeper.retention.errors import NotEnoughHistoryError
from myriad.products.keeper.retention.history import DAYS_PER_WEEK, Floats

_DIGITS = 12


async def export_customers(
    context: AgentContext, horizons_days: Sequence[int]
) -> tuple[list[dict[str, Any]], str | None]:
    """Return one row for everybody who had come by the day, and why numbers are missing, if so."""
    async with context.reading() as session:
        visits = await load_visit_columns(session, context.day)
        bookings = await load_booking_columns(session, context.day, visits.people)
        people = {row["id"]: row for row in await load_people(session, context.day)}
    if not visits.size:
        return [], f"Nobody had come by {context.day}."
    try:
        measured = await asyncio.to_thread(measure, visits, bookings, context.day, horizons_days)
    except NotEnoughHistoryError as error:
        return _bare_rows(visits, people, context, horizons_days), f"{error.detail}."
    return _rows(measured, people, context, horizons_days), None


def _rows(
    measured: Measured, people: dict[Any, Row], context: AgentContext, horizons: Sequence[int]
) -> list[dict[str, Any]]:
    found, unit = measured.retention, 10 ** minor_digits(context.account.currency)
    history, states = found.history, final_states(found)
    ahead = {days: _visits_within(measured, days) for days in horizons}
    rows = []
    for place in range(history.customers):
        person_id = measured.people[history.person[place]]
        spend = _money(found.expected_spend[place], unit)
        row = _head(people[person_id], context, history.gap[place], history.age[place])
        row |= {
            "x": int(history.x[place]),
            "t_x": _real(history.t_x[place]),
            "T": _real(history.age[place]),
            "p_alive": _real(found.p_alive[place]),
        }
        for days in horizons:
            visits = float(ahead[days][place])
            row[f"churn_{days}"] = _real(found.churn[days][place])
            row[f"expected_visits_{days}"] = _real(visits)
            row[f"expected_value_{days}"] = None if spend is None else round(visits * spend, 4)
        row |= {
            "expected_spend": spend,
            "clv_12m": _money(found.clv_12m[place], unit),
            "value_at_risk": _money(found.value_at_risk[place], unit),
            "state": states[place],
            "reason": found.cadence.reason(place).rule,
        }
        rows.append(row)
    return sorted(rows, key=lambda row: str(row["external_id"]))


def _visits_within(measured: Measured, days: int) -> Floats:
    found = measured.retention
    history = found.history
    return bgnbd.expected_purchases(
        found.report.model.parameters, history.x, history.t_x, history.age, days / DAYS_PER_WEEK
    )


def _bare_rows(
    visits: VisitColumns, people: dict[Any, Row], context: AgentContext, horizons: Sequence[int]
) -> list[dict[str, Any]]:
    rows = []
    for item in as_metrics(bare_columns(visits, context.day)):
        row = _head(people[item["person_id"]], context, item["gap_days"], item["age_weeks"])
        row |= {"x": item["x"], "t_x": item["t_x_weeks"], "T": item["age_weeks"], "p_alive": None}
        for days in horizons:
            names = (f"churn_{days}", f"expected_visits_{days}", f"expected_value_{days}")
            row |= dict.fromkeys(names)
        row |= dict.fromkeys(("expected_spend", "clv_12m", "value_at_risk"))
        rows.append({**row, "state": "unknown", "reason": "not_enough_history"})
    return sorted(rows, key=lambda row: str(row["external_id"]))


def _head(person: Row, context: AgentContext, gap_days: float, age_weeks: float) -> dict[str, Any]:
    first = context.day - timedelta(days=round(float(age_weeks) * DAYS_PER_WEEK))
    return {
        "external_id": person["ext_id"],
        "name": person["display_name"],
        "profiles": person["profiles"],
        "first_visit": first.isoformat(),
        "last_visit": (context.day - timedelta(days=int(gap_days))).isoformat(),
    }


def _real(value: Any) -> float:
    return round(float(value), _DIGITS)


def _money(value: Any, unit: int) -> float | None:
    number = float(value)
    return None if math.isnan(number) else round(number / unit, 4)
