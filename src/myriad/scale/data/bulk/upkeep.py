"""What the ticker does for the quarantine: an end to rows that nobody came back for."""

from __future__ import annotations

import asyncio

from psycopg import Error as PsycopgError
from sqlalchemy.exc import SQLAlchemyError

from myriad.scale.data.database import Database
from myriad.scale.data.queries import NamedQueries
from myriad.scale.observe.logs import get_logger

EVERY_SECONDS = 3600.0

_log = get_logger(__name__)
_queries = NamedQueries.load("myriad.scale.data.bulk")


async def serve_quarantine(database: Database, keep_days: int) -> None:
    """Remove old rows each hour, until cancelled."""
    while True:
        try:
            if dropped := await drop_old(database, keep_days):
                _log.info("quarantined_rows_dropped", rows=dropped, older_than_days=keep_days)
        except (SQLAlchemyError, PsycopgError, OSError, TimeoutError) as error:
            _log.warning("quarantine_upkeep_failed", error=type(error).__name__)
        await asyncio.sleep(EVERY_SECONDS)


async def drop_old(database: Database, keep_days: int) -> int:
    """Remove what has been in anybody's quarantine for longer; return how many rows."""
    async with database.crossing("rows in quarantine are removed by age") as session:
        connection = await session.connection()
        sql = _queries["drop_quarantined_of_all"]
        return (await connection.exec_driver_sql(sql, {"days": keep_days})).rowcount
