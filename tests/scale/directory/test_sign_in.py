"""Signing in, out and elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from secrets import token_hex

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, update

from myriad.kit.errors import InvalidInputError, NotFoundError, TooManyRequestsError
from myriad.scale.data import Database
from myriad.scale.directory import (
    Role,
    WrongCredentialsError,
    add_member,
    create_user,
    find_principal_by_session,
    set_password,
    sign_in,
    sign_out,
    switch_tenant,
)
from myriad.scale.directory.models import LoginSession, Membership, UserAccount
from myriad.scale.directory.throttle import (
    FREE_ATTEMPTS,
    LONGEST_WAIT,
    after_attempt,
)
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId
from tests.fixtures.database import TwoTenants

PASSWORD = "correct horse battery"
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


async def _person(runtime: Runtime, *tenants: TenantId) -> str:
    email = f"{token_hex(6)}@example.com"
    async with runtime.database.crossing("test makes a user") as session:
        user_id = await create_user(session, email=email, name="Ann", password=PASSWORD)
        for tenant_id in tenants:
            await add_member(session, tenant_id, user_id, Role.OWNER)
    return email


async def _fail(database: Database, email: str) -> Exception:
    with pytest.raises((WrongCredentialsError, TooManyRequestsError)) as caught:
        await sign_in(database, email, "not the password")
    return caught.value


async def test_a_session_token_leads_to_its_person_and_tenant(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    email = await _person(runtime, tenants.first)
    signed_in = await sign_in(runtime.database, email.upper(), PASSWORD)
    principal = await find_principal_by_session(runtime.database, signed_in.token)
    assert principal is not None
    assert (principal.tenant_id, principal.role) == (tenants.first, Role.OWNER)
    assert principal.email == email


async def test_the_database_never_holds_a_token_or_a_password(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    email = await _person(runtime, tenants.first)
    signed_in = await sign_in(runtime.database, email, PASSWORD)
    async with runtime.database.crossing("test looks at rows") as session:
        user = await session.scalar(select(UserAccount).where(UserAccount.email == email))
        kept = await session.scalar(
            select(func.count())
            .select_from(LoginSession)
            .where(LoginSession.token_hash == signed_in.token.encode())
        )
    assert user is not None
    assert user.password_hash is not None
    assert user.password_hash.startswith("$argon2id$")
    assert kept == 0


async def test_sign_in_ends_the_session_that_the_browser_came_with(runtime: Runtime) -> None:
    email = await _person(runtime)
    first = await sign_in(runtime.database, email, PASSWORD)
    second = await sign_in(runtime.database, email, PASSWORD, replacing=first.token)
    assert second.token != first.token
    assert await find_principal_by_session(runtime.database, first.token) is None
    assert await find_principal_by_session(runtime.database, second.token) is not None


async def test_sign_out_ends_the_session_at_once_and_twice_is_no_error(runtime: Runtime) -> None:
    signed_in = await sign_in(runtime.database, await _person(runtime), PASSWORD)
    await sign_out(runtime.database, signed_in.token)
    await sign_out(runtime.database, signed_in.token)
    assert await find_principal_by_session(runtime.database, signed_in.token) is None


async def test_a_new_password_signs_out_everywhere(runtime: Runtime) -> None:
    email = await _person(runtime)
    signed_in = await sign_in(runtime.database, email, PASSWORD)
    async with runtime.database.crossing("test sets a password") as session:
        await set_password(session, signed_in.user_id, "another long password")
    assert await find_principal_by_session(runtime.database, signed_in.token) is None


async def test_a_session_ends_when_it_was_not_seen_for_three_days(runtime: Runtime) -> None:
    signed_in = await sign_in(runtime.database, await _person(runtime), PASSWORD)
    async with runtime.database.crossing("test ages a session") as session:
        await session.execute(
            update(LoginSession)
            .where(LoginSession.user_id == signed_in.user_id)
            .values(last_seen_at=func.now() - timedelta(days=3, minutes=1))
        )
    assert await find_principal_by_session(runtime.database, signed_in.token) is None


async def test_a_membership_that_is_revoked_ends_at_the_next_request(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    """The tenants to switch to come with the session, and from no copy of it."""
    email = await _person(runtime, tenants.first, tenants.second)
    signed_in = await sign_in(runtime.database, email, PASSWORD)
    principal = await find_principal_by_session(runtime.database, signed_in.token)
    assert principal is not None
    assert [mine.id for mine in principal.tenants] == [tenants.first, tenants.second]
    async with runtime.database.crossing("test revokes a membership") as session:
        mine = Membership.user_id == signed_in.user_id
        await session.execute(delete(Membership).where(mine, Membership.tenant_id == tenants.first))
    principal = await find_principal_by_session(runtime.database, signed_in.token)
    assert principal is not None
    assert (principal.tenant, principal.role) == (None, None)
    assert [mine.id for mine in principal.tenants] == [tenants.second]


async def test_who_joins_a_tenant_after_signing_in_is_there_at_the_next_request(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    email = await _person(runtime)
    signed_in = await sign_in(runtime.database, email, PASSWORD)
    principal = await find_principal_by_session(runtime.database, signed_in.token)
    assert principal is not None
    assert principal.tenant is None
    async with runtime.database.crossing("test adds a member") as session:
        for tenant_id in (tenants.second, tenants.first):
            await add_member(session, tenant_id, signed_in.user_id, Role.STAFF)
            # What is made in one transaction is made at one moment.
            await session.commit()
    principal = await find_principal_by_session(runtime.database, signed_in.token)
    assert principal is not None
    assert (principal.tenant_id, principal.role) == (tenants.second, Role.STAFF)


async def test_lockout_answers_alike_for_a_known_and_an_unknown_address(runtime: Runtime) -> None:
    known, unknown = await _person(runtime), f"{token_hex(6)}@example.com"
    for email in (known, unknown):
        answers = [await _fail(runtime.database, email) for _ in range(FREE_ATTEMPTS + 1)]
        assert {str(answer) for answer in answers[:-1]} == {
            "no user has this e-mail address and password"
        }
        assert isinstance(answers[-1], TooManyRequestsError)
    with pytest.raises(TooManyRequestsError):
        await sign_in(runtime.database, known, PASSWORD)


async def test_the_right_password_forgives_earlier_failures(runtime: Runtime) -> None:
    email = await _person(runtime)
    for _ in range(3):
        for _ in range(FREE_ATTEMPTS - 1):
            await _fail(runtime.database, email)
        await sign_in(runtime.database, email, PASSWORD)


async def test_a_disabled_user_cannot_sign_in_and_is_signed_out(runtime: Runtime) -> None:
    email = await _person(runtime)
    signed_in = await sign_in(runtime.database, email, PASSWORD)
    async with runtime.database.crossing("test disables a user") as session:
        await session.execute(
            update(UserAccount).where(UserAccount.email == email).values(disabled_at=func.now())
        )
    assert await find_principal_by_session(runtime.database, signed_in.token) is None
    assert isinstance(await _fail(runtime.database, email), WrongCredentialsError)


async def test_a_person_switches_only_to_a_tenant_of_theirs(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    mine = await _person(runtime, tenants.first, tenants.second)
    signed_in = await sign_in(runtime.database, mine, PASSWORD)
    principal = await find_principal_by_session(runtime.database, signed_in.token)
    assert principal is not None
    await switch_tenant(runtime.database, signed_in.token, principal, tenants.second)
    after = await find_principal_by_session(runtime.database, signed_in.token)
    assert after is not None
    assert after.tenant_id == tenants.second

    stranger = await sign_in(runtime.database, await _person(runtime, tenants.first), PASSWORD)
    other = await find_principal_by_session(runtime.database, stranger.token)
    assert other is not None
    with pytest.raises(NotFoundError):
        await switch_tenant(runtime.database, stranger.token, other, tenants.second)


@pytest.mark.parametrize("email", ["", "ann", "ann@", "@example.com", "a b@example.com", "a@b"])
async def test_what_is_no_address_is_refused(runtime: Runtime, email: str) -> None:
    async with runtime.database.crossing("test makes a user") as session:
        with pytest.raises(InvalidInputError):
            await create_user(session, email=email, name="Ann", password=PASSWORD)


@pytest.mark.parametrize("password", ["", "short", "x" * 257])
async def test_a_password_outside_the_rules_is_refused(runtime: Runtime, password: str) -> None:
    async with runtime.database.crossing("test makes a user") as session:
        with pytest.raises(InvalidInputError):
            await create_user(session, email="a@example.com", name="Ann", password=password)


@given(failures=st.integers(0, 10_000), minutes=st.integers(0, 59))
def test_each_failure_waits_at_least_as_long_as_the_one_before(failures: int, minutes: int) -> None:
    failed_at = NOON - timedelta(minutes=minutes)
    before = after_attempt(failures, failed_at, NOON)
    after = after_attempt(failures + 1, failed_at, NOON)
    assert (after.blocked_until or NOON) >= (before.blocked_until or NOON)
    assert (after.blocked_until or NOON) - NOON <= LONGEST_WAIT
    assert (before.blocked_until is None) == (before.failures < FREE_ATTEMPTS)


@given(failures=st.integers(0, 10_000), hours=st.integers(2, 1000))
def test_failures_older_than_an_hour_are_forgotten(failures: int, hours: int) -> None:
    assert after_attempt(failures, NOON - timedelta(hours=hours), NOON).failures == 1
