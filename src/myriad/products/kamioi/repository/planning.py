"""Statements over thousands of rows are planned as such, whatever the statistics say.

Within minutes of a large intake the planner still believes its tables empty. It then joins rows one
by one, reading a table once for each row of another, or merges them by the day that all of them share
and compares each with each: minutes where a join by hashing takes a second.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from myriad.products.kamioi.repository import sql
from myriad.scale.data import ReadSession


@asynccontextmanager
async def planned_for_sets(session: ReadSession) -> AsyncIterator[None]:
    """Let statements of the block join whole sets, and those after it as usual.

    An error ends the transaction, and the setting with it.
    """
    await sql.get(session, "join_sets")
    yield
    await sql.get(session, "join_as_usual")
