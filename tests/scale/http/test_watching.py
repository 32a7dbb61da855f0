"""A stream ends with the right to see what it sends."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from myriad.scale.data import Session
from myriad.scale.directory import (
    find_principal_by_session,
    remove_member,
    revoke_api_key,
    sign_in,
    sign_out,
)
from myriad.scale.http import Request, ServerSentEvent
from myriad.scale.http.watching import while_let_in
from myriad.scale.runtime import Runtime
from tests.fixtures.app import Company, Person, app_with

Companies = tuple[Company, Company]


async def _news(closed: list[bool]) -> AsyncGenerator[ServerSentEvent]:
    try:
        for number in range(10):
            yield ServerSentEvent(event="news", data={"number": number})
    finally:
        closed.append(True)


async def _session(runtime: Runtime, person: Person) -> str:
    return (await sign_in(runtime.database, person.email, person.password)).token


def _request(runtime: Runtime, name: str, value: str) -> Request:
    headers = [(name.encode(), value.encode())]
    return Request({"type": "http", "headers": headers, "app": app_with(runtime)})


async def _end(runtime: Runtime, company: Company, how: str, token: str) -> None:
    owner = await find_principal_by_session(
        runtime.database, await _session(runtime, company.owner)
    )
    assert owner is not None
    assert company.staff.user_id is not None
    if how == "removed":
        await remove_member(runtime.database, owner, company.staff.user_id)
    elif how == "signed out":
        await sign_out(runtime.database, token)
    else:
        async with runtime.database.session(company.tenant_id) as session:
            await revoke_api_key(session, owner, await _key_of_staff(session))


async def _key_of_staff(session: Session) -> Any:
    rows = await (await session.connection()).exec_driver_sql(
        "SELECT id FROM platform.api_key WHERE role = 'staff'"
    )
    return rows.scalar_one()


@pytest.mark.parametrize("how", ["removed", "signed out", "revoked"])
async def test_nothing_is_sent_to_who_may_see_it_no_more(
    runtime: Runtime, companies: Companies, how: str
) -> None:
    company, closed = companies[0], list[bool]()
    token = "" if how == "revoked" else await _session(runtime, company.staff)
    name, value = ("cookie", f"myriad_session={token}")
    if how == "revoked":
        name, value = ("authorization", company.staff.bearer["Authorization"])
    request = _request(runtime, name, value)
    told = 0
    events = while_let_in(request, company.tenant_id, _news(closed), trusted_seconds=0)
    async for _ in events:
        told += 1
        if told == 3:
            await _end(runtime, company, how, token)
    assert (told, closed) == (3, [True])


async def test_who_may_go_on_gets_everything_and_a_stream_of_another_account_nothing(
    runtime: Runtime, companies: Companies
) -> None:
    token = await _session(runtime, companies[0].staff)
    request = _request(runtime, "cookie", f"myriad_session={token}")
    for company, count in ((companies[0], 10), (companies[1], 0)):
        closed = list[bool]()
        events = while_let_in(request, company.tenant_id, _news(closed), trusted_seconds=0)
        assert len([one async for one in events]) == count
        assert closed == [True]


async def test_a_page_that_is_left_ends_what_it_follows(
    runtime: Runtime, companies: Companies
) -> None:
    closed = list[bool]()
    request = _request(runtime, "cookie", "myriad_session=none")
    events = while_let_in(request, companies[0].tenant_id, _news(closed))
    await anext(events)
    await events.aclose()
    assert closed == [True]
