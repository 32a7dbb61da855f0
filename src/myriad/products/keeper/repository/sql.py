"""Keeper's named SQL, run within the caller's transaction and tenant."""

from __future__ import annotations

from myriad.scale.data import Row, TenantQueries

_sql = TenantQueries.load("myriad.products.keeper.repository")

QUERIES = _sql.texts
execute = _sql.execute
execute_all = _sql.execute_all
execute_many = _sql.execute_many
execute_rows = _sql.execute_rows
execute_soon = _sql.execute_soon
execute_text = _sql.execute_text
fetch = _sql.fetch
fetch_all = _sql.fetch_all
fetch_as = _sql.fetch_as
fetch_last = _sql.fetch_last
fetch_text = _sql.fetch_text
fetch_texts = _sql.fetch_texts
find = _sql.find
get = _sql.get

__all__ = [
    "QUERIES",
    "Row",
    "execute",
    "execute_all",
    "execute_many",
    "execute_rows",
    "execute_soon",
    "execute_text",
    "fetch",
    "fetch_all",
    "fetch_as",
    "fetch_last",
    "fetch_text",
    "fetch_texts",
    "find",
    "get",
]
