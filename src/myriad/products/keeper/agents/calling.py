"""Whom to call: at most five a day, by the money at stake, never by the chance of being alive."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from myriad.kit.money import Money
from myriad.products.keeper.agents.measures import Columns
from myriad.products.keeper.proof.assignment import Allocation, Arm, Assignment
from myriad.products.keeper.reasons import evidence_of, sentence_of
from myriad.products.keeper.repository.sql import Row

CALLABLE_STATES = ("slowing", "likely_lapsed", "lapsed")
DAYS_TO_CALL = 7


@dataclass(frozen=True, slots=True)
class CallList:
    """The tasks to make, and who entered which arm on the way."""

    tasks: list[dict[str, Any]]
    entries: list[Assignment]


def choose_tasks(
    metrics: Sequence[Mapping[str, Any]],
    people: Mapping[UUID, Row],
    *,
    day: date,
    room: int,
    currency: str,
    allocation: Allocation | None = None,
    arms: Mapping[UUID, Arm] | None = None,
    nobody_reachable: bool = False,
) -> CallList:
    """Return the tasks to make of a page of `metrics`, the dearest first, no more than `room`.

    Left out: who is booked, who may not be contacted or cannot be. Where the directory holds no
    contact at all (a bare purchase log) nobody could ever be called, so the tasks then name the
    person and say that no contact is known.
    Whose turn comes and who is in no arm yet is sent to one by `allocation`; who is held out makes
    room for the next in line. `arms` are those of people still within their window.
    """
    known, made = arms or {}, CallList([], [])
    for row in metrics:
        if len(made.tasks) >= room:
            break
        if not _may_call(people.get(row["person_id"]), nobody_reachable):
            continue
        arm = known.get(row["person_id"])
        if arm is None and allocation is not None:
            entry = allocation.assign(row["person_id"], day, row["value_at_risk"], row["state"])
            made.entries.append(entry)
            arm = entry.arm
        if arm != "control":
            made.tasks.append(_task(row, people[row["person_id"]], day, currency))
    return made


def places_at_stake(columns: Columns) -> list[int]:
    """Return where in the columns of person_metrics there is something at stake."""
    return [
        place
        for place, (state, value) in enumerate(
            zip(columns["state"], columns["value_at_risk"], strict=True)
        )
        if value > 0 and state in CALLABLE_STATES
    ]


def pages_of(
    metrics: Iterable[Mapping[str, Any]], busy: Collection[UUID], size: int = 20
) -> Iterator[Sequence[Mapping[str, Any]]]:
    """Yield, the dearest first, who has something at stake and no task (within 30 days)."""
    wanted = [
        row
        for row in metrics
        if row["state"] in CALLABLE_STATES
        and row["value_at_risk"] > 0
        and row["person_id"] not in busy
    ]
    wanted.sort(key=lambda row: (-row["value_at_risk"], str(row["person_id"])))
    for first in range(0, len(wanted), size):
        yield wanted[first : first + size]


def _may_call(person: Row | None, nobody_reachable: bool) -> bool:
    if person is None or person["booked"] or not person["contact_allowed"]:
        return False
    return bool(person["phone"] or person["email"] or nobody_reachable)


def _task(row: Mapping[str, Any], person: Row, day: date, currency: str) -> dict[str, Any]:
    money = Money(row["value_at_risk"], currency).format()
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
            "sentence": f"{sentence_of(row)} {money} at stake over 90 days.{contact}",
            "evidence": evidence_of(row, currency),
            "churn_60": row["churn_60"],
            "gap_days": row["gap_days"],
            "state": row["state"],
        },
        "due_date": day + timedelta(days=DAYS_TO_CALL - 1),
    }
