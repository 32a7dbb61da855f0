"""A session: one company being valued, what is known of it, and what was said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

FactValue = str | float | int | bool
FactSource = Literal["user", "registry", "llm", "default"]
SessionState = Literal["open", "expired", "closed"]
Role = Literal["user", "assistant"]
SpokenBy = Literal["person", "script", "model"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FactView:
    """One figure or answer. `key` is one of `conversation.keys`, which tells what it means.

    Amounts are in EUR, one by one; shares and rates are fractions. `period` is the last day of the
    financial year that it tells of (YYYY-MM-DD), empty for what has no year. Not `confirmed` is
    what a model understood and nobody has said yes to: it is shown and never computed with.
    `updated_at` is None for what was never written, a documented default.
    """

    key: str
    value: FactValue
    unit: str = ""
    period: str = ""
    source: FactSource = "user"
    confidence: float = 1.0
    evidence: str = ""
    confirmed: bool = True
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView:
    """A session and its facts that hold now, by key and then by year, the newest first.

    `expires_at` is when the conversation is forgotten unless it goes on; its facts stay.
    """

    id: UUID
    company_number: str
    company_name: str
    country: str
    state: SessionState
    locale: str
    expires_at: datetime
    created_at: datetime
    used_at: datetime
    spent_usd_micros: int = 0
    facts: tuple[FactView, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """A session in a list: how many facts hold, and how many wait for a yes."""

    id: UUID
    company_number: str
    company_name: str
    state: SessionState
    facts: int
    unconfirmed: int
    created_at: datetime
    used_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsView:
    """One page of sessions, the one used last first; `next_after` is where the next page begins."""

    rows: tuple[SessionRow, ...]
    next_after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageView:
    """One turn; `spoken_by` says whether the assistant's words are a model's or the script's."""

    seq: int
    role: Role
    content: str
    spoken_by: SpokenBy
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionView:
    """The question that is open, `period` being the financial year that it asks about."""

    key: str
    label: str
    text: str
    why: str
    period: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationView:
    """A session with what was said and what is asked next.

    `answered` of `questions` are done. `units` are asked for when the last number may be meant in
    several. `speaks` says who words the questions: a model, or the script because there is no model
    or because the session has spent what it may. While a model speaks, `speaking` is the message
    that it answers and `said_so_far` its words.
    """

    session: SessionView
    messages: tuple[MessageView, ...]
    question: QuestionView | None
    answered: int
    questions: int
    units: tuple[str, ...] = ()
    speaks: Literal["model", "script", "spent"] = "script"
    speaking: int | None = None
    said_so_far: str = ""
