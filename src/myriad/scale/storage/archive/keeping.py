"""The daily round over tables by month: ahead, out, into the archive, gone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from psycopg import AsyncConnection
from psycopg.errors import DuplicateTable, LockNotAvailable, NoDataFound, UndefinedTable

from myriad.kit.clock import utc_now
from myriad.kit.errors import MyriadError
from myriad.scale.data import Database
from myriad.scale.data.work import driver_of
from myriad.scale.observe.logs import get_logger
from myriad.scale.storage.archive.errors import MonthBusyError, MonthNotSettledError
from myriad.scale.storage.archive.months import QUERIES, archive_month
from myriad.scale.storage.tenant_files import TenantFiles

_log = get_logger(__name__)


@dataclass
class Kept:
    """What one round did: months by table, as "2026-11"."""

    made: int = 0
    detached: list[str] = field(default_factory=list)
    archived: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)


def month_after(day: date, months: int) -> date:
    """Return the first day of the month that lies `months` after that of `day`."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, 1)


async def keep_months(database: Database, files: TenantFiles) -> Kept:
    """Bring every declared table up to its declaration; what was begun before is finished.

    A table that cannot be had now is passed over, and its fault raised when the others are done:
    MonthBusyError when somebody held it for longer than three seconds.
    """
    kept = Kept()
    faults: list[Exception] = []
    for table in await database.crossing_rows(
        "months are made ahead and those that are over go", QUERIES["list_partitioned_tables"]
    ):
        try:
            await _keep(database, files, table, kept)
        except (MyriadError, LockNotAvailable) as error:
            _log.warning("months_not_kept", table=table["table_name"], error=type(error).__name__)
            faults.append(error)
    for fault in faults:
        if isinstance(fault, LockNotAvailable):
            raise MonthBusyError("a table is busy; its months are kept the next time") from None
        raise fault
    return kept


async def list_archives(database: Database) -> list[dict[str, Any]]:
    """Return the months that have left the database or are about to, of every table."""
    return await database.crossing_rows(
        "an operator lists the archive", QUERIES["list_archives"], {"table_name": None}
    )


async def settle_month(database: Database, table: str, month: date) -> int:
    """Move rows of a month that lie in the default into a month of their own; return how many.

    Raises MonthNotSettledError when the month is there already or the table is not by month.
    """
    try:
        async with _transaction(database) as driver:
            return int(await _call(driver, "settle_month(%s::regclass, %s)", table, month))
    except (DuplicateTable, UndefinedTable, NoDataFound) as error:
        said = error.diag.message_primary
        raise MonthNotSettledError(f"{month:%Y-%m} of {table} cannot be settled: {said}") from None


async def _keep(
    database: Database, files: TenantFiles, table: Mapping[str, Any], kept: Kept
) -> None:
    name, today = table["table_name"], utc_now().date()
    # First, for it must not wait for an archive that fails.
    async with _transaction(database) as driver:
        ahead = month_after(today, table["ahead"])
        kept.made += await _call(driver, "ensure_months(%s::regclass, %s, %s)", name, today, ahead)
    for month in await _over(database, table, today):
        async with _transaction(database) as driver:
            await _call(driver, "detach_month(%s::regclass, %s)", name, month)
        kept.detached.append(f"{name} {month:%Y-%m}")
    for record in await database.crossing_rows(
        "months are made ahead and those that are over go",
        QUERIES["list_archives"],
        {"table_name": name},
    ):
        await _send_off(database, files, record, kept)


async def _send_off(
    database: Database, files: TenantFiles, record: Mapping[str, Any], kept: Kept
) -> None:
    name, month = record["table_name"], record["month"]
    if record["state"] == "detached":
        manifest = await archive_month(database, files, name, month)
        kept.archived.append(f"{name} {month:%Y-%m}")
        _log.info("month_archived", table=name, month=f"{month:%Y-%m}", parts=len(manifest.parts))
    if record["state"] != "dropped":
        async with _transaction(database) as driver:
            await _call(driver, "drop_month(%s::regclass, %s)", name, month)
        kept.dropped.append(f"{name} {month:%Y-%m}")


async def _over(database: Database, table: Mapping[str, Any], today: date) -> list[date]:
    """Return the months that are to be kept no longer."""
    if table["keep_months"] is None:
        return []
    first = month_after(today, -table["keep_months"])
    rows = await database.crossing_rows(
        "months are made ahead and those that are over go",
        QUERIES["list_months"],
        {"table_name": table["table_name"]},
    )
    return [row["month"] for row in rows if row["month"] < first]


@asynccontextmanager
async def _transaction(database: Database) -> AsyncIterator[AsyncConnection[Any]]:
    async with database.crossing("months are made ahead and those that are over go") as session:
        yield await driver_of(session)


async def _call(driver: AsyncConnection[Any], function: str, *values: object) -> Any:
    found = await driver.execute(f"SELECT platform.{function}".encode(), values)
    row = await found.fetchone()
    assert row is not None
    return row[0]
