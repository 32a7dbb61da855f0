"""Reports and simulations of a valuation: made once, kept a month, made again when asked for."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any
from uuid import UUID

from myriad.products.upswitch.reports import render
from myriad.products.upswitch.valuations.asking import simulated
from myriad.products.upswitch.valuations.reading import language_for, load_valuation, reopen
from myriad.products.upswitch.valuations.sql import execute, find
from myriad.products.upswitch.views.valuations import ReportFormat
from myriad.scale.data import ReadSession, Session
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId, current_tenant


async def make_report(
    runtime: Runtime, session: Session, valuation_id: UUID, format_: ReportFormat
) -> bytes:
    """Return a valuation's report in its session's language, made and kept if it is not there yet."""
    view = await load_valuation(runtime, TenantId(current_tenant()), valuation_id)
    locale = (await language_for(session, view)).locale if format_ == "pdf" else "en"
    place = {"valuation_id": valuation_id, "format": format_, "locale": locale}
    row = await find(session, "find_report", **place)
    if row is not None:
        return bytes(row["content"])
    valuation = await reopen(runtime.database, view)
    # Drawing takes a tenth of a second, in which the loop serves others.
    content = await asyncio.to_thread(render, view, valuation, format_, locale)
    digest = hashlib.sha256(content).hexdigest()
    await execute(
        session,
        "store_report",
        **place,
        content=content,
        sha256=digest,
    )
    return content


async def find_simulation(
    session: ReadSession, valuation_id: UUID, paths: int, seed: int
) -> dict[str, Any] | None:
    """Return a simulation that was made before, or None."""
    row = await find(session, "find_simulation", valuation_id=valuation_id, paths=paths, seed=seed)
    return None if row is None else row["result"]


async def make_simulation(
    runtime: Runtime, session: Session, valuation_id: UUID, paths: int, seed: int
) -> dict[str, Any]:
    """Return a valuation's simulation, made and kept if it is not there yet."""
    place = {"valuation_id": valuation_id, "paths": paths, "seed": seed}
    found = await find_simulation(session, valuation_id, paths, seed)
    if found is not None:
        return found
    view = await load_valuation(runtime, TenantId(current_tenant()), valuation_id)
    valuation = await reopen(runtime.database, view)
    result = await asyncio.to_thread(simulated, valuation, paths, seed)
    await execute(session, "store_simulation", result=result, **place)
    return result
