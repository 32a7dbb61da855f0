"""The named SQL of Google's connection, run within the caller's transaction and tenant."""

from __future__ import annotations

from myriad.scale.data import ReadSession, Row, TenantQueries

_sql = TenantQueries.load("myriad.products.keeper.google")

ask = _sql.fetch
run = _sql.execute


async def find_readers(crossing: ReadSession, account: str) -> list[Row]:
    """Return (tenant_id, id) of the connections to an account; needs to cross tenants."""
    connection = await crossing.connection()
    found = await connection.exec_driver_sql(
        _sql.texts["find_google_readers"], {"account": account}
    )
    return [dict(row) for row in found.mappings()]
