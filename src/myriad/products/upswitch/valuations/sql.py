"""The named SQL of valuations, run within the caller's transaction and tenant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from myriad.scale.data import ReadSession, Row, TenantQueries

_sql = TenantQueries.load("myriad.products.upswitch.valuations")

QUERIES = _sql.texts
execute = _sql.execute
execute_many = _sql.execute_many
fetch = _sql.fetch
find = _sql.find

__all__ = ["QUERIES", "Row", "SessionRows", "execute", "execute_many", "fetch", "find"]


class SessionRows:
    """Reads SQL that names its own parameters within a transaction, as a request's reader does."""

    def __init__(self, session: ReadSession) -> None:
        self._session = session

    async def rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
        """Return the rows of a query."""
        return await _sql.fetch_text(self._session, sql, parameters or {})
