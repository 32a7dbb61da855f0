"""`./myriad tenants`: an account is closed and opened again, and what that means."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from myriad.apps.cli.frame import COMMANDS
from myriad.apps.cli.tenants import app
from myriad.kit.ids import new_id
from myriad.scale.directory import Role, find_principal_by_key, list_events
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.jobs import enqueue
from myriad.scale.runtime import Runtime
from tests.apps.terminal import Said, invoke
from tests.fixtures.app import Company, create_company, create_person
from tests.fixtures.database import runtime_for


@pytest.fixture
async def company(runtime: Runtime) -> Company:
    return await create_company(runtime)


async def test_an_account_is_suspended_and_resumed_with_its_reason_in_its_audit_log(
    runtime: Runtime, company: Company, database_urls: ServerUrls, tmp_path: Path
) -> None:
    async def run(*words: str) -> Said:
        return await invoke(app, words, tmp_path, database_urls)

    async def state() -> Any:
        rows = (await run("ls")).result["tenants"]
        return next(row["status"] for row in rows if row["id"] == account)

    account = str(company.tenant_id)
    async with runtime.database.session(company.tenant_id) as session:
        await enqueue(session, "test.thing.do", {})
    key = company.owner.bearer["Authorization"].removeprefix("Bearer ")
    said = await run("suspend", account, "--reason", "unpaid since May")
    assert (said.done.returncode, said.result["jobs_waiting"]) == (0, 1)
    assert "its work waits (one job)" in said.done.stdout
    assert await state() == "suspended"
    principal = await find_principal_by_key(runtime.database, key)
    assert principal is not None
    assert principal.tenant is not None
    assert principal.tenant.is_suspended
    assert "already" in (await run("suspend", account)).done.stdout
    assert "open again" in (await run("resume", account)).done.stdout
    assert await state() == "active"
    async with runtime.database.read_session(company.tenant_id) as read:
        events = await list_events(read, limit=2)
    assert [event.action for event in events] == ["tenant.active", "tenant.suspended"]
    assert events[1].detail == {"reason": "unpaid since May"}


async def test_who_suspends_the_account_of_the_installations_own_work_is_told(
    fresh_servers: ServerUrls, tmp_path: Path
) -> None:
    async with runtime_for(fresh_servers) as runtime:
        own, other = await create_company(runtime), await create_company(runtime)
        await create_person(runtime, own.tenant_id, Role.OWNER, is_operator=True)
    for company, is_told in ((own, True), (other, False)):
        words = ("suspend", str(company.tenant_id))
        said = await invoke(app, words, tmp_path, fresh_servers)
        assert said.result["is_operators"] is is_told
        assert ("installation's own work" in said.done.stdout) is is_told


async def test_an_account_that_is_not_there_is_neither(
    database_urls: ServerUrls, tmp_path: Path
) -> None:
    for verb in ("suspend", "resume"):
        said = await invoke(app, (verb, str(new_id())), tmp_path, database_urls)
        assert said.done.returncode == 2
        assert "there is no account" in said.done.stderr


def test_the_command_is_among_the_others() -> None:
    assert COMMANDS["tenants"][0] == "myriad.apps.cli.tenants:app"
