"""The named SQL of a tenant's sessions, run within the caller's transaction and tenant."""

from __future__ import annotations

from myriad.scale.data import Row, TenantQueries

_sql = TenantQueries.load("myriad.products.upswitch.repository")

QUERIES = _sql.texts
execute = _sql.execute
fetch = _sql.fetch
find = _sql.find

__all__ = ["QUERIES", "Row", "execute", "fetch", "find"]
