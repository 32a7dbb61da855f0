"""Stored texts, to be judged again; `list_accounts_with_texts` needs a session that crosses."""

from __future__ import annotations

from uuid import UUID

from myriad.products.keeper.repository.sql import QUERIES, Row, fetch, get
from myriad.scale.data import ReadSession, Session
from myriad.scale.tenancy import TenantId

_FIRST = UUID(int=0)


async def load_texts_after(session: ReadSession, after: UUID | None, limit: int) -> list[Row]:
    """Return (id, text, p_negative) of the next reviews with a text, by id."""
    return await fetch(session, "texts_after", after=after or _FIRST, limit=limit)


async def count_texts(session: ReadSession) -> int:
    """Return how many reviews have a text."""
    return int((await get(session, "count_texts"))["texts"])


async def list_accounts_with_texts(crossing: Session) -> list[TenantId]:
    """Return every tenant that holds a review with a text."""
    connection = await crossing.connection()
    found = await connection.exec_driver_sql(QUERIES["accounts_with_texts"])
    return [TenantId(row[0]) for row in found.all()]
