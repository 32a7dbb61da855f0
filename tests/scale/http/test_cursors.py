"""Pages that follow a signed cursor."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import Response
from hypothesis import given
from hypothesis import strategies as st

from myriad.kit.ids import new_id
from myriad.scale.directory import record_event
from myriad.scale.http import PageRequest, Router, TenantReader
from myriad.scale.http.cursors import InvalidCursorError, seal, unseal
from myriad.scale.runtime import Runtime
from tests.fixtures.app import Company, app_with, client_of

KEY = bytes(range(32))
router = Router()

_SQL = """
SELECT id, subject FROM platform.audit_event
WHERE action = 'seen' AND (%(after)s::uuid IS NULL OR id > %(after)s::uuid)
  AND (%(subject)s::text IS NULL OR subject = %(subject)s::text)
ORDER BY id LIMIT %(limit)s
"""


@router.get("/seen")
async def seen(paging: PageRequest, reader: TenantReader, subject: str | None = None) -> Response:
    after = paging.after[0] if paging.after else None
    parameters = {"after": after, "limit": paging.fetch, "subject": subject}
    rows = await reader.rows(_SQL, parameters)
    return paging.answer(rows, position=lambda row: (row["id"],))


@pytest.fixture
async def client(runtime: Runtime, companies: tuple[Company, Company]) -> AsyncIterator[Any]:
    for company in companies:
        async with runtime.database.session(company.tenant_id) as session:
            for number in range(7):
                record_event(session, company.tenant_id, "seen", subject=str(number % 2))
                await session.flush()
    async with client_of(app_with(runtime, router)) as opened:
        yield opened


async def test_following_the_link_visits_every_row_once(
    client: httpx.AsyncClient, companies: tuple[Company, Company]
) -> None:
    path, found, pages = "/api/v1/t/seen?limit=3", [], 0
    while path:
        answer = await client.get(path, headers=companies[0].staff.bearer)
        found += [UUID(item["id"]) for item in answer.json()["items"]]
        assert (answer.json()["next_cursor"] is None) == ("link" not in answer.headers)
        path = answer.links.get("next", {}).get("url", "")
        pages += 1
    assert (len(found), len(set(found)), pages) == (7, 7, 3)
    assert found == sorted(found)


async def test_the_link_keeps_the_filters(
    client: httpx.AsyncClient, companies: tuple[Company, Company]
) -> None:
    first = await client.get("/api/v1/t/seen?limit=2&subject=0", headers=companies[0].staff.bearer)
    second = await client.get(first.links["next"]["url"], headers=companies[0].staff.bearer)
    items = first.json()["items"] + second.json()["items"]
    assert [item["subject"] for item in items] == ["0"] * 4


async def test_a_cursor_works_for_its_tenant_list_and_filters_only(
    client: httpx.AsyncClient, companies: tuple[Company, Company]
) -> None:
    mine, theirs = (company.owner.bearer for company in companies)
    first = await client.get("/api/v1/t/seen?limit=2", headers=mine)
    cursor = first.json()["next_cursor"]
    tries = [
        (f"/api/v1/t/seen?cursor={cursor}", theirs),
        (f"/api/v1/t/seen?cursor={cursor}&subject=1", mine),
        (f"/api/v1/audit-events?cursor={cursor}", mine),
    ]
    for path, headers in tries:
        answer = await client.get(path, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_cursor")
        assert "begin again" in answer.json()["detail"]


@pytest.mark.parametrize("limit", ["0", "-1", "101", "many"])
async def test_a_limit_outside_one_to_a_hundred_is_refused(
    client: httpx.AsyncClient, companies: tuple[Company, Company], limit: str
) -> None:
    answer = await client.get(f"/api/v1/t/seen?limit={limit}", headers=companies[0].staff.bearer)
    assert answer.status_code == 422


positions = st.lists(
    st.none() | st.integers(-(2**53), 2**53) | st.text(max_size=20) | st.booleans(), max_size=4
)


@given(position=positions)
def test_a_cursor_gives_back_its_position(position: list[Any]) -> None:
    assert unseal(KEY, "place", seal(KEY, "place", position)) == tuple(position)


@given(position=positions, at=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_a_changed_cursor_is_refused(position: list[Any], at: int, flip: int) -> None:
    cursor = seal(KEY, "place", position)
    characters = list(cursor)
    index = at % len(characters)
    characters[index] = chr(ord(characters[index]) ^ flip)
    forged = "".join(characters)
    # The unused low bits of the last character carry nothing.
    if index == len(characters) - 1:
        return
    with pytest.raises(InvalidCursorError):
        unseal(KEY, "place", forged)


@given(text=st.text(max_size=200))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidCursorError):
        unseal(KEY, "place", text)


def test_a_cursor_hides_nothing_secret_and_fits_an_address() -> None:
    cursor = seal(KEY, "place", [new_id(), "2026-05-01"])
    assert len(cursor) < 200
    assert cursor.replace("-", "").replace("_", "").isalnum()
