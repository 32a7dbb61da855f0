"""Beginning a session: the company is found, what registers say is filled in, a question asked."""

from __future__ import annotations

from uuid import UUID

from myriad.kit.ids import new_id
from myriad.products.upswitch.conversation import words
from myriad.products.upswitch.conversation.live import Live, write_live
from myriad.products.upswitch.conversation.prefill import prefill
from myriad.products.upswitch.conversation.questions import next_question
from myriad.products.upswitch.conversation.talking import asked_next
from myriad.products.upswitch.languages import language_of
from myriad.products.upswitch.queueing import enqueue_filings
from myriad.products.upswitch.registry.numbers import parse_enterprise_number
from myriad.products.upswitch.repository import get_company, get_filings
from myriad.products.upswitch.repository.companies import Rows
from myriad.products.upswitch.repository.facts import list_facts
from myriad.products.upswitch.repository.messages import insert_message
from myriad.products.upswitch.repository.sessions import insert_session, keep_live
from myriad.products.upswitch.schedules import SCHEDULES
from myriad.products.upswitch.settings import UpswitchSettings
from myriad.scale.data import Session
from myriad.scale.directory import Principal
from myriad.scale.runtime import Runtime
from myriad.scale.schedule import ensure_schedules


async def open_session(
    runtime: Runtime,
    session: Session,
    reader: Rows,
    caller: Principal,
    number: str,
    locale: str = "en",
) -> UUID:
    """Begin to value a company of the register and return the session's id.

    Accounts that were never read are asked for where a key allows it; what they say is taken over
    with the next message. Raises CompanyNotFoundError, EnterpriseNumberError.
    """
    company = await get_company(reader, number)
    company_number = parse_enterprise_number(number)
    session_id = new_id()
    await insert_session(
        session,
        session_id,
        user_id=caller.id if caller.kind == "user" else None,
        company_number=company_number,
        company_name=company.name,
        locale=locale,
        live={},
    )
    await ensure_schedules(session, caller.tenant_id, SCHEDULES)
    await prefill(session, reader, session_id, company_number, company)
    await _ask_for_accounts(runtime, session, reader, company_number)
    facts = await list_facts(session, session_id)
    language = language_of(locale)
    question = next_question(facts, language=language)
    await insert_message(
        session,
        session_id,
        role="assistant",
        content=words.greeting(company.name, facts, question, language),
        spoken_by="script",
    )
    await keep_live(session, session_id, write_live(asked_next(Live(), question)))
    return session_id


async def _ask_for_accounts(
    runtime: Runtime, session: Session, reader: Rows, company_number: int
) -> None:
    has_key = runtime.settings_of(UpswitchSettings).nbb_key is not None
    filings = await get_filings(reader, company_number, has_key=has_key)
    if filings.state == "unread":
        await enqueue_filings(session, company_number)
