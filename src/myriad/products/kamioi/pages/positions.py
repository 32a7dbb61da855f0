"""Reconciliation: broker beside ledger, since when they differ, what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import Form
from pydantic import StringConstraints
from starlette.responses import RedirectResponse, Response

from myriad.kit.clock import utc_now
from myriad.products.kamioi.money.task_names import RECONCILE_TASK
from myriad.products.kamioi.operation.positions import Reconciliation, explain, get_reconciliation
from myriad.products.kamioi.pages import operation_words
from myriad.scale import ui
from myriad.scale.http import Router, Staff, TenantReadSession, TenantSession
from myriad.scale.jobs.enqueue import enqueue
from myriad.scale.ui.filters import plural
from myriad.scale.ui.page import CurrentPage

router = Router()
_RENDERER = ui.Renderer(Path(__file__).parents[1] / "templates", words=operation_words)
_HERE = "/kamioi/admin/reconciliation"
Note = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)]


@router.get("/admin/reconciliation")
async def reconciliation(page: CurrentPage, session: TenantReadSession) -> Response:
    """Show the last comparison with the broker."""
    view = await get_reconciliation(session, utc_now())
    return _RENDERER.respond(page, "kamioi/reconciliation.html", view=view, answer=_answer(view))


@router.post("/admin/reconciliation/compare")
async def compare(caller: Staff, session: TenantSession) -> Response:
    """Let broker and ledger be compared now."""
    await enqueue(session, RECONCILE_TASK, {}, dedup_key="reconcile")
    return RedirectResponse(_HERE, 303)


@router.post("/admin/reconciliation/{reconciliation_id}/explain")
async def explain_difference(
    reconciliation_id: UUID, caller: Staff, session: TenantSession, note: Annotated[Note, Form()]
) -> Response:
    """Say why a line differs."""
    await explain(session, reconciliation_id, note, caller, utc_now())
    return RedirectResponse(_HERE, 303)


def _answer(view: Reconciliation) -> str:
    if not view.lines:
        return "Broker and ledger were never compared"
    positions = [one for one in view.lines if one.subject == "position"]
    books = [one for one in view.open_lines if one.subject == "books"]
    if books:
        return f"The books contradict themselves in {plural(len(books), 'place')}"
    wrong = [one for one in view.open_lines if one.subject == "position"]
    if wrong:
        verb = "differs" if len(wrong) == 1 else "differ"
        return f"{len(wrong):,} of {plural(len(positions), 'position')} {verb} from the broker's"
    if not positions:
        return "Nothing is held, here or at the broker"
    return f"Broker and ledger agree on {plural(len(positions), 'position')}"
