"""What tells whom to call beside the day's numbers, read in one round trip."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from myriad.products.keeper.proof.assignment import Allocation, Arm
from myriad.products.keeper.repository.proof import allocation_of, find_allocation
from myriad.products.keeper.repository.sql import fetch_all
from myriad.scale.data import Session


@dataclass(frozen=True, slots=True)
class Calling:
    """Who has a task, what sends people to arms, and whether anybody can be reached at all.

    `arms` are those of people within their window; without an `allocation` there are none.
    """

    busy: set[UUID]
    allocation: Allocation | None
    arms: Mapping[UUID, Arm]
    is_anybody_reachable: bool


async def read_calling(session: Session, day: date) -> Calling:
    """Return what is known on `day`; the group of people not called is opened where it is not."""
    found = await fetch_all(
        session,
        {
            "busy_people": {"day": day},
            "get_control_group": {},
            "assignment_blocks": {},
            "current_assignments": {"day": day},
            "is_anybody_reachable": {},
        },
    )
    is_open = bool(found["get_control_group"])
    allocation = allocation_of(found) if is_open else await find_allocation(session)
    arms = {row["person_id"]: row["arm"] for row in found["current_assignments"]}
    return Calling(
        {row["person_id"] for row in found["busy_people"]},
        allocation,
        arms if allocation else {},
        bool(found["is_anybody_reachable"][0]["reachable"]),
    )
