"""How a call ended is one word; whether somebody came back is never asked."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest

from myriad.kit.ids import new_id
from myriad.products.keeper.repository.accounts import set_business_date
from tests.products.keeper.keeping.conftest import API, Desk, send
from tests.products.keeper.ledger import LAST


@pytest.fixture
async def tasks(desk: Desk) -> list[Any]:
    """Four open tasks of a company, the dearest first."""
    shop, key = desk.shop, {"tenant_id": desk.shop.tenant_id}
    people = [new_id() for _ in range(4)]
    await shop.insert("person", [{**key, "id": person} for person in people])
    await shop.insert(
        "task",
        [
            {
                **key,
                "dedup_key": str(person),
                "person_id": person,
                "business_date": LAST,
                "value_at_risk": 9_000 - place,
                "score": 1.0,
                "title": "Call them",
                "due_date": LAST + timedelta(days=6),
            }
            for place, person in enumerate(people)
        ],
    )
    async with shop.runtime.database.session(shop.tenant_id) as session:
        await set_business_date(session, LAST, "USD")
    return await shop.rows("SELECT id, person_id FROM keeper.task ORDER BY value_at_risk DESC")


async def test_each_answer_leads_where_it_says(desk: Desk, tasks: list[Any]) -> None:
    expected = {
        "booked": ("done", None),
        "left_message": ("done", None),
        "no_answer": ("snoozed", "2025-07-02"),
        "not_interested": ("dismissed", None),
    }
    async with desk.client("staff") as staff:
        for task, (answer, (state, until)) in zip(tasks, expected.items(), strict=False):
            card = await staff.post(f"{API}/tasks/{task['id']}/answer", json={"answer": answer})
            assert card.status_code == HTTPStatus.OK, card.text
            found = card.json()
            assert (found["state"], found["answer"], found["snoozed_until"]) == (
                state,
                answer,
                until,
            )
            assert found["contact_allowed"] == (answer != "not_interested")
        listed = (await staff.get(f"{API}/tasks?state=done")).json()["items"]
    assert {row["answer"] for row in listed} == {"booked", "left_message"}
    assert LAST.isoformat() == "2025-06-30"


async def test_taking_back_not_interested_allows_calls_again(desk: Desk, tasks: list[Any]) -> None:
    path = f"{API}/tasks/{tasks[0]['id']}"
    allowed = "SELECT contact_allowed FROM keeper.person WHERE id = %(person)s"
    person = tasks[0]["person_id"]
    async with desk.client("staff") as staff:
        await staff.post(f"{path}/answer", json={"answer": "not_interested"})
        assert not await desk.shop.value(allowed, person=person)
        card = (await staff.post(f"{path}/reopen")).json()
    assert card["state"] == "open"
    assert card["answer"] is None
    assert await desk.shop.value(allowed, person=person)


async def test_taking_back_never_allows_what_was_forbidden_before(
    desk: Desk, tasks: list[Any]
) -> None:
    person = tasks[0]["person_id"]
    await desk.shop.change(
        "UPDATE keeper.person SET contact_allowed = false WHERE id = %s", (person,)
    )
    path = f"{API}/tasks/{tasks[0]['id']}"
    async with desk.client("staff") as staff:
        await staff.post(f"{path}/answer", json={"answer": "not_interested"})
        await staff.post(f"{path}/reopen")
    allowed = "SELECT contact_allowed FROM keeper.person WHERE id = %(person)s"
    assert not await desk.shop.value(allowed, person=person)


async def test_a_dismissed_task_and_a_foreign_one_take_no_answer(
    desk: Desk, other_desk: Desk, tasks: list[Any]
) -> None:
    path = f"{API}/tasks/{tasks[0]['id']}"
    async with desk.client() as owner, other_desk.client() as stranger:
        foreign = await stranger.post(f"{path}/answer", json={"answer": "booked"})
        assert foreign.status_code == HTTPStatus.NOT_FOUND
        await owner.post(f"{path}/dismiss")
        refused = await owner.post(f"{path}/answer", json={"answer": "booked"})
        assert refused.status_code == HTTPStatus.CONFLICT
        nonsense = await owner.post(f"{path}/answer", json={"answer": "sang"})
        assert nonsense.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        missing = await owner.post(f"{API}/tasks/{new_id()}/answer", json={"answer": "booked"})
        assert missing.status_code == HTTPStatus.NOT_FOUND


async def test_today_takes_the_answer_as_a_form(desk: Desk, tasks: list[Any]) -> None:
    async with desk.browser("staff") as browser:
        path = f"/keeper/tasks/{tasks[0]['id']}/answer"
        answer = await send(browser, "/keeper/today", path, answer="left_message")
        assert answer.status_code == HTTPStatus.SEE_OTHER
    outcome = await desk.shop.value(
        "SELECT outcome ->> 'said' FROM keeper.task WHERE id = %(task)s", task=tasks[0]["id"]
    )
    assert outcome == "left_message"


async def test_the_control_group_is_the_owners_to_switch(desk: Desk, other_desk: Desk) -> None:
    path = f"{API}/proof/control-group"
    async with desk.client() as owner, desk.client("staff") as staff, other_desk.client() as other:
        assert (await staff.post(path, json={"on": False})).status_code == HTTPStatus.FORBIDDEN
        assert (await staff.get(f"{API}/proof")).json()["is_on"]
        assert not (await owner.post(path, json={"on": False})).json()["is_on"]
        assert (await other.get(f"{API}/proof")).json()["is_on"]
        assert (await owner.post(path, json={"on": True})).json()["is_on"]
    async with desk.browser() as browser:
        page = "/keeper/proof"
        assert "Switching it off costs the proof" in (await browser.get(page)).text
        answer = await send(browser, page, f"{page}/control-group", on="no")
        assert answer.status_code == HTTPStatus.SEE_OTHER
        assert "the control group is off" in (await browser.get(page)).text
