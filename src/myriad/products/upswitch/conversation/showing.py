"""A session as screens and the API show it."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from myriad.products.upswitch.conversation.answering import LONGEST_PAUSE_SECONDS
from myriad.products.upswitch.conversation.live import read_live
from myriad.products.upswitch.conversation.model import MOST_A_TURN_USD_MICROS
from myriad.products.upswitch.conversation.naming import label_in
from myriad.products.upswitch.conversation.questions import (
    Question,
    open_questions,
    script_length,
)
from myriad.products.upswitch.languages import Language, language_of
from myriad.products.upswitch.repository.drafts import find_newest_draft
from myriad.products.upswitch.repository.messages import list_messages
from myriad.products.upswitch.repository.sessions import get_live, get_session
from myriad.products.upswitch.settings import UpswitchSettings
from myriad.products.upswitch.views.sessions import ConversationView, QuestionView, SessionView
from myriad.scale.ai.gateway import Gateway
from myriad.scale.data import ReadSession
from myriad.scale.runtime import Runtime

Speaks = Literal["model", "script", "spent"]


async def show_conversation(
    runtime: Runtime, session: ReadSession, session_id: UUID
) -> ConversationView:
    """Return a session, what was said and what is open; raises SessionNotFoundError."""
    view = await get_session(session, session_id)
    draft = await find_newest_draft(session, session_id)
    live = read_live(await get_live(session, session_id))
    still_open = open_questions(view.facts, live.skipped, language_of(view.locale))
    questions = max(script_length(view.facts), len(still_open))
    return ConversationView(
        session=view,
        messages=await list_messages(session, session_id),
        question=_question(still_open[0], language_of(view.locale)) if still_open else None,
        answered=questions - len(still_open),
        questions=questions,
        units=live.units,
        speaks=_speaks(runtime, view),
        speaking=None if draft is None or draft.idle_seconds > LONGEST_PAUSE_SECONDS else draft.seq,
        said_so_far="" if draft is None else draft.text,
    )


def _question(question: Question, language: Language) -> QuestionView:
    return QuestionView(
        key=question.key.name,
        label=label_in(question.key, language),
        text=question.text,
        why=question.why,
        period=question.period,
        choices=question.choices,
    )


def _speaks(runtime: Runtime, view: SessionView) -> Speaks:
    if not Gateway.of(runtime).providers.configured:
        return "script"
    cap = runtime.settings_of(UpswitchSettings).session_cap_usd_micros
    return "model" if view.spent_usd_micros + MOST_A_TURN_USD_MICROS <= cap else "spent"
