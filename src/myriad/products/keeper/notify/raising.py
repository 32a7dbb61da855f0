"""Raising a notice: one row for its key, and one job that tells of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal, get_args
from uuid import UUID

from myriad.kit.errors import InvalidInputError
from myriad.products.keeper.repository.sql import execute, fetch
from myriad.scale.data import Session
from myriad.scale.jobs.enqueue import enqueue

DELIVER_TASK = "keeper.notice.deliver"
Level = Literal["urgent", "high", "normal"]
Audience = Literal["everyone", "owner"]
_LONGEST_TITLE, _LONGEST_DETAIL, _LONGEST_KEY = 200, 2000, 200
# Telling people goes before everything that nobody waits for.
_CLASSES = {"urgent": "interactive", "high": "interactive", "normal": "high"}


@dataclass(frozen=True, slots=True)
class Notice:
    """What people should know.

    `kind` is one word for the sort of notice, such as "review". `dedup_key` names the cause: the
    second notice of a cause is none. `title` is one line of at most 200 characters, `detail` plain
    text of at most 2,000. `href` is a path of Keeper's own pages, or empty. `audience` "owner"
    keeps it from staff. Raises InvalidInputError for anything else.
    """

    kind: str
    dedup_key: str
    level: Level
    title: str
    detail: str = ""
    href: str = ""
    person_id: UUID | None = None
    review_id: UUID | None = None
    audience: Audience = "everyone"

    def __post_init__(self) -> None:
        if self.level not in get_args(Level) or self.audience not in get_args(Audience):
            raise InvalidInputError(f"a notice has no level {self.level!r} for {self.audience!r}")
        if not self.kind or not 0 < len(self.dedup_key) <= _LONGEST_KEY:
            message = f"a notice needs a kind and a key of at most {_LONGEST_KEY} characters"
            raise InvalidInputError(message)
        if not 0 < len(self.title) <= _LONGEST_TITLE or not self.title.isprintable():
            message = f"the title of a notice is one line of at most {_LONGEST_TITLE} characters"
            raise InvalidInputError(message)
        if len(self.detail) > _LONGEST_DETAIL:
            raise InvalidInputError(f"a notice says at most {_LONGEST_DETAIL} characters")
        if self.href and not _is_own(self.href):
            raise InvalidInputError("a notice leads to one of Keeper's own pages, /keeper/…")


def _is_own(href: str) -> bool:
    return href.startswith("/keeper/") and href.isprintable() and "\\" not in href


async def raise_notice(session: Session, notice: Notice) -> bool:
    """Tell people, once for the notice's key; return whether it is new.

    The row and the job that brings it to open pages and mailboxes are part of the caller's
    transaction. Raises NoTenantError without a tenant, BacklogFullError when too many jobs wait.
    """
    rows = await fetch(session, "store_notice", **asdict(notice))
    if not rows:
        return False
    await enqueue(
        session,
        DELIVER_TASK,
        {"notice_id": str(rows[0]["id"])},
        job_class=_CLASSES[notice.level],
    )
    return True


async def clear_notices(session: Session, kind: str, dedup_key: str) -> bool:
    """Take a notice back whose cause is gone; return whether anybody was still to see it."""
    return await execute(session, "clear_notice", kind=kind, dedup_key=dedup_key) > 0
