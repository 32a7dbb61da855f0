"""Facts changed by hand, beside the conversation."""

from __future__ import annotations

from uuid import UUID

from msgspec.structs import replace

from myriad.kit.clock import utc_now
from myriad.kit.errors import NotFoundError
from myriad.products.upswitch.conversation.answers import check_period, read_answer
from myriad.products.upswitch.conversation.keys import key_of
from myriad.products.upswitch.conversation.live import Live, read_live, write_live
from myriad.products.upswitch.conversation.normalising import base_period
from myriad.products.upswitch.conversation.prefill import prefill_accounts
from myriad.products.upswitch.conversation.questions import default_period, next_question
from myriad.products.upswitch.conversation.reading import stated
from myriad.products.upswitch.conversation.talking import SessionClosedError, asked_next
from myriad.products.upswitch.conversation.words import asking, joined
from myriad.products.upswitch.languages import language_of
from myriad.products.upswitch.registry.numbers import parse_enterprise_number
from myriad.products.upswitch.repository.companies import Rows
from myriad.products.upswitch.repository.facts import (
    confirm_fact,
    keep_facts,
    list_facts,
    list_history,
    withdraw_fact,
)
from myriad.products.upswitch.repository.messages import insert_message
from myriad.products.upswitch.repository.sessions import (
    get_locale,
    get_session,
    keep_live,
    lock_session,
    update_session,
)
from myriad.products.upswitch.views.sessions import FactValue, FactView, SessionView
from myriad.scale.data import Session


class FactNotFoundError(NotFoundError):
    """The session has no such fact, or nothing to confirm."""

    code = "upswitch_no_fact"
    title = "No such fact"


async def put_fact(
    session: Session,
    session_id: UUID,
    name: str,
    value: FactValue,
    *,
    unit: str = "",
    period: str = "",
) -> FactView:
    """Keep what a person says of a key and return it; the last financial year where none is given.

    Raises UnknownFactError, AnswerError, WhichUnitError, SessionClosedError, SessionNotFoundError.
    """
    live = await _open(session, session_id)
    key = key_of(name)
    facts = await list_facts(session, session_id)
    latest = base_period(facts) or default_period(utc_now().date())
    day = check_period(key, period or latest)
    locale = await get_locale(session, session_id)
    read = read_answer(key, value, unit, facts, language_of(locale))
    fact = stated(key, read, day, " ".join(part for part in (str(value), unit) if part))
    await keep_facts(session, session_id, [fact])
    await _go_on(session, session_id, live)
    return fact


async def change_language(session: Session, session_id: UUID, locale: str) -> None:
    """Go on in another language, with the open question asked again in it.

    Raises SessionClosedError, SessionNotFoundError.
    """
    live = await _open(session, session_id)
    if locale == await get_locale(session, session_id):
        return
    await update_session(session, session_id, locale=locale)
    language = language_of(locale)
    question = next_question(await list_facts(session, session_id), live.skipped, language)
    await insert_message(
        session,
        session_id,
        role="assistant",
        content=joined(language.say("script.language"), asking(question, language)),
        spoken_by="script",
    )


async def confirm(session: Session, session_id: UUID, name: str, period: str) -> None:
    """Let a proposal hold; raises FactNotFoundError where there is none."""
    live = await _open(session, session_id)
    if not await confirm_fact(session, session_id, key_of(name).name, period):
        raise FactNotFoundError("There is no proposal of that key and year to confirm.")
    await _go_on(session, session_id, live)


async def withdraw(
    session: Session, session_id: UUID, name: str, period: str, *, proposed_only: bool = False
) -> None:
    """Take a fact back, or only its proposal; raises FactNotFoundError where there is none.

    What a register said of it holds again.
    """
    live = await _open(session, session_id)
    key = key_of(name)
    found = await withdraw_fact(session, session_id, key.name, period, proposed_only=proposed_only)
    if not found:
        raise FactNotFoundError("There is no fact of that key and year to take back.")
    if not proposed_only:
        await _restore(session, session_id, key.name, period)
    await _go_on(session, session_id, live)


async def _restore(session: Session, session_id: UUID, name: str, period: str) -> None:
    """Let what a register said hold again, unless that was just taken back itself."""
    history = await list_history(session, session_id, name)
    same = [fact for fact in history if fact.period == period]
    filed = [fact for fact in same if fact.source == "registry"]
    if filed and same[0].source != "registry":
        await keep_facts(session, session_id, filed[:1])


async def take_accounts(session: Session, reader: Rows, session_id: UUID) -> int:
    """Take over what the accounts say that have been read meanwhile; return how many facts."""
    live = await _open(session, session_id)
    view: SessionView = await get_session(session, session_id)
    number = parse_enterprise_number(view.company_number)
    new = await prefill_accounts(session, reader, session_id, number)
    await _go_on(session, session_id, live)
    return new


async def _open(session: Session, session_id: UUID) -> Live:
    """Lock the session and return where the conversation stands; raises SessionClosedError."""
    row = await lock_session(session, session_id)
    if row["state"] == "closed":
        raise SessionClosedError
    return read_live(row["live"], is_expired=row["is_expired"])


async def _go_on(session: Session, session_id: UUID, live: Live) -> None:
    """Let the next message answer the question that is open now."""
    facts = await list_facts(session, session_id)
    question = next_question(facts, live.skipped)
    if question is not None and question.key.name == live.asked:
        after = live
    else:
        calm = replace(live, typed=None, units=())
        after = asked_next(calm, question)
    await keep_live(session, session_id, write_live(after))
