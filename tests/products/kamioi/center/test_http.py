"""The center over HTTP: pages in their order, 409 for the second of two, foreign strings unknown."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from myriad.kit.errors import InvalidInputError
from myriad.products.kamioi.endpoints import center as api
from myriad.products.kamioi.pages.center_parts import brand_of
from myriad.products.kamioi.pages.queue import _seen_of
from tests.fixtures.app import Company, app_with, client_of
from tests.products.kamioi.center.conftest import Center

BASE = "/api/v1/t/admin"


@pytest.fixture
async def staff(center: Center) -> AsyncIterator[httpx.AsyncClient]:
    """A program of the programme's staff."""
    assert center.company
    async with client_of(app_with(center.runtime, api.router)) as client:
        client.headers.update(center.company.staff.bearer)
        yield client


def upon(string: UUID, version: int = 1, **more: Any) -> dict[str, Any]:
    return {"descriptor_id": str(string), "version": version, **more}


async def test_of_two_who_decide_at_once_the_second_gets_409(
    center: Center, staff: httpx.AsyncClient
) -> None:
    string, brand = await center.proposed(), str(center.brand("Tesco"))
    done = await staff.post(f"{BASE}/llm-center/approve", json=upon(string, brand_id=brand))
    assert done.json() == {"decided": [str(string)], "waiting": [], "stale": []}
    late = await staff.post(f"{BASE}/llm-center/reject", json=upon(string))
    assert (late.status_code, late.json()["code"]) == (409, "kamioi_stale_mapping")
    again = await staff.post(
        f"{BASE}/llm-center/bulk",
        json={"action": "approve", "brand_id": None, "items": [upon(string, 1)]},
    )
    assert again.json()["stale"] == [str(string)]
    back = await staff.post(f"{BASE}/llm-center/restore", json=upon(string, 2, restored=1))
    assert back.status_code == 204
    found = await staff.get(f"{BASE}/llm-center/mappings/{string}")
    assert [one["version"] for one in found.json()["versions"]] == [3, 2, 1]


async def test_the_queue_goes_page_by_page_by_what_hangs_on_it(
    center: Center, staff: httpx.AsyncClient
) -> None:
    strings = [
        await center.proposed(norm=f"zeta shop {letter}", amount_minor=amount)
        for letter, amount in (("a", 1_000), ("b", 90_000), ("c", 50_000))
    ]
    await center.proposed(norm="another zeta shop", amount_minor=70_000)
    seen, link = [], f"{BASE}/llm-center/queue?starts=ZETA%20SHOP&limit=2"
    while link:
        page = (await staff.get(link)).json()
        seen += [(one["descriptor_id"], one["purchases"]) for one in page["items"]]
        cursor = page["next_cursor"]
        link = cursor and f"{BASE}/llm-center/queue?starts=ZETA%20SHOP&limit=2&cursor={cursor}"
    assert seen == [(str(strings[place]), 1) for place in (1, 2, 0)]
    everything = (await staff.get(f"{BASE}/llm-center/queue?limit=2")).json()["items"]
    weights = [one["weight"] for one in everything]
    assert weights == sorted(weights, reverse=True)


async def test_mappings_are_listed_by_state_the_newest_first(
    center: Center, staff: httpx.AsyncClient
) -> None:
    strings = [await center.proposed(state="auto") for _ in range(3)]
    await center.proposed()
    seen, link = [], f"{BASE}/llm-center/mappings?state=auto&limit=2"
    while link:
        page = (await staff.get(link)).json()
        seen += [one["descriptor_id"] for one in page["items"]]
        cursor = page["next_cursor"]
        link = cursor and f"{BASE}/llm-center/mappings?state=auto&limit=2&cursor={cursor}"
    assert seen == [str(one) for one in reversed(strings)]
    board = (await staff.get(f"{BASE}/llm-center/dashboard")).json()
    assert board["decided_alone"] == 3
    assert board["waiting"] >= 1


async def test_processing_the_queue_is_one_job_however_often_it_is_asked_for(
    staff: httpx.AsyncClient,
) -> None:
    jobs = {
        (await staff.post(f"{BASE}/llm-center/process-queue")).json()["job_id"] for _ in range(2)
    }
    assert len(jobs) == 1
    told = (await staff.get(f"{BASE}/tasks/{jobs.pop()}")).json()
    assert told["task"] == "kamioi.descriptors.map"


async def test_only_an_owner_changes_the_sum_above_which_two_decide(
    center: Center, staff: httpx.AsyncClient
) -> None:
    assert center.company
    path, body = f"{BASE}/llm-center/rule", {"second_person_minor": 100}
    assert (await staff.put(path, json=body)).status_code == 403
    owner = center.company.owner.bearer
    assert (await staff.put(path, json=body, headers=owner)).json() == body
    assert (await staff.get(path)).json() == body


async def test_an_owner_states_a_rate_and_what_it_is_of_can_be_compared(
    center: Center, stranger: Company, staff: httpx.AsyncClient
) -> None:
    assert center.company
    string = await center.proposed(norm="oslo kaffe", amount_minor=900, currency="SEK")
    path, board = f"{BASE}/llm-center/rate", f"{BASE}/llm-center/dashboard"
    body = {"currency": "SEK", "into_currency": "USD", "rate": "0.09", "source": "the bank"}
    theirs = await staff.put(path, json=body, headers=stranger.owner.bearer)
    assert theirs.status_code == 204
    assert (await staff.get(board)).json()["unrated"] == ["SEK"]
    assert (await staff.put(path, json=body)).status_code == 403
    owner = center.company.owner.bearer
    same = await staff.put(path, json=body | {"currency": "USD"}, headers=owner)
    assert (same.status_code, "another one" in same.json()["detail"]) == (422, True)
    assert (await staff.put(path, json=body, headers=owner)).status_code == 204
    told = (await staff.get(board)).json()
    assert (told["currency"], told["unrated"]) == ("USD", [])
    item = (await staff.get(f"{BASE}/llm-center/mappings/{string}")).json()["item"]
    assert (item["worth"], item["needs_second"]) == ({"amount_minor": 81, "unrated": []}, False)


async def test_strings_and_jobs_of_another_programme_are_unknown(
    center: Center, stranger: Company, staff: httpx.AsyncClient
) -> None:
    string = await center.proposed()
    job = (await staff.post(f"{BASE}/llm-center/process-queue")).json()["job_id"]
    other = stranger.staff.bearer
    assert (
        await staff.get(f"{BASE}/llm-center/mappings/{string}", headers=other)
    ).status_code == 404
    assert (await staff.get(f"{BASE}/tasks/{job}", headers=other)).status_code == 404
    refused = await staff.post(
        f"{BASE}/llm-center/approve", json=upon(string, brand_id=None), headers=other
    )
    assert refused.status_code == 404
    assert (await staff.get(f"{BASE}/llm-center/queue", headers=other)).json()["items"] == []


async def test_brands_are_found_by_the_first_letters_of_a_name(
    center: Center, staff: httpx.AsyncClient
) -> None:
    found = (await staff.get(f"{BASE}/llm-center/brands?starts=COST")).json()
    assert str(center.brand("Costa")) in [one["id"] for one in found]
    assert (await staff.get(f"{BASE}/llm-center/brands?starts=%25")).json() == []


@pytest.mark.parametrize("items", ["x:1", "1", f"{UUID(int=1)}:x"], ids=["id", "pair", "version"])
def test_a_form_that_was_tampered_with_says_what_to_do(items: str) -> None:
    with pytest.raises(InvalidInputError, match="load the queue again"):
        _seen_of(items)
    with pytest.raises(InvalidInputError, match="from the list"):
        brand_of(items)
