"""An invitation lets one person in, once, and gives nobody what is another's."""

from __future__ import annotations

import asyncio

import pytest

from myriad.kit.errors import ForbiddenError, InvalidInputError
from myriad.scale.directory import (
    Role,
    accept_as,
    accept_as_new,
    find_waiting,
    get_invitation,
    issue_api_key,
    list_members,
    withdraw,
)
from myriad.scale.directory.invitations import InvitationGoneError, SignInFirstError
from tests.fixtures.app import PASSWORD, Person, create_company, create_member
from tests.scale.directory.house import House, address


async def test_a_new_person_comes_in_once_with_their_password_as_a_member(house: House) -> None:
    email, staff = address(), await house.person(house.company.staff)
    token = await house.invite(staff, email)
    await accept_as_new(house.runtime.database, token, PASSWORD)
    guest = await house.person(Person(email, PASSWORD, ""))
    assert (guest.role, guest.tenant_id, guest.is_staff) == (Role.MEMBER, house.tenant_id, False)
    with pytest.raises(InvitationGoneError):
        await accept_as_new(house.runtime.database, token, PASSWORD)
    async with house.runtime.database.read_session(house.tenant_id) as session:
        assert guest.id not in {one.user_id for one in await list_members(session, house.tenant_id)}


async def test_an_address_with_a_password_never_gets_another_by_a_link(house: House) -> None:
    other = await create_company(house.runtime)
    token = await house.invite(await house.person(house.company.owner), other.owner.email)
    assert (await get_invitation(house.runtime.database, token)).is_known
    with pytest.raises(SignInFirstError):
        await accept_as_new(house.runtime.database, token, "another password entirely")
    stranger = await house.person(other.staff)
    with pytest.raises(ForbiddenError):
        await accept_as(house.runtime.database, token, stranger)
    themselves = await house.person(other.owner)
    await accept_as(house.runtime.database, token, themselves)
    assert {one.id for one in (await house.person(other.owner)).tenants} == {
        other.tenant_id,
        house.tenant_id,
    }


async def test_an_invitation_changes_no_role_that_somebody_has(house: House) -> None:
    owner = await house.person(house.company.owner)
    token = await house.invite(owner, house.company.owner.email)
    await accept_as(house.runtime.database, token, owner)
    assert (await house.person(house.company.owner)).role is Role.OWNER


async def test_a_link_ends_after_a_week_and_when_a_newer_one_is_sent(house: House) -> None:
    email, owner = address(), await house.person(house.company.owner)
    first = await house.invite(owner, email)
    second = await house.invite(owner, email)
    await house.run("UPDATE platform.invitation SET expires_at = now() WHERE email = %s", email)
    for token in (first, second, "nonsense"):
        with pytest.raises(InvitationGoneError):
            await get_invitation(house.runtime.database, token)


async def test_members_invite_nobody_staff_invite_members_and_nobody_an_owner(
    house: House,
) -> None:
    member = await house.person(await create_member(house.runtime, house.tenant_id))
    staff, owner = await house.person(house.company.staff), await house.person(house.company.owner)
    for actor, role in ((member, Role.MEMBER), (staff, Role.STAFF), (owner, Role.OWNER)):
        with pytest.raises(ForbiddenError):
            await house.invite(actor, address(), role)
    await house.invite(owner, address(), Role.STAFF)
    with pytest.raises(InvalidInputError):
        await house.invite(owner, "no address")


async def test_no_key_acts_as_a_member(house: House) -> None:
    async with house.runtime.database.session(house.tenant_id) as session:
        with pytest.raises(InvalidInputError, match="owner or staff"):
            await issue_api_key(session, house.tenant_id, name="phone", role=Role.MEMBER)


async def test_only_the_hash_of_a_link_is_kept(house: House) -> None:
    email = address()
    token = await house.invite(await house.person(house.company.owner), email)
    rows = await house.run("SELECT i::text FROM platform.invitation AS i WHERE email = %s", email)
    assert len(rows) == 1
    assert token not in str(rows)


async def test_one_invitation_is_about_one_thing_whoever_it_was_sent_to(house: House) -> None:
    owner = await house.person(house.company.owner)
    wrong = await house.invited(owner, address(), about="seat 1")
    right = await house.invited(owner, address(), about="seat 1")
    other = await house.invited(owner, address(), about="seat 2")
    with pytest.raises(InvitationGoneError):
        await get_invitation(house.runtime.database, wrong.token)
    for made in (right, other):
        await get_invitation(house.runtime.database, made.token)


async def test_of_invitations_at_the_same_moment_the_last_is_good(house: House) -> None:
    owner, email = await house.person(house.company.owner), address()
    made = await asyncio.gather(*(house.invite(owner, email) for _ in range(4)))
    good = 0
    for token in made:
        try:
            await get_invitation(house.runtime.database, token)
        except InvitationGoneError:
            continue
        good += 1
    assert good == 1


async def test_a_withdrawn_link_lets_nobody_in(house: House) -> None:
    database = house.runtime.database
    staff, owner = await house.person(house.company.staff), await house.person(house.company.owner)
    stranger = await house.person((await create_company(house.runtime)).owner)
    guest = await house.invited(staff, address(), about="seat")
    helper = await house.invited(owner, address(), Role.STAFF)
    async with database.session(stranger.tenant_id) as session:
        with pytest.raises(InvitationGoneError):
            await withdraw(session, stranger, guest.id)
    async with database.session(house.tenant_id) as session:
        with pytest.raises(ForbiddenError):
            await withdraw(session, staff, helper.id)
        found = await find_waiting(session, about="seat")
        assert found is not None
        assert (found.id, found.invited_by) == (guest.id, "Staff")
        await withdraw(session, staff, guest.id)
        assert await find_waiting(session, about="seat") is None
    with pytest.raises(InvitationGoneError):
        await accept_as_new(database, guest.token, PASSWORD)
    await accept_as_new(database, helper.token, PASSWORD)
    async with database.session(house.tenant_id) as session:
        with pytest.raises(InvitationGoneError):
            await withdraw(session, owner, helper.id)
