"""The second half of a turn: a message is answered, by a model's words or the script's.

A model's words are kept as they come (`repository.drafts`), so that whoever listens, in whichever
process, hears them, comes back to them and may stop them. The answer itself is stored once, also
when nobody listens any more.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from myriad.products.upswitch.conversation import words
from myriad.products.upswitch.conversation.live import read_live, write_live
from myriad.products.upswitch.conversation.model import DEADLINE_SECONDS, purse_of, speak
from myriad.products.upswitch.conversation.speech import Context, Spoken
from myriad.products.upswitch.conversation.talking import Turn
from myriad.products.upswitch.repository.drafts import end_draft, find_draft, write_draft
from myriad.products.upswitch.repository.facts import keep_facts
from myriad.products.upswitch.repository.messages import (
    find_answer_to,
    insert_message,
    list_messages,
)
from myriad.products.upswitch.repository.sessions import keep_live, keep_spend, lock_session
from myriad.products.upswitch.settings import UpswitchSettings
from myriad.products.upswitch.views.sessions import FactView, MessageView
from myriad.scale.ai.gateway import Gateway
from myriad.scale.data import Session
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId

Answered = tuple[MessageView, tuple[FactView, ...], Spoken]
Event = tuple[str, dict[str, Any] | FactView]
Told = Callable[[str], Awaitable[None]]
_PIECE = re.compile(r"\S+\s*")
_KEEP_EVERY_SECONDS = 0.15
_LOOK_EVERY_SECONDS = 0.15
# Words that have stood still for longer were left behind by a process that died.
LONGEST_PAUSE_SECONDS = 2 * DEADLINE_SECONDS
_under_way: set[asyncio.Task[Answered]] = set()


async def answer_turn(runtime: Runtime, tenant_id: TenantId, turn: Turn) -> AsyncIterator[Event]:
    """Yield `message`, a `fact` for each that is new, `text` as it comes, then `end`.

    The text of `end` is what was kept: where words were taken back it is not what came before.
    """
    yield "message", {"seq": turn.message.seq}
    for fact in turn.taken.facts:
        yield "fact", fact
    heard: asyncio.Queue[str | None] = asyncio.Queue()
    finishing = _start(runtime, tenant_id, turn, heard.put)
    finishing.add_done_callback(lambda _: heard.put_nowait(None))
    said = ""
    while (so_far := await heard.get()) is not None:
        if len(so_far) > len(said):
            yield "text", {"text": so_far[len(said) :]}
            said = so_far
    answer, proposals, spoken = await finishing
    for fact in proposals:
        yield "fact", fact
    if answer.content.startswith(said):
        for piece in _PIECE.findall(answer.content[len(said) :]):
            yield "text", {"text": piece}
    yield "end", _ended(turn, answer, spoken)


def _ended(turn: Turn, answer: MessageView, spoken: Spoken) -> dict[str, Any]:
    question = turn.question
    return {
        "seq": answer.seq,
        "text": answer.content,
        "spoken_by": answer.spoken_by,
        "reason": "cap" if spoken.is_capped else turn.reason,
        "question": None
        if question is None
        else {"key": question.key.name, "period": question.period, "text": question.text},
    }


async def finish_turn(
    runtime: Runtime, tenant_id: TenantId, turn: Turn
) -> tuple[MessageView, tuple[FactView, ...]]:
    """Answer a message to its end; return the answer and the proposals that came with it."""
    # Whoever stops listening does not lose the answer.
    answer, proposals, _ = await asyncio.shield(_start(runtime, tenant_id, turn, _nobody))
    return answer, proposals


def start_turn(runtime: Runtime, tenant_id: TenantId, turn: Turn) -> None:
    """Let a message be answered while its sender already has the page; see `follow_words`."""
    _start(runtime, tenant_id, turn, _nobody)


def _start(runtime: Runtime, tenant_id: TenantId, turn: Turn, tell: Told) -> asyncio.Task[Answered]:
    task = asyncio.create_task(_finish(runtime, tenant_id, turn, tell))
    _under_way.add(task)
    task.add_done_callback(_under_way.discard)
    return task


async def _nobody(_text: str) -> None:
    return


async def _finish(runtime: Runtime, tenant_id: TenantId, turn: Turn, tell: Told) -> Answered:
    if turn.answer is not None:
        return turn.answer, (), Spoken()
    spoken, spent = Spoken(), None
    if turn.asks_model:
        spoken = await _speak(runtime, tenant_id, turn, tell)
        purse = purse_of(turn.view.id, 0)
        spent = await Gateway.of(runtime).spent_from(tenant_id, purse.name)
    async with runtime.database.session(tenant_id) as session:
        answer, proposals = await _store(session, turn, spoken, spent)
    return answer, proposals, spoken


async def _speak(runtime: Runtime, tenant_id: TenantId, turn: Turn, tell: Told) -> Spoken:
    async with runtime.database.read_session(tenant_id) as session:
        messages = await list_messages(session, turn.view.id)
    context = Context(turn.view, messages, turn.message.content, turn.question)
    cap = runtime.settings_of(UpswitchSettings).session_cap_usd_micros
    keep_at = 0.0

    async def hear(text: str) -> bool:
        nonlocal keep_at
        await tell(text)
        if not text or time.monotonic() < keep_at:
            return True
        async with runtime.database.session(tenant_id) as session:
            goes_on = await write_draft(session, turn.view.id, turn.message.seq, text)
        keep_at = time.monotonic() + _KEEP_EVERY_SECONDS
        return goes_on

    purse = purse_of(turn.view.id, cap)
    return await speak(Gateway.of(runtime), tenant_id, context, purse, hear)


async def _store(
    session: Session, turn: Turn, spoken: Spoken, spent_usd_micros: int | None
) -> tuple[MessageView, tuple[FactView, ...]]:
    session_id, seq = turn.view.id, turn.message.seq
    row = await lock_session(session, session_id)
    await end_draft(session, session_id, seq)
    before = await find_answer_to(session, session_id, seq)
    if before is not None:
        return before, ()
    if spent_usd_micros is not None:
        await keep_spend(session, session_id, spent_usd_micros)
    proposals = _beyond(spoken.proposals, turn.taken.facts)
    await keep_facts(session, session_id, proposals)
    if proposals:
        places = tuple((fact.key, fact.period) for fact in proposals)
        live = replace(read_live(row["live"]), proposed=places)
        await keep_live(session, session_id, write_live(live))
    text, is_model = _words_of(turn, spoken, proposals)
    message = await insert_message(
        session,
        session_id,
        role="assistant",
        content=text,
        spoken_by="model" if is_model else "script",
        answers=seq,
        tokens=spoken.tokens,
        cost_usd_micros=spoken.cost_usd_micros,
    )
    return message, proposals


def _beyond(proposals: tuple[FactView, ...], stated: tuple[FactView, ...]) -> tuple[FactView, ...]:
    """Return the proposals of what the script has not read itself."""
    places = {(fact.key, fact.period) for fact in stated}
    return tuple(fact for fact in proposals if (fact.key, fact.period) not in places)


def _words_of(turn: Turn, spoken: Spoken, proposals: tuple[FactView, ...]) -> tuple[str, bool]:
    """Return what is said, and whether a model says it."""
    taken, language = turn.taken, turn.language
    noted = words.noted(taken.facts, language)
    if proposals:
        return words.joined(noted, words.confirming(proposals, language)), False
    asking = words.asking(turn.question, language)
    if spoken.is_stopped:
        # What was heard stays; the question that it did not come to is the script's.
        heard = f"{spoken.say} \N{HORIZONTAL ELLIPSIS}" if spoken.say else noted
        return words.joined(heard, asking), spoken.say is not None
    if spoken.say is not None:
        return spoken.say, True
    if taken.asks_unit:
        return taken.note, False
    return words.joined(noted, taken.note, asking), False


async def follow_words(
    runtime: Runtime, tenant_id: TenantId, session_id: UUID, seq: int, heard: int
) -> AsyncGenerator[tuple[int, str]]:
    """Yield where the words in answer to a message stand and what is new of them, until they end.

    `heard` is how much of them the listener has already: who comes back hears nothing twice.
    """
    until = time.monotonic() + LONGEST_PAUSE_SECONDS
    while time.monotonic() < until:
        async with runtime.database.read_session(tenant_id) as session:
            draft = await find_draft(session, session_id, seq)
            answer = None if draft else await find_answer_to(session, session_id, seq)
        if draft is None or draft.idle_seconds > LONGEST_PAUSE_SECONDS:
            # What was kept since the last look; the script's words are no end of a model's.
            if answer is not None and answer.spoken_by == "model" and answer.content[heard:]:
                yield len(answer.content), answer.content[heard:]
            return
        if len(draft.text) > heard:
            yield len(draft.text), draft.text[heard:]
            heard = len(draft.text)
        await asyncio.sleep(_LOOK_EVERY_SECONDS)
