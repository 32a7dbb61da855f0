"""A turn of a conversation: a message comes in, is read, and is answered.

`begin_turn` does in one transaction what needs no model: the message is kept, the asked question
answered, money for a model set aside. `answer_turn` then yields the answer as events, and stores
it also when the listener has gone.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from msgspec.structs import replace

from myriad.kit.clock import utc_now
from myriad.kit.errors import ConflictError, InvalidInputError
from myriad.products.upswitch.conversation import words
from myriad.products.upswitch.conversation.live import Live, read_live, write_live
from myriad.products.upswitch.conversation.model import (
    DEADLINE_SECONDS,
    MOST_A_TURN_USD_MICROS,
    Context,
    Spoken,
    speak,
)
from myriad.products.upswitch.conversation.prefill import prefill_accounts
from myriad.products.upswitch.conversation.questions import Question, next_question
from myriad.products.upswitch.conversation.reading import Taken, take
from myriad.products.upswitch.registry.numbers import parse_enterprise_number
from myriad.products.upswitch.repository import messages as kept_messages
from myriad.products.upswitch.repository.companies import Rows
from myriad.products.upswitch.repository.facts import confirm_fact, keep_facts, withdraw_fact
from myriad.products.upswitch.repository.sessions import (
    get_session,
    keep_live,
    lock_session,
    reserve_spend,
    settle_spend,
)
from myriad.products.upswitch.settings import UpswitchSettings
from myriad.products.upswitch.views.sessions import FactView, MessageView, SessionView
from myriad.scale.ai.gateway import Gateway
from myriad.scale.data import Session
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId

LONGEST_MESSAGE = 4_000
Reason = Literal["", "no_model", "cap", "unit", "silent"]
Event = tuple[str, dict[str, Any] | FactView]
_PIECE = re.compile(r"\S+\s*")


class SessionClosedError(ConflictError):
    """The session was closed and takes no more answers."""

    code = "upswitch_session_closed"
    title = "This valuation is closed"

    def __init__(self) -> None:
        super().__init__("This valuation is closed; open it again to change it.")


class MessageInFlightError(ConflictError):
    """A message with this idempotency key is still being answered."""

    code = "upswitch_message_in_flight"
    title = "Being answered"

    def __init__(self) -> None:
        super().__init__("The first message with this Idempotency-Key is still being answered.")


class EmptyMessageError(InvalidInputError):
    """A message without words."""

    code = "upswitch_empty_message"
    title = "Nothing was said"


class OtherMessageError(InvalidInputError):
    """The idempotency key came with another message before."""

    code = "upswitch_other_message"
    title = "Key used for another message"


@dataclass(frozen=True, slots=True)
class Turn:
    """A message that was kept and read, on its way to an answer.

    `reserved_usd_micros` were set aside for a model; none means that the script answers, for the
    `reason`. `answer` is there when the message was answered before.
    """

    view: SessionView
    message: MessageView
    taken: Taken
    question: Question | None
    reserved_usd_micros: int = 0
    reason: Reason = ""
    answer: MessageView | None = None


def clean_text(text: str) -> str:
    """Return a message without what no text holds; raises EmptyMessageError."""
    cleaned = text.replace("\0", "").strip()
    if not cleaned:
        raise EmptyMessageError("The message is empty: type an answer.", [("/text", "some words")])
    if len(cleaned) > LONGEST_MESSAGE:
        expected = f"at most {LONGEST_MESSAGE:,} characters"
        raise EmptyMessageError(f"The message is too long: {expected}.", [("/text", expected)])
    return cleaned


async def begin_turn(
    runtime: Runtime,
    session: Session,
    reader: Rows,
    session_id: UUID,
    text: str,
    request_key: str | None = None,
) -> Turn:
    """Keep and read a message; raises SessionClosedError, MessageInFlightError and others."""
    row = await lock_session(session, session_id)
    text = clean_text(text)
    if request_key is not None:
        again = await _answered_before(session, session_id, request_key, text)
        if again is not None:
            return again
    if row["state"] == "closed":
        raise SessionClosedError
    message = await kept_messages.insert_message(
        session, session_id, role="user", content=text, spoken_by="person", request_key=request_key
    )
    live = read_live(row["live"], is_expired=row["is_expired"])
    return await _read(runtime, session, reader, session_id, message, live)


async def _read(
    runtime: Runtime,
    session: Session,
    reader: Rows,
    session_id: UUID,
    message: MessageView,
    live: Live,
) -> Turn:
    view = await get_session(session, session_id)
    if not live.asked:
        live = asked_next(live, next_question(view.facts, live.skipped))
    taken = take(message.content, live, view.facts)
    await _keep(session, session_id, taken)
    await prefill_accounts(
        session, reader, session_id, parse_enterprise_number(view.company_number)
    )
    view = await get_session(session, session_id)
    question = next_question(view.facts, taken.live.skipped)
    reason, reserved = await _reserve(runtime, session, session_id, taken)
    after = taken.live if taken.asks_unit else asked_next(taken.live, question)
    await keep_live(session, session_id, write_live(after))
    return Turn(view, message, taken, question, reserved, reason)


def asked_next(live: Live, question: Question | None) -> Live:
    """Return where a conversation stands once a question was asked."""
    if question is None:
        return replace(live, asked="", period="")
    return replace(live, asked=question.key.name, period=question.period)


async def _keep(session: Session, session_id: UUID, taken: Taken) -> None:
    await keep_facts(session, session_id, taken.facts)
    for key, period in taken.confirmed:
        await confirm_fact(session, session_id, key, period)
    for key, period in taken.withdrawn:
        await withdraw_fact(session, session_id, key, period, proposed_only=True)


async def _reserve(
    runtime: Runtime, session: Session, session_id: UUID, taken: Taken
) -> tuple[Reason, int]:
    if taken.asks_unit:
        return "unit", 0
    if not Gateway.of(runtime).providers.configured:
        return "no_model", 0
    cap = runtime.settings_of(UpswitchSettings).session_cap_usd_micros
    if await reserve_spend(session, session_id, MOST_A_TURN_USD_MICROS, cap):
        return "", MOST_A_TURN_USD_MICROS
    return "cap", 0


async def _answered_before(
    session: Session, session_id: UUID, request_key: str, text: str
) -> Turn | None:
    found = await kept_messages.find_message_of_request(session, session_id, request_key)
    if found is None:
        return None
    if found.content != text:
        raise OtherMessageError("This Idempotency-Key came with another message; use a new one.")
    view = await get_session(session, session_id)
    answer = await kept_messages.find_answer_to(session, session_id, found.seq)
    if answer is None and (utc_now() - found.created_at).total_seconds() < 2 * DEADLINE_SECONDS:
        raise MessageInFlightError
    # Whoever was to answer is gone: the script does.
    taken = Taken(Live())
    return Turn(view, found, taken, next_question(view.facts), reason="silent", answer=answer)


async def answer_turn(runtime: Runtime, tenant_id: TenantId, turn: Turn) -> AsyncIterator[Event]:
    """Yield `message`, a `fact` for each that is new, `text` piece by piece, then `end`."""
    yield "message", {"seq": turn.message.seq}
    for fact in turn.taken.facts:
        yield "fact", fact
    answer, proposals = await finish_turn(runtime, tenant_id, turn)
    for fact in proposals:
        yield "fact", fact
    for piece in _PIECE.findall(answer.content):
        yield "text", {"text": piece}
    yield "end", _ended(turn, answer)


def _ended(turn: Turn, answer: MessageView) -> dict[str, Any]:
    question = turn.question
    return {
        "seq": answer.seq,
        "text": answer.content,
        "spoken_by": answer.spoken_by,
        "reason": turn.reason,
        "question": None
        if question is None
        else {"key": question.key.name, "period": question.period, "text": question.text},
    }


async def finish_turn(
    runtime: Runtime, tenant_id: TenantId, turn: Turn
) -> tuple[MessageView, tuple[FactView, ...]]:
    """Answer a message to its end; return the answer and the proposals that came with it."""
    if turn.answer is not None:
        return turn.answer, ()
    # Whoever stops listening does not lose the answer.
    return await asyncio.shield(asyncio.create_task(_finish(runtime, tenant_id, turn)))


async def _finish(
    runtime: Runtime, tenant_id: TenantId, turn: Turn
) -> tuple[MessageView, tuple[FactView, ...]]:
    spoken = Spoken()
    if turn.reserved_usd_micros:
        async with runtime.database.read_session(tenant_id) as session:
            messages = await kept_messages.list_messages(session, turn.view.id)
        context = Context(turn.view, messages, turn.message.content, turn.question)
        spoken = await speak(Gateway.of(runtime), tenant_id, context)
    async with runtime.database.session(tenant_id) as session:
        return await _store(session, turn, spoken)


async def _store(
    session: Session, turn: Turn, spoken: Spoken
) -> tuple[MessageView, tuple[FactView, ...]]:
    session_id = turn.view.id
    row = await lock_session(session, session_id)
    if turn.reserved_usd_micros and spoken.cost_usd_micros is not None:
        await settle_spend(
            session,
            session_id,
            reserved_usd_micros=turn.reserved_usd_micros,
            usd_micros=spoken.cost_usd_micros,
        )
    proposals = _beyond(spoken.proposals, turn.taken.facts)
    await keep_facts(session, session_id, proposals)
    if proposals:
        places = tuple((fact.key, fact.period) for fact in proposals)
        live = replace(read_live(row["live"]), proposed=places)
        await keep_live(session, session_id, write_live(live))
    text, is_model = _words_of(turn, spoken, proposals)
    message = await kept_messages.insert_message(
        session,
        session_id,
        role="assistant",
        content=text,
        spoken_by="model" if is_model else "script",
        answers=turn.message.seq,
        tokens=spoken.tokens,
        cost_usd_micros=spoken.cost_usd_micros or 0,
    )
    return message, proposals


def _beyond(proposals: tuple[FactView, ...], stated: tuple[FactView, ...]) -> tuple[FactView, ...]:
    """Return the proposals of what the script has not read itself."""
    places = {(fact.key, fact.period) for fact in stated}
    return tuple(fact for fact in proposals if (fact.key, fact.period) not in places)


def _words_of(turn: Turn, spoken: Spoken, proposals: tuple[FactView, ...]) -> tuple[str, bool]:
    """Return what is said, and whether a model says it."""
    taken = turn.taken
    if proposals:
        return words.joined(words.noted(taken.facts), words.confirming(proposals)), False
    if spoken.say is not None:
        return spoken.say, True
    if taken.asks_unit:
        return taken.note, False
    said = words.joined(words.noted(taken.facts), taken.note, words.asking(turn.question))
    return said, False
