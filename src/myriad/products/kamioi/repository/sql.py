"""The named SQL of Kamioi, run within the caller's transaction and tenant."""

from __future__ import annotations

from myriad.scale.data import Row, TenantQueries

_sql = TenantQueries.load("myriad.products.kamioi.repository")

QUERIES = _sql.texts
execute = _sql.execute
execute_rows = _sql.execute_rows
execute_many = _sql.execute_many
fetch = _sql.fetch
fetch_all = _sql.fetch_all
find = _sql.find
get = _sql.get

__all__ = [
    "QUERIES",
    "Row",
    "execute",
    "execute_many",
    "execute_rows",
    "fetch",
    "fetch_all",
    "find",
    "get",
]
