"""Filling the demo's programme, or bringing one that stands up to today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from myriad.kit.clock import utc_now
from myriad.products.kamioi.broker.market import last_closed_day
from myriad.products.kamioi.deciding import map_descriptors
from myriad.products.kamioi.demo.banks import break_link, link_banks, read_banks
from myriad.products.kamioi.demo.days import live_days
from myriad.products.kamioi.demo.deciding import decide_strings
from myriad.products.kamioi.demo.members import DemoMember, join_members, let_sign_in
from myriad.products.kamioi.demo.people import PEOPLE, Person, signs_in
from myriad.products.kamioi.facts.inventing import invent_facts
from myriad.products.kamioi.facts.loading import load_world
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId


@dataclass(frozen=True, slots=True)
class Filled:
    """What was done now: banks linked, trading days lived."""

    linked: int = 0
    days: int = 0


async def fill_programme(
    runtime: Runtime,
    tenant_id: TenantId,
    *,
    since: date,
    decided_by: UUID | None = None,
    member_email: str | None = None,
    people: Sequence[Person] = PEOPLE,
) -> Filled:
    """Fill a programme that began on `since`; safe to repeat and to go on after a kill.

    Raises UnavailableError while the simulated Plaid does not answer.
    """
    now, database = utc_now(), runtime.database
    await invent_facts(database, since, last_closed_day(now))
    members = await join_members(database, tenant_id, people)
    if member_email is not None:
        await let_sign_in(database, tenant_id, _member_of(members, signs_in()), member_email)
    await decide_strings(database, tenant_id, decided_by, since)
    linked = await link_banks(runtime, tenant_id, members)
    await map_descriptors(database, await load_world(database), tenant_id)
    refuses = frozenset(one.id for one in members if one.person.trouble == "refused")
    days = await live_days(runtime, tenant_id, since, now, refuses)
    if linked:
        for member in await join_members(database, tenant_id):
            if member.person.trouble == "needs_login":
                await break_link(runtime, tenant_id, member)
    else:
        await read_banks(runtime, tenant_id)
    return Filled(linked, days)


def _member_of(members: list[DemoMember], person: Person) -> DemoMember:
    return next(one for one in members if one.person == person)
