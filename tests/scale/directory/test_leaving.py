"""Whose membership is taken away is out at once; what they did stays."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from myriad.kit.errors import ForbiddenError, MyriadError, NotFoundError
from myriad.kit.ids import new_id
from myriad.scale.data import Session
from myriad.scale.directory import (
    LastOwnerError,
    Role,
    accept_as_new,
    add_member,
    find_principal_by_key,
    find_waiting,
    issue_api_key,
    remove_member,
    switch_tenant,
)
from tests.fixtures.app import PASSWORD, Person, create_company, create_person
from tests.scale.directory.house import House, address


def _id(person: Person) -> UUID:
    assert person.user_id is not None
    return person.user_id


async def test_who_is_removed_is_out_at_once_and_goes_on_in_their_other_account(
    house: House,
) -> None:
    database, staff = house.runtime.database, house.company.staff
    other = await create_company(house.runtime)
    async with database.crossing("test lets somebody into two accounts") as session:
        await add_member(session, other.tenant_id, _id(staff), Role.OWNER)
    here, there = await house.token(staff), await house.token(staff)
    person = await house.find(there)
    assert person is not None
    await switch_tenant(database, there, person, other.tenant_id)
    left = await remove_member(database, await house.person(house.company.owner), _id(staff))
    assert (left.user_id, left.name, left.role) == (_id(staff), "Staff", Role.STAFF)
    assert await house.find(here) is None
    still = await house.find(there)
    assert still is not None
    assert (still.tenant_id, still.role) == (other.tenant_id, Role.OWNER)
    assert {one.id for one in still.tenants} == {other.tenant_id}
    deeds = await house.run(
        "SELECT actor_id, subject, detail ->> 'name' FROM platform.audit_event"
        " WHERE action = 'member.removed'"
    )
    assert deeds == [(_id(house.company.owner), str(_id(staff)), "Staff")]


async def test_the_last_owner_stays_and_one_of_two_may_go(house: House) -> None:
    database, owner = house.runtime.database, await house.person(house.company.owner)
    with pytest.raises(LastOwnerError):
        await remove_member(database, owner, owner.id)
    second = await create_person(house.runtime, house.tenant_id, Role.OWNER)
    await remove_member(database, owner, owner.id)
    with pytest.raises(ForbiddenError, match="no more"):
        await remove_member(database, owner, _id(second))
    assert (await house.person(second)).is_owner


async def test_of_two_owners_who_remove_each_other_at_once_one_stays(house: House) -> None:
    database = house.runtime.database
    first = await house.person(house.company.owner)
    second = await house.person(await create_person(house.runtime, house.tenant_id, Role.OWNER))
    ends = await asyncio.gather(
        remove_member(database, first, second.id),
        remove_member(database, second, first.id),
        return_exceptions=True,
    )
    assert sum(isinstance(one, ForbiddenError) for one in ends) == 1
    rows = await house.run("SELECT count(*) FROM platform.membership WHERE role = 'owner'")
    assert rows == [(1,)]


async def test_only_an_owner_removes_and_nobody_of_another_account(house: House) -> None:
    database, owner = house.runtime.database, await house.person(house.company.owner)
    other = await create_company(house.runtime)
    staff = await house.person(house.company.staff)
    with pytest.raises(ForbiddenError):
        await remove_member(database, staff, owner.id)
    for stranger in (_id(other.staff), new_id()):
        with pytest.raises(NotFoundError):
            await remove_member(database, owner, stranger)
    assert (await house.person(other.staff)).tenant_id == other.tenant_id


async def test_keys_and_invitations_by_which_they_could_go_on_end_too(house: House) -> None:
    database, owner = house.runtime.database, await house.person(house.company.owner)
    second = await create_person(house.runtime, house.tenant_id, Role.OWNER)
    leaving = await house.person(second)
    async with database.session(house.tenant_id) as session:
        issued = await issue_api_key(session, house.tenant_id, name="theirs", actor=leaving)
        kept = await issue_api_key(
            session, house.tenant_id, name="ours", actor=owner, lifetime=timedelta(days=1)
        )
    mine = await house.invited(leaving, address(), Role.STAFF)
    guest = await house.invited(leaving, address())
    back = await house.invited(owner, second.email, about="back")
    left = await remove_member(database, owner, leaving.id)
    assert left.keys == 1
    assert await find_principal_by_key(database, issued.token) is None
    assert await find_principal_by_key(database, kept.token) is not None
    async with database.read_session(house.tenant_id) as session:
        waiting = [await find_waiting(session, invitation_id=one.id) for one in (mine, guest, back)]
    assert [one is not None for one in waiting] == [False, True, False]


async def test_keys_may_be_kept(house: House) -> None:
    database, owner = house.runtime.database, await house.person(house.company.owner)
    leaving = await house.person(await create_person(house.runtime, house.tenant_id, Role.OWNER))
    async with database.session(house.tenant_id) as session:
        issued = await issue_api_key(session, house.tenant_id, name="till", actor=leaving)
    await remove_member(database, owner, leaving.id, revokes_keys=False)
    found = await find_principal_by_key(database, issued.token)
    assert found is not None
    # A program with an owner's key is no person who could be removed meanwhile.
    program = replace(found, role=Role.OWNER)
    assert (await remove_member(database, program, _id(house.company.staff))).role is Role.STAFF


async def test_what_a_product_puts_right_is_done_in_the_same_transaction(house: House) -> None:
    database, owner = house.runtime.database, await house.person(house.company.owner)
    told: list[UUID] = []

    async def fail(session: Session, user_id: UUID) -> None:
        told.append(user_id)
        raise MyriadError("a product cannot let go")

    staff = _id(house.company.staff)
    with pytest.raises(MyriadError, match="cannot let go"):
        await remove_member(database, owner, staff, also=[fail])
    assert told == [staff]
    assert (await house.person(house.company.staff)).role is Role.STAFF


async def test_who_comes_back_took_another_invitation(house: House) -> None:
    database, owner, email = (
        house.runtime.database,
        await house.person(house.company.owner),
        address(),
    )
    await accept_as_new(database, await house.invite(owner, email), PASSWORD)
    guest = await house.person(Person(email, PASSWORD, ""))
    await remove_member(database, owner, guest.id)
    rows = await house.run(
        "SELECT count(*) FROM platform.invitation WHERE accepted_by = %s", guest.id
    )
    assert rows == [(0,)]
    assert (await house.person(Person(email, PASSWORD, ""))).tenant is None
