"""Today and its tasks."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from starlette.responses import Response

from myriad.kit.money import Money
from myriad.products.keeper import repository
from myriad.products.keeper.endpoints.paging import page
from myriad.products.keeper.kept import get_kept
from myriad.products.keeper.settings import KeeperSettings
from myriad.products.keeper.views import TaskAnswer, TaskCard, TaskState, TodayView
from myriad.scale.cache import declare
from myriad.scale.data import ReadSession
from myriad.scale.http import (
    CurrentRuntime,
    Page,
    PageRequest,
    Router,
    Staff,
    TenantReadSession,
    TenantSession,
)

router = Router()
_TODAY = declare("keeper.api.today", TodayView, "dashboard", follows_tenant=True)


class TaskRow(BaseModel):
    """One task in the list."""

    id: UUID
    person_id: UUID
    business_date: date
    value_at_risk: Money
    title: str
    reason: str
    due_date: date
    state: TaskState
    snoozed_until: date | None
    answer: TaskAnswer | None


class Snooze(BaseModel):
    """Until which day a task sleeps."""

    until: date


class Answer(BaseModel):
    """How a call ended."""

    answer: TaskAnswer


@router.get("/today")
async def get_today(runtime: CurrentRuntime, caller: Staff) -> TodayView:
    """Return whom to call today, why, and how the business goes."""
    least = runtime.settings_of(KeeperSettings).minimum_customers

    async def read(session: ReadSession) -> TodayView:
        return await repository.get_today(session, least)

    return await get_kept(runtime, caller, _TODAY, (least,), read)


@router.get("/tasks")
async def list_tasks(
    paging: PageRequest,
    session: TenantReadSession,
    response: Response,
    state: TaskState | None = None,
) -> Page[TaskRow]:
    """Return tasks, those first with the most money at stake."""
    account = await repository.get_account(session)
    rows, next_after = await repository.list_tasks(session, state, paging.after_key, paging.limit)
    shown = [_row(row, account.currency) for row in rows]
    return page(paging, response, shown, next_after)


@router.get("/tasks/{task_id}")
async def get_task(task_id: UUID, session: TenantReadSession) -> TaskCard:
    """Return one task."""
    return await repository.get_task(session, task_id)


@router.post("/tasks/{task_id}/done")
async def finish_task(task_id: UUID, caller: Staff, session: TenantSession) -> TaskCard:
    """Note that the call was made."""
    await repository.finish_task(session, task_id, caller.id)
    return await repository.get_task(session, task_id)


@router.post("/tasks/{task_id}/snooze")
async def snooze_task(
    task_id: UUID, body: Snooze, caller: Staff, session: TenantSession
) -> TaskCard:
    """Let the task sleep until a later day."""
    await repository.snooze_task(session, task_id, body.until, caller.id)
    return await repository.get_task(session, task_id)


@router.post("/tasks/{task_id}/dismiss")
async def dismiss_task(task_id: UUID, caller: Staff, session: TenantSession) -> TaskCard:
    """Put the task away: this person is not to be called."""
    await repository.dismiss_task(session, task_id, caller.id)
    return await repository.get_task(session, task_id)


@router.post("/tasks/{task_id}/answer")
async def answer_task(
    task_id: UUID, body: Answer, caller: Staff, session: TenantSession
) -> TaskCard:
    """Note how the call ended; `not_interested` also ends all contact, `no_answer` tries again."""
    await repository.answer_task(session, task_id, body.answer, caller.id)
    return await repository.get_task(session, task_id)


@router.post("/tasks/{task_id}/reopen")
async def reopen_task(task_id: UUID, caller: Staff, session: TenantSession) -> TaskCard:
    """Take back what was decided about the task."""
    await repository.reopen_task(session, task_id, caller.id)
    return await repository.get_task(session, task_id)


def _row(row: dict[str, Any], currency: str) -> TaskRow:
    return TaskRow(
        **{name: row[name] for name in row if name not in ("value_at_risk", "reason")},
        value_at_risk=Money(row["value_at_risk"], currency),
        reason=row["reason"].get("sentence", ""),
    )
