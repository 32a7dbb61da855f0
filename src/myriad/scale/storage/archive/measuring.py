"""What the ticker measures of tables by month, so that an alarm tells before rows are refused a place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from psycopg import sql
from pydantic import BaseModel

from myriad.kit.clock import utc_now
from myriad.scale.data import Database
from myriad.scale.observe.metrics import Gauge
from myriad.scale.schedule import ScheduleSpec, ensure_operator_schedules
from myriad.scale.storage.archive.keeping import month_after
from myriad.scale.storage.archive.months import QUERIES

STRAY = Gauge(
    "myriad_data_default_partition_rows", "Rows that lie in no month, up to 100,000", ["table"]
)
AHEAD = Gauge(
    "myriad_data_months_ahead", "Months beyond the running one that stand ready", ["table"]
)
MONTHS_TASK = "data.months.keep"
# Of the installation, not of each account: it lies with that of an operator.
MONTHS_SCHEDULE = ScheduleSpec("data.months", MONTHS_TASK, "cron", cron="23 3 * * *", zone="UTC")
_COUNT = sql.SQL(
    "SELECT count(*) AS n FROM (SELECT FROM {table} WHERE {outside} LIMIT 100000) AS stray"
)


async def measure_by(database: Database, settings: Sequence[BaseModel] = ()) -> None:
    """Set the gauges of every table by month, and have the daily round made."""
    for table in await database.crossing_rows(
        "tables by month are measured", QUERIES["list_partitioned_tables"]
    ):
        rows = await database.crossing_rows(
            "tables by month are measured",
            QUERIES["list_months"],
            {"table_name": table["table_name"]},
        )
        months = [row["month"] for row in rows]
        AHEAD.labels(table=table["table_name"]).set(_ahead(months))
        stray = await database.crossing_rows(
            "tables by month are measured", _outside(table, months).as_string(None)
        )
        STRAY.labels(table=table["table_name"]).set(stray[0]["n"])
    await ensure_operator_schedules(database, (MONTHS_SCHEDULE,))


def _ahead(months: list[date]) -> int:
    """Return how many months follow the running one without a gap."""
    known, today, ahead = set(months), utc_now().date(), 0
    while month_after(today, ahead + 1) in known:
        ahead += 1
    return ahead


def _outside(table: Mapping[str, Any], months: list[date]) -> sql.Composed:
    """Return the query of rows that lie in no month; PostgreSQL reads the default for it alone."""
    column = sql.Identifier(table["key_column"])
    ends = [month_after(month, 1) for month in months]
    edges: list[tuple[date | None, date | None]] = [
        (end, begin)
        for end, begin in zip([None, *ends], [*months, None], strict=True)
        if end != begin or end is None
    ]
    ranges = [_range(column, low, high) for low, high in edges]
    return _COUNT.format(
        table=sql.Identifier(*table["table_name"].split(".")), outside=sql.SQL(" OR ").join(ranges)
    )


def _range(column: sql.Identifier, low: date | None, high: date | None) -> sql.Composable:
    bounds: list[sql.Composable] = [sql.SQL("true")]
    if low is not None:
        bounds.append(sql.SQL("{} >= {}").format(column, sql.Literal(low)))
    if high is not None:
        bounds.append(sql.SQL("{} < {}").format(column, sql.Literal(high)))
    return sql.SQL("({})").format(sql.SQL(" AND ").join(bounds))
