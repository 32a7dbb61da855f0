"""What people are told, as the list and the strip show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

NoticeLevel = Literal["urgent", "high", "normal"]
NoticeShow = Literal["unseen", "all"]


@dataclass(frozen=True, slots=True)
class NoticeCard:
    """One notice; `mailed` counts the people to whom it went by e-mail."""

    id: UUID
    kind: str
    level: NoticeLevel
    title: str
    detail: str
    href: str
    person_id: UUID | None
    review_id: UUID | None
    audience: Literal["everyone", "owner"]
    created_at: datetime
    seen_at: datetime | None
    cleared_at: datetime | None
    mailed: int


@dataclass(frozen=True, slots=True)
class NoticesView:
    """The screen of notices: how many nobody has seen, and one page of them, newest first.

    `mail` says whether this installation can send e-mail.
    """

    show: NoticeShow
    unseen: int
    cards: tuple[NoticeCard, ...]
    next_after: str | None
    mail: bool = False


@dataclass(frozen=True, slots=True)
class Unseen:
    """How many notices nobody has seen, and the most pressing of them."""

    count: int
    first: tuple[NoticeCard, ...]
