"""Everything of an account as a zip of CSV files, made as it is read: memory does not grow.

Rows come through a server-side cursor, a thousand at a time, and leave compressed at once; the
files are not collected anywhere. What the catalog lists is what is exported, so that a new table
of the schema leaves with the rest.
"""

from __future__ import annotations

import asyncio
import csv
import io
import json
import zipfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from myriad.kit.clock import utc_now
from myriad.kit.errors import TooManyRequestsError
from myriad.kit.sheets import safe_cell
from myriad.products.keeper.export_words import LEFT_OUT, file_of, readme
from myriad.products.keeper.repository.accounts import get_account
from myriad.products.keeper.repository.exports import iter_batches, list_export_tables
from myriad.scale.data import Database, ReadSession, Session
from myriad.scale.directory.audit import record_event
from myriad.scale.directory.principal import Principal
from myriad.scale.tenancy import TenantId

_AT_ONCE = 2
_WAIT_SECONDS = 60.0


class ExportBusyError(TooManyRequestsError):
    """Other exports run on this server; they hold a connection each, so they take turns."""

    code = "keeper_export_busy"
    title = "Other exports are running"


class _Outflow(io.RawIOBase):
    """What the zip writes; taken away at once. Not seekable, so sizes follow the data."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        """Return what was written since the last call."""
        taken, self._parts = b"".join(self._parts), []
        return taken


@dataclass
class _Turns:
    """How many exports run in this process."""

    running: int = 0


_turns = _Turns()


def check_room() -> None:
    """Raise ExportBusyError when as many exports run here as may."""
    if _turns.running >= _AT_ONCE:
        raise ExportBusyError(
            "other exports are running; try again in a minute", retry_after_seconds=_WAIT_SECONDS
        )


def note_export(session: Session, tenant_id: TenantId, actor: Principal | None) -> None:
    """Write into the audit log that everything was exported."""
    record_event(session, tenant_id, "export.made", actor=actor)


async def stream_export(database: Database, tenant_id: TenantId) -> AsyncGenerator[bytes]:
    """Yield the zip of everything that the tenant's account holds; raises NoAccountError."""
    _turns.running += 1
    try:
        async with database.read_session(tenant_id) as session:
            account = await get_account(session)
            tables = await list_export_tables(session)
            sink = _Outflow()
            made: list[tuple[str, Sequence[str], Sequence[str], int]] = []
            with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
                for table in tables:
                    if table["name"] in LEFT_OUT:
                        continue
                    rows = 0
                    async with aclosing(_file(session, archive, sink, table)) as parts:
                        async for part, count in parts:
                            rows += count
                            yield part
                    made.append((table["name"], table["columns"], table["types"], rows))
                archive.writestr("README.txt", readme(account.name, utc_now(), made))
            yield sink.take()
    finally:
        _turns.running -= 1


async def _file(
    session: ReadSession, archive: zipfile.ZipFile, sink: _Outflow, table: dict[str, Any]
) -> AsyncGenerator[tuple[bytes, int]]:
    name, _ = file_of(table["name"])
    with archive.open(name, "w", force_zip64=True) as entry:
        entry.write(csv_bytes([table["columns"]]))
        async with aclosing(iter_batches(session, table["statement"])) as batches:
            async for rows in batches:
                await asyncio.to_thread(_write, entry, rows)
                yield sink.take(), len(rows)
    yield sink.take(), 0


def _write(entry: Any, rows: Sequence[Sequence[Any]]) -> None:
    entry.write(csv_bytes([[cell(value) for value in row] for row in rows]))


def csv_bytes(rows: Sequence[Sequence[str]]) -> bytes:
    """Return rows as CSV (RFC 4180) in UTF-8."""
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def cell(value: Any) -> str:
    """Return a value as a cell that no spreadsheet computes; empty for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return safe_cell("; ".join(value))
    if isinstance(value, dict | list):
        return safe_cell(json.dumps(value, ensure_ascii=False, sort_keys=True, default=str))
    return safe_cell(str(value))
