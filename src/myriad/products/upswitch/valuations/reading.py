"""Stored valuations as views, and brought back to life: the engine's own result once more.

A stored valuation never changes, so it is served from the cache for an hour.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from myriad.kit.money import Money
from myriad.products.upswitch.engine.document import convert_inputs
from myriad.products.upswitch.engine.valuation import Valuation, value
from myriad.products.upswitch.engine.waterfall import Kept
from myriad.products.upswitch.errors import ValuationNotFoundError
from myriad.products.upswitch.languages import ENGLISH, Language, language_of
from myriad.products.upswitch.registry.numbers import format_number
from myriad.products.upswitch.repository.sessions import SessionNotFoundError, get_locale
from myriad.products.upswitch.valuations.sql import Row, fetch, find
from myriad.products.upswitch.valuations.vintages import Vintage, get_vintage
from myriad.products.upswitch.views.valuations import (
    Assumption,
    UsageMonth,
    UsageView,
    ValuationRow,
    ValuationsView,
    ValuationView,
)
from myriad.scale.cache import declare
from myriad.scale.data import Database, ReadSession
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId

PAGE = 30
RESULT = declare("upswitch.valuation", ValuationView, "result")


async def load_valuation(
    runtime: Runtime, tenant_id: TenantId, valuation_id: UUID
) -> ValuationView:
    """Return a stored valuation, from the cache while it is there; raises ValuationNotFoundError."""

    async def load() -> ValuationView:
        async with runtime.database.read_session(tenant_id) as session:
            return await get_valuation(session, valuation_id)

    return await runtime.caches.get(RESULT, tenant_id, (str(valuation_id),), load)


async def get_valuation(session: ReadSession, valuation_id: UUID) -> ValuationView:
    """Return a stored valuation; raises ValuationNotFoundError."""
    row = await find(session, "find_valuation", id=valuation_id)
    if row is None:
        raise ValuationNotFoundError(
            "there is no such valuation in this account; the list of valuations has its own"
        )
    return _view(row)


async def language_for(session: ReadSession, view: ValuationView) -> Language:
    """Return the language of the session that was valued; English without one."""
    if view.session_id is None:
        return ENGLISH
    try:
        return language_of(await get_locale(session, view.session_id))
    except SessionNotFoundError:
        return ENGLISH


async def list_valuations(
    session: ReadSession, *, after: str | None = None, limit: int = PAGE
) -> ValuationsView:
    """Return one page, newest first; `after` is the `next_after` of the page before."""
    moment, _, last_id = (after or "").partition("|")
    rows = await fetch(
        session,
        "list_valuations",
        before=datetime.fromisoformat(moment) if moment else None,
        before_id=UUID(last_id) if last_id else None,
        limit=limit + 1,
    )
    shown = tuple(_as_row(row) for row in rows[:limit])
    has_more = len(rows) > limit
    last = f"{shown[-1].created_at.isoformat()}|{shown[-1].id}" if has_more else None
    return ValuationsView(rows=shown, next_after=last)


async def list_kin(session: ReadSession, view: ValuationView) -> tuple[ValuationRow, ...]:
    """Return what a valuation may be compared with: the same company, scenarios, its origin."""
    rows = await fetch(
        session,
        "list_kin_of_valuation",
        id=view.id,
        parent_id=view.parent_id,
        currency=view.middle.currency,
        company_name=view.company_name,
        company_number=_number(view.company_number),
    )
    return tuple(_as_row(row) for row in rows)


async def load_usage(session: ReadSession, zone: str, since: datetime) -> UsageView:
    """Return what the account's valuations took, by calendar month of its zone."""
    rows = await fetch(session, "sum_usage", zone=zone, since=since)
    return UsageView(months=tuple(UsageMonth(**row) for row in rows))


async def reopen(database: Database, view: ValuationView) -> Valuation:
    """Return the engine's result of a stored valuation, computed again with its own vintage.

    Where the engine is newer than the valuation, the result may differ from what was stored; the
    waterfall of `compare` says by how much.
    """
    vintage = await get_vintage(database, view.parameter_set_id)
    return value(convert_inputs(view.inputs), vintage.parameters)


def kept(view: ValuationView, vintage: Vintage) -> Kept:
    """Return a valuation as the waterfall takes it."""
    return Kept(convert_inputs(view.inputs), vintage.parameters, view.middle)


def _view(row: Row) -> ValuationView:
    shown = _as_row(row)
    return ValuationView(
        **{name: getattr(shown, name) for name in ValuationRow.__slots__},
        engine_version=row["engine_version"],
        parameter_set_id=row["parameter_set_id"],
        parameters_valid_from=row["valid_from"],
        inputs=row["inputs"],
        outputs=row["outputs"],
        assumptions=msgspec.convert(row["assumptions"].get("items", ()), tuple[Assumption, ...]),
        duration_us=row["duration_us"],
        hash=row["hash"],
        parent_id=row["parent_id"],
        company_number=format_number(row["company_number"]) if row["company_number"] else "",
    )


def _as_row(row: Row) -> ValuationRow:
    currency = row["currency"]
    return ValuationRow(
        id=row["id"],
        kind=row["kind"],
        title=row["title"],
        company_name=row["company_name"],
        low=Money(row["low_minor"], currency),
        middle=Money(row["middle_minor"], currency),
        high=Money(row["high_minor"], currency),
        as_of=row["as_of"],
        vintage=row["vintage"],
        created_at=row["created_at"],
        session_id=row.get("session_id"),
    )


def _number(printed: str) -> int | None:
    digits = printed.replace(".", "")
    return int(digits) if digits else None
