"""A model's words as they come: heard at once, come back to, stopped, kept once, and paid for."""

from __future__ import annotations

import asyncio
from uuid import UUID

import httpx

from myriad.products.upswitch.conversation.answering import (
    answer_turn,
    finish_turn,
    follow_words,
    start_turn,
)
from myriad.products.upswitch.conversation.talking import Turn, begin_turn
from myriad.products.upswitch.repository.drafts import find_draft, stop_draft
from myriad.products.upswitch.repository.messages import find_answer_to, list_messages
from myriad.products.upswitch.views.sessions import MessageView
from myriad.scale.ai.simulator import World
from myriad.scale.http.sessions import BoundReader
from myriad.scale.runtime import Runtime
from tests.fixtures.app import Company, csrf_of
from tests.products.upswitch.conversation.conftest import (
    API,
    Companies,
    Register,
    begin,
    browser,
    capped,
    program,
    says,
)

WORDS = "Thank you, that is noted as you said it. And what would hired managers cost for that work?"


async def begun(runtime: Runtime, company: Company, number: int) -> UUID:
    """Return a session that has just begun."""
    async with program(runtime, company) as client:
        return UUID((await begin(client, number))["session"]["id"])


async def asked(runtime: Runtime, company: Company, session_id: UUID, text: str) -> Turn:
    """Return a turn whose message is kept and not answered yet."""
    async with runtime.database.session(company.tenant_id) as session:
        reader = BoundReader(runtime, company.tenant_id)
        return await begin_turn(runtime, session, reader, session_id, text)


async def answer_to(runtime: Runtime, company: Company, turn: Turn) -> MessageView | None:
    """Return what is kept in answer to a turn's message."""
    async with runtime.database.session(company.tenant_id) as session:
        return await find_answer_to(session, turn.view.id, turn.message.seq)


async def test_words_are_heard_while_the_model_still_speaks(
    speaking: Runtime, world: World, companies: Companies, register: Register
) -> None:
    """The first words come before there is an answer; together they are the answer."""
    world.answers["message"], world.seconds_a_token = says(WORDS), 0.02
    company = companies[0]
    turn = await asked(speaking, company, await begun(speaking, company, register.filer), "60.000")
    heard: list[str] = []
    async for name, data in answer_turn(speaking, company.tenant_id, turn):
        if name == "text":
            if not heard:
                assert await answer_to(speaking, company, turn) is None
            heard.append(data["text"])  # type: ignore[index]
    assert len(heard) > 3
    answer = await answer_to(speaking, company, turn)
    assert answer is not None
    assert (answer.content, answer.spoken_by) == (WORDS, "model")
    assert "".join(heard) == WORDS


async def test_who_comes_back_hears_the_rest_and_nothing_twice(
    speaking: Runtime, runtime: Runtime, world: World, companies: Companies, register: Register
) -> None:
    """Another process sends what is left from where the listener was; the answer is kept once."""
    world.answers["message"], world.seconds_a_token = says(WORDS), 0.05
    company = companies[0]
    session_id = await begun(speaking, company, register.filer)
    turn = await asked(speaking, company, session_id, "60.000")
    start_turn(speaking, company.tenant_id, turn)
    first = follow_words(speaking, company.tenant_id, session_id, turn.message.seq, 0)
    place, words = await anext(first)
    await first.aclose()
    assert place == len(words) < len(WORDS)
    rest = follow_words(runtime, company.tenant_id, session_id, turn.message.seq, place)
    assert words + "".join([text async for _, text in rest]) == WORDS
    async with runtime.database.session(company.tenant_id) as session:
        kept = await list_messages(session, session_id)
        assert await find_draft(session, session_id, turn.message.seq) is None
    assert [message.content for message in kept].count(WORDS) == 1


async def test_words_that_are_stopped_stay_and_the_script_asks_on(
    speaking: Runtime, world: World, companies: Companies, register: Register
) -> None:
    """What was heard is kept once, the question that did not come is the script's."""
    world.answers["message"], world.seconds_a_token = says(WORDS * 3), 0.1
    company = companies[0]
    session_id = await begun(speaking, company, register.filer)
    turn = await asked(speaking, company, session_id, "60.000")
    start_turn(speaking, company.tenant_id, turn)
    heard = follow_words(speaking, company.tenant_id, session_id, turn.message.seq, 0)
    _, first = await anext(heard)
    async with speaking.database.session(company.tenant_id) as session:
        assert await stop_draft(session, session_id, turn.message.seq)
    async for _ in heard:
        pass
    answer = await answer_to(speaking, company, turn)
    assert answer is not None
    assert answer.content.startswith(first)
    assert len(answer.content) < len(WORDS * 3)
    assert "\N{HORIZONTAL ELLIPSIS} And what would hired managers cost" in answer.content


async def test_a_number_that_nobody_gave_is_never_heard(
    speaking: Runtime, world: World, companies: Companies, register: Register
) -> None:
    """Words up to it may be heard, then the script speaks."""
    world.answers["message"] = says("Your company is worth EUR 9 999 998 or more.")
    world.seconds_a_token = 0.02
    company = companies[0]
    turn = await asked(speaking, company, await begun(speaking, company, register.filer), "60.000")
    heard = ""
    async for name, data in answer_turn(speaking, company.tenant_id, turn):
        heard += data["text"] if name == "text" else ""  # type: ignore[index]
    answer = await answer_to(speaking, company, turn)
    assert answer is not None
    assert answer.spoken_by == "script"
    assert "9" not in heard + answer.content


async def test_turns_at_once_never_spend_more_than_the_sessions_purse(
    speaking: Runtime, world: World, companies: Companies, register: Register
) -> None:
    """However many messages are answered at once, the bill stays within the cap."""
    world.answers["message"], world.base_seconds = says(WORDS), 0.3
    runtime, company, cap = capped(speaking, 16_000), companies[0], 16_000
    session_id = await begun(runtime, company, register.filer)
    turns = [await asked(runtime, company, session_id, f"60.00{n}") for n in range(8)]
    assert all(turn.asks_model for turn in turns)
    answers = await asyncio.gather(
        *(finish_turn(runtime, company.tenant_id, turn) for turn in turns)
    )
    bill = sum(account.cost_usd_micros for account in world.accounts.values())
    spoken = [answer.spoken_by for answer, _ in answers]
    assert 0 < bill <= cap
    assert {"model", "script"} == set(spoken)
    async with program(runtime, company) as client:
        view = (await client.get(f"{API}/sessions/{session_id}")).json()
    assert view["session"]["spent_usd_micros"] == bill


async def test_htmx_gets_the_page_at_once_and_a_form_waits_for_the_words(
    speaking: Runtime, world: World, companies: Companies, register: Register
) -> None:
    """With scripts the words follow the page; without, the page comes with them."""
    world.answers["message"], world.seconds_a_token = says(WORDS), 0.05
    company = companies[0]
    session_id = await begun(speaking, company, register.filer)
    path = f"/upswitch/sessions/{session_id}"
    async with browser(speaking, company) as client:
        form = {"csrf_token": csrf_of((await client.get(path)).text), "text": "60.000"}
        part = await client.post(f"{path}/messages", data=form, headers={"hx-request": "true"})
        assert "data-words=" in part.text
        assert WORDS not in part.text
        assert ">Stop<" in part.text
        words = part.text.partition('data-words="')[2].partition('"')[0]
        stream = await client.get(words)
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert stream.text.rstrip().endswith("event: end\ndata: {}")
        rest = await client.get(words, headers={"Last-Event-ID": str(len(WORDS) - 5)})
        assert f'data: {{"text": "{WORDS[-5:]}"}}' in rest.text
        assert WORDS in (await client.get(path)).text
        whole = await client.post(f"{path}/messages", data=form | {"text": "70.000"})
        assert whole.status_code == 303
        assert (await client.get(path)).text.count(WORDS) == 2


async def test_another_account_neither_hears_nor_stops_the_words(
    speaking: Runtime, companies: Companies, register: Register
) -> None:
    """A session of another account is not there."""
    session_id = await begun(speaking, companies[0], register.filer)
    path = f"{API}/sessions/{session_id}/messages/1"
    async with program(speaking, companies[1]) as client:
        answers: list[httpx.Response] = [
            await client.get(f"{path}/words"),
            await client.post(f"{path}/stop"),
        ]
    assert [answer.status_code for answer in answers] == [404, 404]
