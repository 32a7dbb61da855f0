"""The first half of a turn of a conversation: a message comes in, is kept and read.

`begin_turn` does in one transaction what needs no model: the message is kept, the asked question
answered, room made for a model's words. How the turn ends stands in `answering`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from msgspec.structs import replace

from myriad.kit.clock import utc_now
from myriad.kit.errors import ConflictError, InvalidInputError
from myriad.products.upswitch.conversation.live import Live, read_live, write_live
from myriad.products.upswitch.conversation.model import DEADLINE_SECONDS, MOST_A_TURN_USD_MICROS
from myriad.products.upswitch.conversation.prefill import prefill_accounts
from myriad.products.upswitch.conversation.questions import Question, next_question
from myriad.products.upswitch.conversation.reading import Taken, take
from myriad.products.upswitch.languages import ENGLISH, Language, language_of
from myriad.products.upswitch.registry.numbers import parse_enterprise_number
from myriad.products.upswitch.repository import messages as kept_messages
from myriad.products.upswitch.repository.companies import Rows
from myriad.products.upswitch.repository.drafts import begin_draft
from myriad.products.upswitch.repository.facts import confirm_fact, keep_facts, withdraw_fact
from myriad.products.upswitch.repository.sessions import (
    get_session,
    keep_live,
    lock_session,
)
from myriad.products.upswitch.settings import UpswitchSettings
from myriad.products.upswitch.views.sessions import MessageView, SessionView
from myriad.scale.ai.gateway import Gateway
from myriad.scale.data import Session
from myriad.scale.runtime import Runtime

LONGEST_MESSAGE = 4_000
Reason = Literal["", "no_model", "cap", "unit", "silent"]


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

    `asks_model` says that a model is to word the answer; otherwise the script does, for the
    `reason`. `answer` is there when the message was answered before.
    """

    view: SessionView
    message: MessageView
    taken: Taken
    question: Question | None
    asks_model: bool = False
    reason: Reason = ""
    answer: MessageView | None = None

    @property
    def language(self) -> Language:
        """The session's."""
        return language_of(self.view.locale)


def clean_text(text: str, language: Language = ENGLISH) -> str:
    """Return a message without what no text holds; raises EmptyMessageError."""
    cleaned = text.replace("\0", "").strip()
    if not cleaned:
        raise EmptyMessageError(language.say("answer.empty"), [("/text", "some words")])
    if len(cleaned) > LONGEST_MESSAGE:
        expected = f"at most {LONGEST_MESSAGE:,} characters"
        most = language.number(LONGEST_MESSAGE)
        raise EmptyMessageError(language.say("answer.too_long", most=most), [("/text", expected)])
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
    text = clean_text(text, language_of(row["locale"]))
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
    language = language_of(view.locale)
    if not live.asked:
        live = asked_next(live, next_question(view.facts, live.skipped))
    taken = take(message.content, live, view.facts, language)
    await _keep(session, session_id, taken)
    await prefill_accounts(
        session, reader, session_id, parse_enterprise_number(view.company_number)
    )
    view = await get_session(session, session_id)
    question = next_question(view.facts, taken.live.skipped, language)
    reason = _reason(runtime, view, taken)
    if not reason:
        await begin_draft(session, session_id, message.seq)
    after = taken.live if taken.asks_unit else asked_next(taken.live, question)
    await keep_live(session, session_id, write_live(after))
    return Turn(view, message, taken, question, not reason, reason)


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


def _reason(runtime: Runtime, view: SessionView, taken: Taken) -> Reason:
    """Return why the script answers; empty when a model may."""
    if taken.asks_unit:
        return "unit"
    if not Gateway.of(runtime).providers.configured:
        return "no_model"
    # The session's purse holds the cap; this only saves asking it in vain.
    cap = runtime.settings_of(UpswitchSettings).session_cap_usd_micros
    return "" if view.spent_usd_micros + MOST_A_TURN_USD_MICROS <= cap else "cap"


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
    question = next_question(view.facts, language=language_of(view.locale))
    return Turn(view, found, taken, question, reason="silent", answer=answer)
