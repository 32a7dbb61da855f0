"""Who takes part in the demo's programme, with which rules, and who of them can sign in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from myriad.kit.ids import new_id
from myriad.products.kamioi.demo.people import PEOPLE, Person
from myriad.products.kamioi.facts.inventing import find_fund
from myriad.products.kamioi.repository import sql
from myriad.scale.data import Database
from myriad.scale.directory import Role
from myriad.scale.directory.users import add_member, create_user, find_user_by_email
from myriad.scale.tenancy import TenantId

ZONE = "America/New_York"
_POLICIES = ("etf", "etf", "cash", "skip")
_MULTIPLIERS = (1, 1, 2, 1, 3)
_CAP_EVERY, _CAP_MINOR = 9, 300


@dataclass(frozen=True, slots=True)
class DemoMember:
    """One of the forty with their row; `item_id` is their link to a bank, None before there is one."""

    person: Person
    id: UUID
    item_id: UUID | None


async def join_members(
    database: Database, tenant_id: TenantId, persons: Sequence[Person] = PEOPLE
) -> list[DemoMember]:
    """Let them join, once, and return them in their order."""
    fund = await find_fund(database)
    async with database.session(tenant_id) as session:
        if not (await sql.get(session, "has_members"))["has_members"]:
            await sql.execute_rows(
                session, "add_demo_members", [_row(person, fund) for person in persons]
            )
        rows = await sql.fetch(session, "list_demo_members")
    people = {person.name: person for person in PEOPLE}
    return [
        DemoMember(people[row["name"]], row["id"], row["item_id"])
        for row in rows
        if row["name"] in people
    ]


def _row(person: Person, fund: UUID | None) -> dict[str, Any]:
    return {
        "id": str(new_id()),
        "name": person.name,
        "currency": "USD",
        "time_zone": ZONE,
        "state": "paused" if person.trouble == "paused" else "active",
        "multiplier": _MULTIPLIERS[person.number % len(_MULTIPLIERS)],
        "cap_day_minor": _CAP_MINOR if person.number % _CAP_EVERY == 0 else None,
        "private_policy": _POLICIES[person.number % len(_POLICIES)],
        "etf_security_id": str(fund) if fund else None,
    }


async def let_sign_in(
    database: Database, tenant_id: TenantId, member: DemoMember, email: str
) -> None:
    """Let a member sign in by an address; without a password of theirs nobody can yet."""
    async with database.crossing("the demo's member may sign in") as session:
        user = await find_user_by_email(session, email)
        user_id = (
            await create_user(session, email=email, name=member.person.name)
            if user is None
            else user.id
        )
    async with database.session(tenant_id) as session:
        await add_member(session, tenant_id, user_id, Role.MEMBER)
        await sql.execute(session, "give_demo_user", user_id=user_id, member_id=member.id)
