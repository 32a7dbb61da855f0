"""Reconciliation: broker beside ledger, since when they differ, what to do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Form
from pydantic import StringConstraints
from starlette.responses import RedirectResponse, Response

from myriad.kit.clock import utc_now
from myriad.products.kamioi.money.task_names import FILLS_TASK, RECONCILE_TASK
from myriad.products.kamioi.operation.overcharges import (
    Outcome,
    Overcharge,
    list_overcharges,
    settle_overcharge,
)
from myriad.products.kamioi.operation.positions import Reconciliation, explain, get_reconciliation
from myriad.products.kamioi.operation.stuck_orders import ask_to_end, list_stuck_orders
from myriad.products.kamioi.pages import operation_words
from myriad.scale import ui
from myriad.scale.http import Owner, Router, Staff, TenantReadSession, TenantSession
from myriad.scale.jobs.enqueue import enqueue
from myriad.scale.ui.filters import plural
from myriad.scale.ui.page import CurrentPage

router = Router()
_RENDERER = ui.Renderer(Path(__file__).parents[1] / "templates", words=operation_words)
_HERE = "/kamioi/admin/reconciliation"
Note = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)]


@router.get("/admin/reconciliation")
async def reconciliation(
    page: CurrentPage,
    caller: Staff,
    session: TenantReadSession,
    done: Literal["", "fills", "end"] = "",
) -> Response:
    """Show the last comparison with the broker, and the orders that need a person."""
    now = utc_now()
    view = await get_reconciliation(session, now)
    stuck = await list_stuck_orders(session, now)
    over = await list_overcharges(session, now)
    return _RENDERER.respond(
        page,
        "kamioi/reconciliation.html",
        view=view,
        stuck=stuck,
        over=over,
        may_end=caller.is_owner,
        done=done,
        answer=_answer(view, len(stuck), over),
    )


@router.post("/admin/reconciliation/compare")
async def compare(caller: Staff, session: TenantSession) -> Response:
    """Let broker and ledger be compared now."""
    await enqueue(session, RECONCILE_TASK, {}, dedup_key="reconcile")
    return RedirectResponse(_HERE, 303)


@router.post("/admin/reconciliation/fills")
async def take_fills(caller: Staff, session: TenantSession) -> Response:
    """Let the broker be asked of all open orders now."""
    await enqueue(session, FILLS_TASK, {}, dedup_key="fills")
    return RedirectResponse(f"{_HERE}?done=fills", 303)


@router.post("/admin/orders/{order_id}/end")
async def end_order(order_id: UUID, caller: Owner, session: TenantSession) -> Response:
    """Let an order end if the broker, asked once more, does not know it."""
    await ask_to_end(session, order_id, caller)
    return RedirectResponse(f"{_HERE}?done=end", 303)


@router.post("/admin/reconciliation/{reconciliation_id}/explain")
async def explain_difference(
    reconciliation_id: UUID, caller: Staff, session: TenantSession, note: Annotated[Note, Form()]
) -> Response:
    """Say why a line differs."""
    await explain(session, reconciliation_id, note, caller, utc_now())
    return RedirectResponse(_HERE, 303)


@router.post("/admin/overcharges/{overcharge_id}/settle")
async def settle(
    overcharge_id: UUID,
    caller: Owner,
    session: TenantSession,
    outcome: Annotated[Outcome, Form()],
    note: Annotated[Note, Form()],
) -> Response:
    """Book what became of what the broker took above an order."""
    await settle_overcharge(session, overcharge_id, outcome, note, caller, utc_now())
    return RedirectResponse(f"{_HERE}#overcharges", 303)


def _answer(view: Reconciliation, stuck: int, over: Sequence[Overcharge]) -> str:
    is_over = any(one.state == "open" for one in over)
    if not view.lines and not stuck and not is_over:
        return "Broker and ledger were never compared"
    positions = [one for one in view.lines if one.subject == "position"]
    books = [one for one in view.open_lines if one.subject == "books"]
    if books:
        return f"The books contradict themselves in {plural(len(books), 'place')}"
    if stuck:
        return f"{plural(stuck, 'order needs', 'orders need')} a person"
    if is_over:
        return "The broker took more than was ordered"
    wrong = [one for one in view.open_lines if one.subject == "position"]
    if wrong:
        verb = "differs" if len(wrong) == 1 else "differ"
        return f"{len(wrong):,} of {plural(len(positions), 'position')} {verb} from the broker's"
    if not positions:
        return "Nothing is held, here or at the broker"
    return f"Broker and ledger agree on {plural(len(positions), 'position')}"
