"""Who is invited to run an account, and who of them owns it."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from myriad.kit.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    MyriadError,
    NotFoundError,
)
from myriad.scale.directory import (
    AlreadyInvitedError,
    AlreadyMemberError,
    Invited,
    LastOwnerError,
    Principal,
    Role,
    TooManyInvitationsError,
    accept_as_new,
    change_role,
    find_principal_by_key,
    find_waiting,
    get_invitation,
    invite_staff,
    invite_staff_again,
    issue_api_key,
    list_staff_invitations,
    remove_member,
)
from myriad.scale.directory.invitations import InvitationGoneError
from tests.fixtures.app import (
    PASSWORD,
    Company,
    Person,
    create_company,
    create_member,
    create_person,
)
from tests.scale.directory.house import House, address


async def _invite(house: House, actor: Principal, email: str, name: str = "Helper") -> Invited:
    async with house.runtime.database.session(house.tenant_id) as session:
        return await invite_staff(session, actor, email=email, name=name)


async def _make(house: House, actor: Principal, user_id: UUID, role: Role) -> None:
    async with house.runtime.database.session(actor.tenant_id) as session:
        await change_role(session, actor, user_id, role)


async def _waiting(house: House, company: Company) -> list[str]:
    async with house.runtime.database.read_session(company.tenant_id) as session:
        return [one.email for one in await list_staff_invitations(session)]


async def test_an_owner_invites_staff_who_come_in_once(house: House) -> None:
    email, owner = address(), await house.person(house.company.owner)
    invited = await _invite(house, owner, f" {email.upper()} ", "  Ada   King ")
    assert await _waiting(house, house.company) == [email]
    found = await accept_as_new(house.runtime.database, invited.token, PASSWORD)
    assert (found.name, found.role) == ("Ada King", Role.STAFF)
    assert (await house.person(Person(email, PASSWORD, ""))).role is Role.STAFF
    assert await _waiting(house, house.company) == []


async def test_who_is_there_or_invited_is_not_invited_again(house: House) -> None:
    email, owner = address(), await house.person(house.company.owner)
    served = await create_member(house.runtime, house.tenant_id)
    first = await _invite(house, owner, email)
    with pytest.raises(AlreadyInvitedError):
        await _invite(house, owner, email.upper())
    for known in (house.company.staff, house.company.owner, served):
        with pytest.raises(AlreadyMemberError):
            await _invite(house, owner, known.email)
    for wrong in ((address(), "  "), (address(), "x" * 201), ("no address", "Ann")):
        with pytest.raises(InvalidInputError):
            await _invite(house, owner, *wrong)
    assert (await get_invitation(house.runtime.database, first.token)).email == email


async def test_an_invitation_that_is_over_gives_way_to_another(house: House) -> None:
    email, owner = address(), await house.person(house.company.owner)
    await _invite(house, owner, email)
    await house.run("UPDATE platform.invitation SET expires_at = now() WHERE email = %s", email)
    second = await _invite(house, owner, email)
    assert await _waiting(house, house.company) == [email]
    assert (await get_invitation(house.runtime.database, second.token)).id == second.id


async def test_of_two_who_invite_one_address_at_once_the_second_is_told(house: House) -> None:
    email, owner = address(), await house.person(house.company.owner)
    made = await asyncio.gather(
        *(_invite(house, owner, email) for _ in range(3)), return_exceptions=True
    )
    assert sum(isinstance(one, Invited) for one in made) == 1
    assert sum(isinstance(one, AlreadyInvitedError) for one in made) == 2


async def test_no_more_wait_than_may(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("myriad.scale.directory.staffing.MOST_WAITING", 2)
    owner = await house.person(house.company.owner)
    # Whom the account serves does not count among those who run it.
    await house.invited(owner, address(), about="seat")
    for _ in range(2):
        await _invite(house, owner, address())
    with pytest.raises(TooManyInvitationsError):
        await _invite(house, owner, address())
    assert len(await _waiting(house, house.company)) == 2


async def test_another_link_ends_the_older_and_is_the_accounts_own(house: House) -> None:
    database, owner = house.runtime.database, await house.person(house.company.owner)
    other = await create_company(house.runtime)
    stranger = await house.person(other.owner)
    first = await _invite(house, owner, address())
    seat = await house.invited(owner, address(), about="seat")
    async with database.session(stranger.tenant_id) as session:
        with pytest.raises(InvitationGoneError):
            await invite_staff_again(session, stranger, first.id)
    assert await _waiting(house, other) == []
    async with database.session(house.tenant_id) as session:
        # A product's own invitation would forget what it is about.
        with pytest.raises(InvitationGoneError):
            await invite_staff_again(session, owner, seat.id)
        second = await invite_staff_again(session, owner, first.id)
    with pytest.raises(InvitationGoneError):
        await get_invitation(database, first.token)
    assert (await get_invitation(database, second.invited.token)).email == second.email


async def test_staff_and_members_invite_no_staff_and_change_no_role(house: House) -> None:
    member = await house.person(await create_member(house.runtime, house.tenant_id))
    staff, owner = await house.person(house.company.staff), await house.person(house.company.owner)
    waiting = await _invite(house, owner, address())
    for actor in (member, staff):
        with pytest.raises(ForbiddenError):
            await _invite(house, actor, address())
        with pytest.raises(ForbiddenError):
            await _make(house, actor, actor.id, Role.OWNER)
        async with house.runtime.database.session(house.tenant_id) as session:
            with pytest.raises(ForbiddenError):
                await invite_staff_again(session, actor, waiting.id)


async def test_an_account_changes_hands_and_is_never_without_an_owner(house: House) -> None:
    owner, staff = await house.person(house.company.owner), await house.person(house.company.staff)
    with pytest.raises(LastOwnerError):
        await _make(house, owner, owner.id, Role.STAFF)
    await _make(house, owner, staff.id, Role.OWNER)
    await _make(house, owner, owner.id, Role.STAFF)
    assert (await house.person(house.company.staff)).role is Role.OWNER
    assert (await house.person(house.company.owner)).role is Role.STAFF
    # What was asked as an owner comes too late.
    with pytest.raises(ForbiddenError):
        await _make(house, owner, staff.id, Role.STAFF)
    rows = await house.run(
        "SELECT subject, detail->>'before', detail->>'role' FROM platform.audit_event "
        "WHERE action = 'member.role_changed' ORDER BY id"
    )
    assert rows == [(str(staff.id), "staff", "owner"), (str(owner.id), "owner", "staff")]


async def test_of_two_owners_who_unmake_each_other_at_once_one_stays(house: House) -> None:
    owner = await house.person(house.company.owner)
    second = await house.person(await create_person(house.runtime, house.tenant_id, Role.OWNER))
    ended = await asyncio.gather(
        _make(house, owner, second.id, Role.STAFF),
        _make(house, second, owner.id, Role.STAFF),
        return_exceptions=True,
    )
    assert sum(one is None for one in ended) == 1
    assert sum(isinstance(one, MyriadError) for one in ended) == 1


async def test_a_member_or_somebody_of_another_account_gets_no_role(house: House) -> None:
    owner = await house.person(house.company.owner)
    member = await house.person(await create_member(house.runtime, house.tenant_id))
    stranger = await house.person((await create_company(house.runtime)).staff)
    with pytest.raises(ConflictError, match="serves"):
        await _make(house, owner, member.id, Role.STAFF)
    with pytest.raises(NotFoundError):
        await _make(house, owner, stranger.id, Role.OWNER)
    with pytest.raises(InvalidInputError):
        await _make(house, owner, (await house.person(house.company.staff)).id, Role.MEMBER)


async def test_what_only_an_owner_may_have_ends_with_the_ownership(house: House) -> None:
    database, owner = house.runtime.database, await house.person(house.company.owner)
    second = await house.person(await create_person(house.runtime, house.tenant_id, Role.OWNER))
    async with database.session(house.tenant_id) as session:
        high, low = [
            await issue_api_key(session, house.tenant_id, name=role, role=role, actor=second)
            for role in (Role.OWNER, Role.STAFF)
        ]
    theirs = await _invite(house, second, address())
    seat = await house.invited(second, address(), about="seat")
    await _make(house, owner, second.id, Role.STAFF)
    assert await find_principal_by_key(database, high.token) is None
    assert await find_principal_by_key(database, low.token) is not None
    async with database.read_session(house.tenant_id) as session:
        assert await find_waiting(session, invitation_id=theirs.id) is None
        assert await find_waiting(session, invitation_id=seat.id) is not None
    await remove_member(database, owner, second.id)
