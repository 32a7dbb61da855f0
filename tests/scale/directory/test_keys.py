"""API keys, tenants and the audit log."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import ProgrammingError

from myriad.kit.errors import ForbiddenError, InvalidInputError, NotFoundError
from myriad.kit.ids import new_id
from myriad.scale.directory import (
    AlreadyExistsError,
    Principal,
    Role,
    create_tenant,
    find_principal_by_key,
    get_tenant,
    issue_api_key,
    list_api_keys,
    list_events,
    record_event,
    revoke_api_key,
    set_status,
    update_tenant,
)
from myriad.scale.directory.models import AuditEvent, Tenant, UserAccount
from myriad.scale.directory.principal import TenantFacts
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId
from tests.fixtures.database import TwoTenants


def principal_of(tenant_id: TenantId, role: Role = Role.OWNER) -> Principal:
    facts = TenantFacts(tenant_id, "Spa", "UTC", "standard", False)
    return Principal("user", new_id(), "Ann", "ann@example.com", facts, role)


async def _issue(runtime: Runtime, tenant_id: TenantId, **options: object) -> tuple[UUID, str]:
    async with runtime.database.session(tenant_id) as session:
        issued = await issue_api_key(session, tenant_id, name="till", **options)  # type: ignore[arg-type]
    return issued.id, issued.token


async def test_a_key_leads_to_its_tenant_and_scopes(runtime: Runtime, tenants: TwoTenants) -> None:
    _, token = await _issue(runtime, tenants.first, scopes=["read"])
    principal = await find_principal_by_key(runtime.database, token)
    assert principal is not None
    assert token.startswith("myr_")
    assert (principal.kind, principal.tenant_id) == ("key", tenants.first)
    assert principal.scopes == {"read"}


async def test_a_revoked_key_is_nobody_at_once(runtime: Runtime, tenants: TwoTenants) -> None:
    key_id, token = await _issue(runtime, tenants.first)
    async with runtime.database.session(tenants.first) as session:
        await revoke_api_key(session, principal_of(tenants.first), key_id)
    assert await find_principal_by_key(runtime.database, token) is None


async def test_an_expired_key_is_nobody(runtime: Runtime, tenants: TwoTenants) -> None:
    _, token = await _issue(runtime, tenants.first, lifetime=timedelta(seconds=-1))
    assert await find_principal_by_key(runtime.database, token) is None


async def test_what_is_no_key_is_nobody(runtime: Runtime) -> None:
    for token in ("", "myr_", "myr_" + "a" * 43, "ghp_" + "a" * 43):
        assert await find_principal_by_key(runtime.database, token) is None


async def test_another_tenants_key_cannot_be_seen_or_revoked(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    key_id, token = await _issue(runtime, tenants.second)
    async with runtime.database.session(tenants.first) as session:
        assert await list_api_keys(session) == []
        with pytest.raises(NotFoundError):
            await revoke_api_key(session, principal_of(tenants.first), key_id)
    assert await find_principal_by_key(runtime.database, token) is not None


async def test_staff_may_not_issue_keys(runtime: Runtime, tenants: TwoTenants) -> None:
    with pytest.raises(ForbiddenError):
        await _issue(runtime, tenants.first, actor=principal_of(tenants.first, Role.STAFF))


@pytest.mark.parametrize("scopes", [[], ["admin"], ["read", "everything"]])
async def test_an_unknown_scope_is_refused(
    runtime: Runtime, tenants: TwoTenants, scopes: list[str]
) -> None:
    with pytest.raises(InvalidInputError):
        await _issue(runtime, tenants.first, scopes=scopes)


async def test_the_audit_log_takes_no_change_and_no_removal(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    async with runtime.database.session(tenants.first) as session:
        record_event(session, tenants.first, "task.done", subject="1")
    for change in (update(AuditEvent).values(action="nothing"), delete(AuditEvent)):
        with pytest.raises(ProgrammingError, match="permission denied"):
            async with runtime.database.session(tenants.first) as session:
                await session.execute(change)
    async with runtime.database.read_session(tenants.first) as session:
        assert [event.action for event in await list_events(session)] == ["task.done"]
    async with runtime.database.read_session(tenants.second) as session:
        assert await list_events(session) == []


async def test_a_tenant_sees_and_renames_only_itself(runtime: Runtime, tenants: TwoTenants) -> None:
    async with runtime.database.session(tenants.first) as session:
        await update_tenant(session, principal_of(tenants.first), name="Renamed")
        assert (await get_tenant(session, tenants.first)).name == "Renamed"
        assert [tenant.id for tenant in await session.scalars(select(Tenant))] == [tenants.first]
        with pytest.raises(NotFoundError):
            await get_tenant(session, tenants.second)


async def test_a_tenant_cannot_read_password_hashes_or_change_its_plan(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    for statement in (
        select(UserAccount.password_hash),
        update(Tenant).values(plan="free lunch"),
        text("SELECT * FROM platform.login_session"),
        text("SELECT * FROM platform.sign_in_throttle"),
    ):
        with pytest.raises(ProgrammingError, match="permission denied"):
            async with runtime.database.session(tenants.first) as session:
                await session.execute(statement)


async def test_a_slug_is_taken_once_and_has_plain_letters(runtime: Runtime) -> None:
    slug = f"spa-{new_id().hex}"
    async with runtime.database.crossing("test makes tenants") as session:
        await create_tenant(session, slug=slug, name="Spa")
        with pytest.raises(AlreadyExistsError):
            await create_tenant(session, slug=slug, name="Spa")
        with pytest.raises(InvalidInputError):
            await create_tenant(session, slug="No Spaces", name="Spa")
        with pytest.raises(InvalidInputError):
            await create_tenant(session, slug=slug + "x", name="Spa", timezone="Mars/Base")


async def test_a_suspended_tenants_caller_is_known_as_such(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    _, token = await _issue(runtime, tenants.first)
    async with runtime.database.crossing("test suspends") as session:
        await set_status(session, tenants.first, is_suspended=True)
    principal = await find_principal_by_key(runtime.database, token)
    assert principal is not None
    assert principal.tenant is not None
    assert principal.tenant.is_suspended
