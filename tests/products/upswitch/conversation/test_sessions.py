"""Sessions over HTTP: begun, talked with, changed by hand; one tenant never sees another's."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from myriad.kit.ids import new_id
from myriad.products.upswitch import tasks  # noqa: F401 - registers the jobs
from myriad.products.upswitch.conversation.keys import KEYS, OPERATING_INCOME, REVENUES
from myriad.products.upswitch.registry.numbers import format_number
from myriad.products.upswitch.repository.sessions import tidy_sessions
from myriad.scale.runtime import Runtime
from tests.fixtures.app import Company
from tests.products.upswitch.conversation.conftest import (
    API,
    Companies,
    Register,
    begin,
    events_in,
    file_accounts,
    filing,
    held,
    program,
    say,
)

GROWTH = "input_sheet.revenue_growth_next_year"
RENT = "normalisation.rent"


async def later(runtime: Runtime, company: Company, session_id: str, interval: str) -> None:
    """Let a session have been used so much earlier."""
    async with runtime.database.crossing("test lets time pass") as session:
        connection = await session.connection()
        await connection.exec_driver_sql(
            "UPDATE upswitch.session SET used_at = used_at - %(by)s::interval, "
            "expires_at = expires_at - %(by)s::interval WHERE id = %(id)s",
            {"by": interval, "id": session_id},
        )


async def test_a_session_begins_with_what_was_filed_and_the_first_open_question(
    runtime: Runtime, companies: Companies, register: Register
) -> None:
    async with program(runtime, companies[0]) as client:
        view = await begin(client, register.filer)
        again = (await client.get(f"{API}/sessions/{view['session']['id']}")).json()
    turnover = held(view, REVENUES, "2025-12-31")
    assert turnover is not None
    assert (turnover["value"], turnover["source"]) == (2_450_000, "registry")
    assert view["question"]["key"] == "due_diligence.owner_yearly_pay"
    assert view["question"]["text"] in view["messages"][0]["content"]
    assert again["session"]["facts"] == view["session"]["facts"]


async def test_the_script_asks_until_everything_is_known_without_any_model(
    runtime: Runtime, companies: Companies, register: Register
) -> None:
    answers = {"amount": "250.000", "rate": "4 %", "share": "20 %", "choice": "retail"}
    async with program(runtime, companies[0]) as client:
        view = await begin(client, register.silent)
        path = f"{API}/sessions/{view['session']['id']}"
        question, asked = view["question"], 0
        while question is not None:
            events = await say(client, view["session"]["id"], answers[KEYS[question["key"]].kind])
            assert [name for name, _ in events][:2] == ["message", "fact"]
            name, end = events[-1]
            assert (name, end["spoken_by"], end["reason"]) == ("end", "script", "no_model")
            assert "".join(data["text"] for kind, data in events if kind == "text") == end["text"]
            question, asked = end["question"], asked + 1
        view = (await client.get(path)).json()
    assert asked in (12, 13)
    assert view["answered"] == view["questions"]
    assert view["session"]["spent_usd_micros"] == 0
    assert all(fact["confirmed"] for fact in view["session"]["facts"])


async def test_an_answer_that_cannot_be_read_is_asked_again_with_what_to_type(
    runtime: Runtime, companies: Companies, register: Register
) -> None:
    async with program(runtime, companies[0]) as client:
        session_id = (await begin(client, register.silent))["session"]["id"]
        end = (await say(client, session_id, "rather a lot"))[-1][1]
        assert "such as 2.450.000" in end["text"]
        assert end["question"]["key"] == REVENUES
        unit = (await say(client, session_id, "2450"))[-1][1]
        assert (unit["reason"], "thousands" in unit["text"]) == ("unit", True)
        settled = await say(client, session_id, "thousands")
        facts = [data for name, data in settled if name == "fact"]
    assert [(each["key"], each["value"]) for each in facts] == [(REVENUES, 2_450_000)]


async def test_not_knowing_leaves_the_default_and_goes_on(
    runtime: Runtime, companies: Companies, register: Register
) -> None:
    async with program(runtime, companies[0]) as client:
        view = await begin(client, register.filer)
        end = (await say(client, view["session"]["id"], "I don't know"))[-1][1]
        after = (await client.get(f"{API}/sessions/{view['session']['id']}")).json()
    assert end["question"]["key"] != view["question"]["key"]
    assert held(after, view["question"]["key"]) is None


async def test_the_same_message_twice_is_one_message_with_one_answer(
    runtime: Runtime, companies: Companies, register: Register
) -> None:
    key = str(new_id())
    async with program(runtime, companies[0]) as client:
        session_id = (await begin(client, register.filer))["session"]["id"]
        first = await say(client, session_id, "60.000", **{"Idempotency-Key": key})
        second = await say(client, session_id, "60.000", **{"Idempotency-Key": key})
        assert first[-1][1]["seq"] == second[-1][1]["seq"]
        assert first[-1][1]["text"] == second[-1][1]["text"]
        other = await client.post(
            f"{API}/sessions/{session_id}/messages",
            json={"text": "70.000"},
            headers={"Idempotency-Key": key},
        )
        view = (await client.get(f"{API}/sessions/{session_id}")).json()
    assert (other.status_code, other.json()["code"]) == (422, "upswitch_other_message")
    assert len(view["messages"]) == 3


async def test_a_session_asked_for_twice_with_one_key_is_one_session(
    runtime: Runtime, companies: Companies, register: Register
) -> None:
    body = {"company_number": format_number(register.filer)}
    headers = {"Idempotency-Key": str(new_id())}
    async with program(runtime, companies[0]) as client:
        made = [
            (await client.post(f"{API}/sessions", json=body, headers=headers)).json()
            for _ in range(2)
        ]
        listed = (await client.get(f"{API}/sessions")).json()
    assert made[0]["session"]["id"] == made[1]["session"]["id"]
    assert len(listed["items"]) == 1


async def test_a_fact_changed_by_hand_holds_and_taken_back_lets_the_register_hold_again(
    runtime: Runtime, companies: Companies, register: Register
) -> None:
    async with program(runtime, companies[0]) as client:
        session_id = (await begin(client, register.filer))["session"]["id"]
        path = f"{API}/sessions/{session_id}/facts/{REVENUES}"
        put = await client.put(path, json={"value": 2600, "unit": "thousand EUR"})
        assert (put.status_code, put.json()["value"]) == (200, 2_600_000)
        await say(client, session_id, "60.000")
        view = (await client.get(f"{API}/sessions/{session_id}")).json()
        changed = held(view, REVENUES)
        assert changed is not None
        assert (changed["value"], changed["source"]) == (2_600_000, "user")
        back = await client.delete(path, params={"period": "2025-12-31"})
        restored = held(back.json(), REVENUES)
        gone = await client.delete(f"{API}/sessions/{session_id}/facts/{GROWTH}")
    assert restored is not None
    assert (restored["value"], restored["source"]) == (2_450_000, "registry")
    assert (gone.status_code, gone.json()["code"]) == (404, "upswitch_no_fact")


async def test_accounts_that_come_later_are_taken_over_and_never_overwrite_a_person(
    runtime: Runtime, companies: Companies, register: Register
) -> None:
    number = register.silent
    async with program(runtime, companies[0]) as client:
        session_id = (await begin(client, number))["session"]["id"]
        path = f"{API}/sessions/{session_id}"
        own = {"value": 2_500_000, "period": "2025-12-31"}
        assert (await client.put(f"{path}/facts/{REVENUES}", json=own)).status_code == 200
        await file_accounts(runtime, filing(number))
        view = (await client.post(f"{path}/accounts")).json()
        once = (await client.post(f"{path}/accounts")).json()
    async with runtime.database.crossing("test takes accounts away") as session:
        connection = await session.connection()
        await connection.exec_driver_sql(
            "DELETE FROM upswitch.filing WHERE number = %(number)s", {"number": number}
        )
    turnover, result = held(view, REVENUES), held(view, OPERATING_INCOME)
    assert turnover is not None
    assert result is not None
    assert (turnover["value"], turnover["source"]) == (2_500_000, "user")
    assert (result["value"], result["source"]) == (262_000, "registry")
    assert once["session"]["facts"] == view["session"]["facts"]


@pytest.mark.parametrize(
    ("key", "body", "code"),
    [
        (REVENUES, {"value": 2450}, "upswitch_which_unit"),
        (REVENUES, {"value": 5, "unit": "%"}, "upswitch_answer"),
        (REVENUES, {"value": 2_450_000, "period": "last year"}, "upswitch_answer"),
        (GROWTH, {"value": 40}, "upswitch_answer"),
        (GROWTH, {"value": True}, "upswitch_answer"),
        ("input_sheet.magic", {"value": 1}, "upswitch_unknown_fact"),
        (REVENUES, {"value": 1_000_000, "colour": "red"}, "validation_failed"),
    ],
    ids=["unit", "percent", "period", "bounds", "bool", "key", "field"],
)
async def test_a_fact_that_cannot_be_is_refused_by_name_and_nothing_changes(
    runtime: Runtime, companies: Companies, register: Register, key: str, body: object, code: str
) -> None:
    async with program(runtime, companies[0]) as client:
        view = await begin(client, register.silent)
        path = f"{API}/sessions/{view['session']['id']}"
        answer = await client.put(f"{path}/facts/{key}", json=body)
        after = (await client.get(path)).json()
    assert answer.status_code == 422
    if code != "validation_failed":
        assert answer.json()["code"] == code
    assert after["session"]["facts"] == view["session"]["facts"]


async def test_nobody_reaches_a_session_of_another_account(
    runtime: Runtime, companies: Companies, register: Register
) -> None:
    async with program(runtime, companies[0]) as client:
        session_id = (await begin(client, register.filer))["session"]["id"]
    path = f"{API}/sessions/{session_id}"
    async with program(runtime, companies[1]) as other:
        tried = [
            await other.get(path),
            await other.patch(path, json={"state": "closed"}),
            await other.post(f"{path}/messages", json={"text": "60.000"}),
            await other.put(f"{path}/facts/{REVENUES}", json={"value": 9_000_000}),
            await other.post(f"{path}/facts/{REVENUES}/confirm"),
            await other.delete(f"{path}/facts/{REVENUES}"),
            await other.post(f"{path}/accounts"),
        ]
        assert (await other.get(f"{API}/sessions")).json()["items"] == []
    assert [answer.status_code for answer in tried] == [404] * len(tried)
    async with program(runtime, companies[0]) as client:
        view = (await client.get(path)).json()
    assert len(view["messages"]) == 1
    assert view["session"]["state"] == "open"


async def test_a_closed_session_says_so_and_opens_again(
    runtime: Runtime, companies: Companies, register: Register
) -> None:
    async with program(runtime, companies[0]) as client:
        session_id = (await begin(client, register.filer))["session"]["id"]
        path = f"{API}/sessions/{session_id}"
        await client.patch(path, json={"state": "closed"})
        refused = [
            await client.post(f"{path}/messages", json={"text": "60.000"}),
            await client.put(f"{path}/facts/{GROWTH}", json={"value": 0.04}),
        ]
        assert [answer.json()["code"] for answer in refused] == ["upswitch_session_closed"] * 2
        await client.patch(path, json={"state": "open"})
        assert (await say(client, session_id, "60.000"))[1][0] == "fact"


async def test_a_day_after_its_last_use_the_conversation_begins_anew_and_the_facts_stay(
    runtime: Runtime, companies: Companies, register: Register
) -> None:
    async with program(runtime, companies[0]) as client:
        view = await begin(client, register.filer)
        session_id = view["session"]["id"]
        await say(client, session_id, "skip")
        await later(runtime, companies[0], session_id, "25 hours")
        expired = (await client.get(f"{API}/sessions/{session_id}")).json()
        assert expired["session"]["state"] == "expired"
        assert expired["session"]["facts"] == view["session"]["facts"]
        assert expired["question"] == view["question"]
        await say(client, session_id, "60.000")
        revived = (await client.get(f"{API}/sessions/{session_id}")).json()
    assert revived["session"]["state"] == "open"
    assert held(revived, "due_diligence.owner_yearly_pay") is not None


async def test_sessions_are_removed_after_their_retention_and_only_ones_own(
    runtime: Runtime, companies: Companies, register: Register
) -> None:
    kept = []
    for company in companies:
        async with program(runtime, company) as client:
            old, new = [(await begin(client, register.filer))["session"]["id"] for _ in range(2)]
        await later(runtime, company, old, "731 days")
        kept.append({old, new})
    async with runtime.database.session(companies[0].tenant_id) as session:
        assert await tidy_sessions(session, 730) == 1
    counts = []
    for company in companies:
        async with program(runtime, company) as client:
            counts.append(len((await client.get(f"{API}/sessions")).json()["items"]))
    assert counts == [1, 2]


async def test_the_list_is_paged_and_the_one_used_last_comes_first(
    runtime: Runtime, companies: Companies, register: Register
) -> None:
    async with program(runtime, companies[0]) as client:
        made = [(await begin(client, register.filer))["session"]["id"] for _ in range(3)]
        await say(client, made[0], "60.000")
        first = (await client.get(f"{API}/sessions", params={"limit": 2})).json()
        cursor = {"limit": 2, "cursor": first["next_cursor"]}
        second = (await client.get(f"{API}/sessions", params=cursor)).json()
    seen = [row["id"] for row in [*first["items"], *second["items"]]]
    assert seen == [made[0], made[2], made[1]]
    assert second["next_cursor"] is None


async def test_messages_sent_at_once_are_answered_one_after_the_other(
    runtime: Runtime, companies: Companies, register: Register
) -> None:
    async with program(runtime, companies[0]) as client:
        session_id = (await begin(client, register.filer))["session"]["id"]
        path = f"{API}/sessions/{session_id}"

        async def send(text: str) -> httpx.Response:
            return await client.post(f"{path}/messages", json={"text": text})

        answers = await asyncio.gather(*(send("50.000") for _ in range(6)))
        view = (await client.get(path)).json()
    assert all(events_in(answer.text)[-1][0] == "end" for answer in answers)
    assert [each["seq"] for each in view["messages"]] == list(range(1, 14))


@pytest.mark.parametrize(
    ("number", "status"), [("0200.065.766", 422), ("0200.065.765", 404)], ids=["slip", "unknown"]
)
async def test_a_company_that_is_none_begins_no_session(
    runtime: Runtime, companies: Companies, register: Register, number: str, status: int
) -> None:
    async with program(runtime, companies[0]) as client:
        answer = await client.post(f"{API}/sessions", json={"company_number": number})
        listed = (await client.get(f"{API}/sessions")).json()
    assert answer.status_code == status
    assert listed["items"] == []


async def test_every_key_is_documented_over_http(runtime: Runtime, companies: Companies) -> None:
    async with program(runtime, companies[0]) as client:
        items = (await client.get(f"{API}/facts")).json()["items"]
    assert [each["name"] for each in items] == list(KEYS)
    assert all(each["meaning"] for each in items)
