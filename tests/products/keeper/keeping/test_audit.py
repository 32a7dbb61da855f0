"""Who looked at whom is written before it is shown, once an hour; decisions are in the log."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from uuid import UUID

from myriad.products.keeper.deciding import apply_decisions
from tests.products.keeper.keeping.conftest import API, Desk, send
from tests.products.keeper.ledger import LAST, fill

_LINK = "SELECT id FROM keeper.identity_link WHERE state = 'proposed' LIMIT 1"
_JOBS = "SELECT count(*) FROM platform.job WHERE dedup_key = 'links'"


async def _person(desk: Desk) -> UUID:
    await fill(desk.shop, people=35)
    for number, given in enumerate(("Mariana", "Marianna")):
        await desk.shop.add_customer(
            f"twin-{number}", given_name=given, family_name="Holm",
            email="holm@example.org", email_norm="holm@example.org",
        )  # fmt: skip
        await desk.shop.sell(f"twin-{number}", [LAST])
    await desk.shop.run()
    person: UUID = await desk.shop.value(
        "SELECT person_id FROM keeper.customer WHERE ext_id = 'cust-001'"
    )
    return person


async def test_a_look_is_noted_once_an_hour_and_shown_to_the_owner_alone(
    desk: Desk, other_desk: Desk
) -> None:
    person = await _person(desk)
    path = f"{API}/customers/{person}"
    async with desk.client() as owner, desk.client("staff") as staff:
        for _ in range(2):
            assert (await staff.get(path)).status_code == HTTPStatus.OK
        await staff.get(f"{path}/timeline")
        await owner.get(path)
        seen: dict[str, Any] = (await owner.get(f"{path}/views")).json()
        assert sorted(row["places"] for row in seen["items"]) == [["api"], ["api", "timeline"]]
        first = (await owner.get(f"{API}/audit/views?limit=1")).json()
        assert len(first["items"]) == 1
        rest = await owner.get(f"{API}/audit/views", params={"cursor": first["next_cursor"]})
        assert len(rest.json()["items"]) == 1
        for closed in (f"{path}/views", f"{API}/audit/views", f"{API}/audit/events"):
            assert (await staff.get(closed)).status_code == HTTPStatus.FORBIDDEN
    async with other_desk.client() as stranger:
        assert (await stranger.get(f"{path}/views")).status_code == HTTPStatus.NOT_FOUND
        assert (await stranger.get(f"{API}/audit/views")).json()["items"] == []
    async with desk.browser() as browser, desk.browser("staff") as other:
        page = f"/keeper/customers/{person}"
        assert "Seen by" in (await browser.get(page)).text
        assert "Seen by" not in (await other.get(page)).text
        assert "Given1 Family1" in (await browser.get("/keeper/audit")).text
        assert (await other.get("/keeper/audit")).status_code == HTTPStatus.FORBIDDEN
        asked = await browser.get(f"{page}/erase")
        assert "Erase for good" in asked.text
        done = await send(browser, f"{page}/erase", f"{page}/erase")
        assert done.status_code == HTTPStatus.SEE_OTHER
        assert "Erasing a person" in (await browser.get("/keeper/connections")).text


async def test_a_decision_is_kept_at_once_and_joined_by_a_job(desk: Desk) -> None:
    await _person(desk)
    link = await desk.shop.value(_LINK)
    persons = "SELECT count(DISTINCT person_id) FROM keeper.customer WHERE ext_id LIKE 'twin%%'"
    async with desk.browser() as browser:
        token = {"HX-Request": "true"}
        path = f"/keeper/duplicates/{link}/link"
        browser.headers.update(token)
        answer = await send(browser, "/keeper/duplicates", path)
        assert answer.status_code == HTTPStatus.OK
        assert "Joining profiles" in answer.text
        assert 'hx-swap-oob="true"' in answer.text
    assert await desk.shop.value(_JOBS) == 1
    assert await desk.shop.value(persons) == 2
    async with desk.shop.runtime.database.session(desk.shop.tenant_id) as session:
        await apply_decisions(session)
    assert await desk.shop.value(persons) == 1
    async with desk.client() as owner:
        events = (await owner.get(f"{API}/audit/events")).json()["items"]
        undone = await owner.post(f"{API}/duplicates/{link}/undo")
        assert undone.json()["state"] == "undone"
    linked = [event for event in events if event["action"] == "pair.linked"]
    assert [(event["subject"], event["actor_kind"]) for event in linked] == [(str(link), "user")]
