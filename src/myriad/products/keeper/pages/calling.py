"""Today: whom to call, and what became of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Form
from starlette.requests import Request
from starlette.responses import Response

from myriad.products.keeper.pages import kept as keeping
from myriad.products.keeper.pages import screens
from myriad.products.keeper.pages.kept import CurrentKept
from myriad.products.keeper.pages.route import is_partial, page_router, see_other
from myriad.products.keeper.repository.accounts import get_account
from myriad.products.keeper.repository.answers import answer_task, reopen_task
from myriad.products.keeper.repository.tasks import (
    dismiss_task,
    finish_task,
    get_task,
    snooze_task,
)
from myriad.products.keeper.repository.today import get_today
from myriad.products.keeper.settings import KeeperSettings
from myriad.products.keeper.views import TaskAnswer
from myriad.scale import ui
from myriad.scale.data import ReadSession
from myriad.scale.http import Staff, TenantSession
from myriad.scale.ui.page import CurrentPage

TODAY = "/keeper/today"

router = page_router()


@router.get("/today")
async def today(kept: CurrentKept) -> Response:
    """Show whom to call today."""
    least = kept.runtime.settings_of(KeeperSettings).minimum_customers

    async def draw(session: ReadSession) -> ui.Part:
        return screens.today(kept.zone, await get_today(session, least))

    return await kept.respond(keeping.TODAY, (least,), draw)


async def _after(
    request: Request, page: CurrentPage, session: TenantSession, task_id: UUID
) -> Response:
    if not is_partial(request):
        return see_other(TODAY)
    return screens.task(page, await get_task(session, task_id))


@router.post("/tasks/{task_id}/done")
async def done(
    request: Request, page: CurrentPage, caller: Staff, session: TenantSession, task_id: UUID
) -> Response:
    """Mark the call as made."""
    await finish_task(session, task_id, caller.id)
    return await _after(request, page, session, task_id)


@router.post("/tasks/{task_id}/dismiss")
async def dismiss(
    request: Request, page: CurrentPage, caller: Staff, session: TenantSession, task_id: UUID
) -> Response:
    """Put the task away."""
    await dismiss_task(session, task_id, caller.id)
    return await _after(request, page, session, task_id)


@router.post("/tasks/{task_id}/answer")
async def answer(
    request: Request,
    page: CurrentPage,
    caller: Staff,
    session: TenantSession,
    task_id: UUID,
    answer: Annotated[TaskAnswer, Form()],
) -> Response:
    """Note how the call ended."""
    await answer_task(session, task_id, answer, caller.id)
    return await _after(request, page, session, task_id)


@router.post("/tasks/{task_id}/reopen")
async def reopen(
    request: Request, page: CurrentPage, caller: Staff, session: TenantSession, task_id: UUID
) -> Response:
    """Take back what was decided."""
    await reopen_task(session, task_id, caller.id)
    return await _after(request, page, session, task_id)


@router.post("/tasks/{task_id}/snooze")
async def snooze(
    request: Request,
    page: CurrentPage,
    caller: Staff,
    session: TenantSession,
    task_id: UUID,
    days: Annotated[int, Form(ge=1, le=365)],
) -> Response:
    """Let the task sleep for some days of the account's calendar."""
    account = await get_account(session)
    await snooze_task(session, task_id, account.day + timedelta(days=days), caller.id)
    return await _after(request, page, session, task_id)
