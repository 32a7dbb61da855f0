"""Analytics and costs: how good mapping is, and what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from starlette.responses import RedirectResponse, Response

from myriad.kit.clock import utc_now
from myriad.products.kamioi.mapping.confidence import AUTO_FROM
from myriad.products.kamioi.operation import quality as figures
from myriad.products.kamioi.operation.costs import GOAL_PER_PURCHASE_MICROS, Costs, Month, get_costs
from myriad.products.kamioi.operation.measuring import get_quality, list_days
from myriad.products.kamioi.operation.quality import PSI_MUCH, PSI_SOME, Quality
from myriad.products.kamioi.operation_schedules import QUALITY_TASK
from myriad.products.kamioi.pages import operation_figures, operation_words
from myriad.scale import ui
from myriad.scale.http import Router, Staff, TenantReadSession, TenantSession
from myriad.scale.jobs.enqueue import enqueue
from myriad.scale.ui.filters import percent
from myriad.scale.ui.page import CurrentPage

router = Router()
_RENDERER = ui.Renderer(
    Path(__file__).parents[1] / "templates",
    words=operation_words,
    figures=operation_figures,
)
_DAYS = 60


@router.get("/admin/analytics")
async def analytics(page: CurrentPage, session: TenantReadSession) -> Response:
    """Show coverage, calibration, drift and the models beside each other."""
    now = utc_now()
    view = await get_quality(session, now)
    return _RENDERER.respond(
        page,
        "kamioi/analytics.html",
        view=view,
        days=await list_days(session, now - timedelta(days=_DAYS)),
        tenths=figures.tenths(view.audits),
        answer=_answer(view),
        drift=_drift(view.drift),
        auto_from=AUTO_FROM,
    )


@router.post("/admin/analytics/measure")
async def measure(caller: Staff, session: TenantSession) -> Response:
    """Let quality be measured now."""
    await enqueue(session, QUALITY_TASK, {}, dedup_key="quality")
    return RedirectResponse("/kamioi/admin/analytics", 303)


@router.get("/admin/costs")
async def costs(page: CurrentPage, session: TenantReadSession) -> Response:
    """Show what mapping costs, and what of it each month bears."""
    view = await get_costs(session, utc_now().date())
    return _RENDERER.respond(
        page,
        "kamioi/costs.html",
        view=view,
        months=_lived(view.months),
        answer=_cost_answer(view),
        goal_micros=GOAL_PER_PURCHASE_MICROS,
    )


def _lived(months: Sequence[Month]) -> Sequence[Month]:
    """Return the months since the first in which something was spent, borne or bought."""
    lived = [
        place
        for place, one in enumerate(months)
        if one.spent_usd_micros or one.borne_usd_micros or one.purchases
    ]
    return months[: max(lived, default=0) + 1]


def _answer(view: Quality) -> str:
    if view.coverage_tx is None:
        return "No purchase has a string to decide yet"
    said = f"{percent(view.coverage_tx, 1)} of purchases have a decided company"
    found = view.precision
    if not found.total:
        return f"{said}; nothing is audited yet"
    return f"{said}; {percent(found.interval[0], 1)} or more of the audited are right"


def _drift(index: float | None) -> str:
    if index is None:
        return "too little to compare"
    if index < PSI_SOME:
        return "as before"
    return "moved a little" if index < PSI_MUCH else "moved much: look at what changed"


def _cost_answer(view: Costs) -> str:
    if not view.spent_usd_micros:
        return "Mapping has cost nothing so far"
    spent = operation_words.micros(view.spent_usd_micros)
    month = view.months[0]
    if month.per_purchase_micros is None:
        return f"Mapping has cost {spent} so far"
    each = operation_words.micros(month.per_purchase_micros)
    return f"A purchase bears {each} of mapping this month; all of it has cost {spent}"
