"""The named SQL of Kamioi, run within the caller's transaction and tenant."""

from __future__ import annotations

from myriad.products.kamioi.repository.booking import with_bookings
from myriad.scale.data import NamedQueries, Row, TenantQueries

_texts = NamedQueries.load("myriad.products.kamioi.repository")
_sql = TenantQueries(NamedQueries({name: with_bookings(_texts[name]) for name in _texts}))

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
