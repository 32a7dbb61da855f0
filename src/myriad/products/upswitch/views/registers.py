"""What other registers say of a company, as its card shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

AnswerState = Literal["known", "none", "silent", "off"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterAnswer:
    """One register's answer: labels and texts, and when it was asked.

    `none` is a register that does not have the company, `silent` one that does not answer now (its
    facts, if any, are the last ones known), `off` one that this installation does not ask.
    """

    register: str
    title: str
    state: AnswerState
    facts: tuple[tuple[str, str], ...] = ()
    note: str = ""
    asked_at: datetime | None = None
