"""What each call cost, written before its answer is handed out.

Calls that end at the same time share one statement. An entry has an id, so that writing it twice
counts once. While PostgreSQL does not answer, entries wait in memory for the next call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from psycopg import Error as PsycopgError
from sqlalchemy.exc import SQLAlchemyError

from myriad.kit.ids import new_id
from myriad.scale.ai import measures
from myriad.scale.ai.catalog import Rung
from myriad.scale.ai.errors import LedgerAwayError
from myriad.scale.ai.prices import ModelPrice
from myriad.scale.ai.request import AIRequest, Mode, Usage
from myriad.scale.data import Database, NamedQueries
from myriad.scale.observe.logs import get_logger
from myriad.scale.tenancy import TenantId

_log = get_logger(__name__)
_queries = NamedQueries.load("myriad.scale.ai")
_MOST_WAITING = 10_000
_AWAY = (SQLAlchemyError, PsycopgError, OSError, TimeoutError)

CallOutcome = Literal["answered", "invalid", "cut", "broken", "timeout"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One call that reached a model.

    `purse` is that of its undertaking; it is charged `purse_usd_micros`, which is what the call may
    have cost at most where nobody knows what it did cost.
    """

    tenant_id: UUID
    product: str
    task: str
    provider: str
    model: str
    model_class: str
    mode: Mode
    outcome: CallOutcome
    price_version: str
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    cost_usd_micros: int
    duration_ms: int
    is_estimated: bool = False
    purse: str = ""
    purse_usd_micros: int = 0
    id: UUID = field(default_factory=new_id)
    called_at: datetime = field(default_factory=lambda: datetime.now(UTC))


def entry_of(
    request: AIRequest,
    rung: Rung,
    price: ModelPrice,
    usage: Usage,
    *,
    outcome: CallOutcome,
    mode: Mode = "live",
    seconds: float = 0.0,
    is_estimated: bool = False,
    charged_usd_micros: int | None = None,
) -> Entry:
    """Return the entry of one call; its purse is charged the cost unless another sum is given."""
    cost = price.cost_usd_micros(usage)
    return Entry(
        purse=request.purse.name if request.purse is not None else "",
        purse_usd_micros=cost if charged_usd_micros is None else charged_usd_micros,
        tenant_id=request.tenant_id,
        product=request.product,
        task=request.task,
        provider=rung.key.provider,
        model=rung.key.model,
        model_class=rung.model_class,
        mode=mode,
        outcome=outcome,
        price_version=price.version,
        input_tokens=usage.input_tokens,
        cached_tokens=usage.cache_read_tokens,
        output_tokens=usage.output_tokens,
        cost_usd_micros=cost,
        duration_ms=round(seconds * 1000),
        is_estimated=is_estimated,
    )


@dataclass(slots=True)
class _Sheet:
    """Entries that will be written by one statement."""

    entries: list[Entry]
    written: asyncio.Task[None] | None = None


class Ledger:
    """Writes entries to PostgreSQL, those of calls that end together by one statement."""

    def __init__(self, database: Database | None) -> None:
        self._database = database
        self._writing = asyncio.Lock()
        self._open: _Sheet | None = None
        self._kept: list[Entry] = []

    async def record(self, entry: Entry) -> None:
        """Return when the entry is committed, or kept for later because the database is away."""
        _count(entry)
        if self._database is None:
            return
        if self._open is None:
            self._open = _Sheet([])
            self._open.written = asyncio.create_task(self._flush(self._open))
        sheet = self._open
        sheet.entries.append(entry)
        assert sheet.written is not None
        await asyncio.shield(sheet.written)

    async def spent_from(self, tenant_id: TenantId, purse: str) -> int:
        """Return what the calls on the ledger have spent from a purse, in micro-dollars.

        It is asked when Redis has forgotten a purse; a call of which nobody knows counts there only.
        Raises LedgerAwayError while PostgreSQL does not answer.
        """
        if self._database is None:
            return 0
        asked = {"name": purse}
        try:
            row = await self._database.reader.row(tenant_id, _queries["find_ai_purse"], asked)
        except _AWAY:
            raise LedgerAwayError("what the purse has spent cannot be read now") from None
        return int(row["spent_usd_micros"]) if row else 0

    async def _flush(self, sheet: _Sheet) -> None:
        async with self._writing:
            # Whoever came while the sheet before was written is on this one.
            self._open = None
            entries = self._kept + sheet.entries
            try:
                await self._write(entries)
            except _AWAY as error:
                measures.UNRECORDED.inc()
                _log.warning("ai_ledger_away", entries=len(entries), error=type(error).__name__)
                self._kept = entries[-_MOST_WAITING:]
            else:
                self._kept = []

    async def _write(self, entries: Sequence[Entry]) -> None:
        assert self._database is not None
        text = msgspec.json.encode([asdict(entry) for entry in entries]).decode()
        async with self._database.crossing("the ledger of AI calls is written") as session:
            connection = await session.connection()
            await connection.exec_driver_sql(_queries["record_ai_calls"], {"entries": text})

    async def close(self) -> None:
        """Write what still waits."""
        if self._kept:
            await self._flush(_Sheet([]))


def _count(entry: Entry) -> None:
    labels = (entry.product, entry.model_class)
    measures.CALLS.labels(*labels, entry.outcome).inc()
    measures.CALL_SECONDS.labels(entry.model_class).observe(entry.duration_ms / 1000)
    measures.COST.labels(*labels).inc(entry.cost_usd_micros)
    measures.TOKENS.labels(*labels, "input").inc(entry.input_tokens)
    measures.TOKENS.labels(*labels, "cached").inc(entry.cached_tokens)
    measures.TOKENS.labels(*labels, "output").inc(entry.output_tokens)


async def list_spend(
    database: Database, tenant_id: TenantId, first: date, last: date
) -> list[dict[str, Any]]:
    """Return what one tenant spent from `first` to `last` (UTC days), by task and model."""
    days = {"first": first, "last": last}
    return await database.reader.rows(tenant_id, _queries["ai_spend_of_tenant"], days)


async def list_spend_of_all(database: Database, first: date, last: date) -> list[dict[str, Any]]:
    """Return what all tenants spent, by product, task and model; for operators."""
    days = {"first": first, "last": last}
    return await database.crossing_rows(
        "an operator reads what AI calls cost", _queries["ai_spend_by_task"], days
    )


async def list_spend_by_day(database: Database, first: date, last: date) -> list[dict[str, Any]]:
    """Return calls and micro-dollars of all tenants day by day; for operators."""
    days = {"first": first, "last": last}
    return await database.crossing_rows(
        "an operator reads what AI calls cost", _queries["ai_spend_by_day"], days
    )


async def list_health(database: Database, since: datetime) -> list[dict[str, Any]]:
    """Return calls, unusable ones and their 95th percentile in ms of each model since then."""
    return await database.crossing_rows(
        "an operator looks at the health of models", _queries["ai_health"], {"since": since}
    )
