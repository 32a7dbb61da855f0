"""The named SQL of synchronisation, run within the caller's transaction and tenant."""

from __future__ import annotations

from typing import Any

from myriad.products.keeper.repository.sql import execute_text, fetch_text
from myriad.products.keeper.square.pages import Json
from myriad.scale.data import NamedQueries, ReadSession, Session

_QUERIES = NamedQueries.load("myriad.products.keeper.square")


async def ask(session: ReadSession, name: str, /, **parameters: Any) -> list[Json]:
    """Return the rows of the named query."""
    return await fetch_text(session, _QUERIES[name], parameters)


async def run(session: Session, name: str, /, **parameters: Any) -> int:
    """Run the named statement and return how many rows it touched."""
    return await execute_text(session, _QUERIES[name], parameters)
