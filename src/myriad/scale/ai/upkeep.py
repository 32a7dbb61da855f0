"""What the ticker does for the gateway: age of open batches, and an end to old rows."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from psycopg import Error as PsycopgError
from sqlalchemy.exc import SQLAlchemyError

from myriad.scale.ai import measures
from myriad.scale.ai.settings import AISettings
from myriad.scale.data import Database, NamedQueries
from myriad.scale.observe.logs import get_logger

EVERY_SECONDS = 60.0
_PRUNE_EVERY_ROUNDS = 60

_log = get_logger(__name__)
_queries = NamedQueries.load("myriad.scale.ai")


async def serve_upkeep(database: Database, settings: AISettings) -> None:
    """Measure each minute and prune each hour, until cancelled."""
    rounds = 0
    while True:
        try:
            await measure_batches(database)
            if rounds % _PRUNE_EVERY_ROUNDS == 0:
                await prune(database, settings.keep_calls_days, settings.keep_purses_days)
        except (SQLAlchemyError, PsycopgError, OSError, TimeoutError) as error:
            _log.warning("ai_upkeep_failed", error=type(error).__name__)
        rounds += 1
        await asyncio.sleep(EVERY_SECONDS)


async def measure_batches(database: Database) -> tuple[int, float]:
    """Set the gauges of open batches; return how many there are and the oldest's age in seconds."""
    (row,) = await database.crossing_rows(
        "the age of AI batches is measured", _queries["ai_batches_open"]
    )
    measures.BATCHES_OPEN.set(row["open"])
    measures.BATCH_OLDEST_SECONDS.set(row["oldest_seconds"])
    return row["open"], row["oldest_seconds"]


async def prune(database: Database, keep_days: int, keep_purses_days: int) -> None:
    """Remove calls and ended batches older than that, and purses so long unused; sums stay."""
    now = datetime.now(UTC)
    before = {"before": now - timedelta(days=keep_days)}
    purses = {"before": now - timedelta(days=keep_purses_days)}
    async with database.crossing("old AI calls are removed by age") as session:
        connection = await session.connection()
        for name in ("prune_ai_calls", "prune_ai_batches"):
            await connection.exec_driver_sql(_queries[name], before)
        await connection.exec_driver_sql(_queries["prune_ai_purses"], purses)
