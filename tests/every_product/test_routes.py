"""Every route: a stranger is kept out, another tenant's ids are not found, roles hold."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from myriad.apps.console.signing import LOGIN
from myriad.scale.directory import Role
from myriad.scale.http import Router
from myriad.scale.runtime import Runtime
from tests.every_product.conftest import Peopled
from tests.every_product.exceptions import PARAMETERS_WITHOUT_TABLE
from tests.every_product.routes import (
    Endpoint,
    UnknownParameterError,
    anything_for,
    endpoints_of,
    resources,
    values_for,
)
from tests.fixtures.app import (
    app_with,
    client_of,
    create_member,
    create_person,
    form_token,
    signed_in,
)

Both = tuple[Peopled, Peopled]
HTML = {"Accept": "text/html"}
KEPT_OUT = (401, 403)


@pytest.fixture
async def client(served: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(served) as opened:
        yield opened


@pytest.fixture
def endpoints(served: FastAPI) -> list[Endpoint]:
    return endpoints_of(served)


def _names_a_row(endpoint: Endpoint) -> bool:
    return bool(set(endpoint.parameters) - set(PARAMETERS_WITHOUT_TABLE))


def test_every_route_has_a_guard_or_a_reason(endpoints: list[Endpoint]) -> None:
    assert len(endpoints) > 20
    for endpoint in endpoints:
        assert endpoint.role or endpoint.public_reason, f"{endpoint.name} is open without a reason"
        assert not (endpoint.role and endpoint.public_reason), f"{endpoint.name} is both"


def test_every_path_parameter_names_a_table(endpoints: list[Endpoint], both: Both) -> None:
    for endpoint in endpoints:
        values_for(endpoint, both[0].seeded.rows)


def test_every_named_resource_is_used(endpoints: list[Endpoint]) -> None:
    used = {name for endpoint in endpoints for name in endpoint.parameters}
    assert set(resources()) <= used
    assert set(PARAMETERS_WITHOUT_TABLE) <= used


def test_an_unknown_parameter_fails_loudly(runtime: Runtime, both: Both) -> None:
    later = Router()

    @later.get("/later/{mystery_id}")
    async def show(mystery_id: int) -> None:
        """Come later."""

    added = [one for one in endpoints_of(app_with(runtime, later)) if "mystery" in one.template]
    with pytest.raises(UnknownParameterError, match="mystery_id"):
        values_for(added[0], both[0].seeded.rows)


async def test_without_credentials_every_route_asks_for_them(
    client: httpx.AsyncClient, endpoints: list[Endpoint]
) -> None:
    wrong = []
    for endpoint in endpoints:
        if endpoint.public_reason is None:
            answer = await client.request(**endpoint.request(anything_for(endpoint)))
            if answer.status_code != 401:
                wrong.append((endpoint.name, answer.status_code))
    assert wrong == []


async def test_without_credentials_every_page_leads_to_the_sign_in(
    client: httpx.AsyncClient, endpoints: list[Endpoint]
) -> None:
    for endpoint in endpoints:
        if endpoint.public_reason is None and not endpoint.is_api:
            request = endpoint.request(anything_for(endpoint))
            answer = await client.request(**request, headers=HTML)
            assert answer.status_code == 303, endpoint.name
            assert answer.headers["location"].startswith(LOGIN), endpoint.name


async def test_a_bad_credential_is_as_good_as_none(
    client: httpx.AsyncClient, endpoints: list[Endpoint]
) -> None:
    forged = ({"Authorization": "Bearer myr_" + "a" * 43}, {"Cookie": "myriad_session=abc"})
    for endpoint in endpoints:
        if endpoint.public_reason is None:
            for headers in forged:
                request = endpoint.request(anything_for(endpoint))
                answer = await client.request(**request, headers=headers)
                assert answer.status_code == 401, endpoint.name


async def test_another_tenants_id_is_not_found(
    client: httpx.AsyncClient, endpoints: list[Endpoint], both: Both
) -> None:
    mine, theirs = both
    wrong = []
    for endpoint in filter(_names_a_row, endpoints):
        if endpoint.public_reason is None:
            request = endpoint.request(values_for(endpoint, theirs.seeded.rows))
            answer = await client.request(**request, headers=mine.company.owner.bearer)
            if answer.status_code != 404:
                wrong.append((endpoint.name, answer.status_code, answer.text[:200]))
    assert wrong == []


async def test_the_same_id_is_found_by_its_own_tenant(
    client: httpx.AsyncClient, endpoints: list[Endpoint], both: Both
) -> None:
    wrong = []
    for endpoint in filter(_names_a_row, endpoints):
        # What is a person's own no key finds; the products' tests show that its owner does.
        is_the_accounts = endpoint.public_reason is None and endpoint.role != "belonging"
        if is_the_accounts and endpoint.method == "GET":
            request = endpoint.request(values_for(endpoint, both[1].seeded.rows))
            answer = await client.request(**request, headers=both[1].company.owner.bearer)
            if answer.status_code >= 400:
                wrong.append((endpoint.name, answer.status_code, answer.text[:200]))
    assert wrong == []


async def test_staff_may_do_what_staff_may_and_no_more(
    client: httpx.AsyncClient, endpoints: list[Endpoint], both: Both
) -> None:
    for endpoint in endpoints:
        if endpoint.role is not None:
            request = endpoint.request(anything_for(endpoint))
            answer = await client.request(**request, headers=both[0].company.staff.bearer)
            is_kept_out = answer.status_code in KEPT_OUT
            assert is_kept_out == (endpoint.role in ("owner", "operator")), endpoint.name


async def test_a_member_reaches_what_is_a_persons_own_and_nothing_else(
    served: FastAPI, endpoints: list[Endpoint], both: Both
) -> None:
    member = await create_member(served.state.runtime, both[0].company.tenant_id)
    async with signed_in(served, member) as browser:
        token = {"X-CSRF-Token": form_token(served, browser)}
        for endpoint in endpoints:
            if endpoint.role is not None:
                request = endpoint.request(anything_for(endpoint))
                answer = await browser.request(**request, headers=token)
                is_kept_out = answer.status_code in KEPT_OUT
                assert is_kept_out == (endpoint.role not in ("belonging", "caller")), endpoint.name


async def test_an_owner_is_no_operator(
    client: httpx.AsyncClient, endpoints: list[Endpoint], both: Both
) -> None:
    for endpoint in endpoints:
        if endpoint.role is not None:
            request = endpoint.request(anything_for(endpoint))
            answer = await client.request(**request, headers=both[0].company.owner.bearer)
            is_kept_out = answer.status_code in KEPT_OUT
            assert is_kept_out == (endpoint.role == "operator"), endpoint.name


async def test_an_operator_may_run_the_installation_and_is_no_owner(
    served: FastAPI, endpoints: list[Endpoint], both: Both
) -> None:
    runtime: Runtime = served.state.runtime
    tenant_id = both[0].company.tenant_id
    operator = await create_person(runtime, tenant_id, Role.STAFF, is_operator=True)
    async with signed_in(served, operator) as browser:
        for endpoint in endpoints:
            if endpoint.method == "GET" and endpoint.role is not None:
                answer = await browser.request(**endpoint.request(anything_for(endpoint)))
                is_kept_out = answer.status_code in KEPT_OUT
                assert is_kept_out == (endpoint.role == "owner"), endpoint.name


async def test_a_reading_key_changes_nothing(
    client: httpx.AsyncClient, endpoints: list[Endpoint], both: Both, served: FastAPI
) -> None:
    owner = both[0].company.owner.bearer
    body = {"name": "reader", "role": "owner", "scopes": ["read"]}
    issued = await client.post("/api/v1/api-keys", json=body, headers=owner)
    reader = {"Authorization": f"Bearer {issued.json()['token']}"}
    for endpoint in endpoints:
        if endpoint.role is not None and endpoint.method != "GET":
            request = endpoint.request(anything_for(endpoint))
            answer = await client.request(**request, headers=reader)
            assert answer.status_code == 403, endpoint.name


async def test_two_hundred_requests_at_once_show_each_tenant_its_own(
    client: httpx.AsyncClient, endpoints: list[Endpoint], both: Both
) -> None:
    lists = [
        endpoint
        for endpoint in endpoints
        if endpoint.method == "GET" and endpoint.role == "staff" and not endpoint.parameters
    ]
    asked = [(lists[number // 2 % len(lists)], both[number % 2]) for number in range(200)]
    answers = await asyncio.gather(
        *(
            client.request(**endpoint.request({}), headers=peopled.company.staff.bearer)
            for endpoint, peopled in asked
        )
    )
    for (endpoint, peopled), answer in zip(asked, answers, strict=True):
        assert answer.status_code < 400, (endpoint.name, answer.text[:200])
        other = both[1] if peopled is both[0] else both[0]
        leaked = [word for word in _marks_of(other) if word in answer.text]
        assert leaked == [], endpoint.name


def _marks_of(peopled: Peopled) -> set[str]:
    """Return texts that only this tenant's rows hold: ids and sample words."""
    marks = {str(peopled.seeded.tenant_id)}
    for row in peopled.seeded.rows.values():
        marks |= {str(value) for name, value in row.items() if _is_mark(name, value)}
    return marks


def _is_mark(name: str, value: Any) -> bool:
    text = json.dumps(value, default=str)
    return (name == "id" or "ext_id" in name) and len(text) > 8
