"""The named SQL of synchronisation, run within the caller's transaction and tenant."""

from __future__ import annotations

from myriad.scale.data import TenantQueries

_sql = TenantQueries.load("myriad.products.keeper.square")

ask = _sql.fetch
run = _sql.execute
