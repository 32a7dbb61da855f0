"""Whom to call: at most five a day, by the money at stake, never by the chance of being alive."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from myriad.kit.money import Money
from myriad.products.keeper.repository.sql import Row

CALLABLE_STATES = ("slowing", "likely_lapsed", "lapsed")
DAYS_TO_CALL = 7


def choose_tasks(
    metrics: Sequence[Mapping[str, Any]],
    people: Mapping[UUID, Row],
    *,
    day: date,
    busy: Collection[UUID],
    room: int,
    currency: str,
) -> list[dict[str, Any]]:
    """Return the tasks to make, the dearest first, no more than `room`.

    Left out: who is booked, who may not be contacted or cannot be, who has a task already or had
    one within 30 days. Where the directory holds no contact at all (a bare purchase log) nobody
    could ever be called, so the tasks then name the person and say that no contact is known.
    """
    nobody_reachable = not any(person["phone"] or person["email"] for person in people.values())
    wanted = [
        row
        for row in metrics
        if row["state"] in CALLABLE_STATES
        and row["value_at_risk"] > 0
        and row["person_id"] not in busy
        and _may_call(people.get(row["person_id"]), nobody_reachable)
    ]
    wanted.sort(key=lambda row: (-row["value_at_risk"], str(row["person_id"])))
    return [_task(row, people[row["person_id"]], day, currency) for row in wanted[: max(room, 0)]]


def _may_call(person: Row | None, nobody_reachable: bool) -> bool:
    if person is None or person["booked"] or not person["contact_allowed"]:
        return False
    return bool(person["phone"] or person["email"] or nobody_reachable)


def _task(row: Mapping[str, Any], person: Row, day: date, currency: str) -> dict[str, Any]:
    money = Money(row["value_at_risk"], currency).format()
    reason = row["reason"]
    reach = "Call" if person["phone"] else "Write to" if person["email"] else "Look out for"
    contact = "" if person["phone"] or person["email"] else " Square knows no way to reach them."
    return {
        "dedup_key": f"{row['person_id']}:{day:%Y-%m}",
        "person_id": row["person_id"],
        "day": day,
        "value_at_risk": row["value_at_risk"],
        "score": float(row["value_at_risk"]),
        "title": f"{reach} {person['display_name']}",
        "reason": {
            "sentence": f"{reason['sentence']} {money} at stake over 90 days.{contact}",
            "evidence": reason["evidence"],
            "churn_60": row["churn_60"],
            "gap_days": row["gap_days"],
            "state": row["state"],
        },
        "due_date": day + timedelta(days=DAYS_TO_CALL - 1),
    }
