"""Securities: what the programme holds, what companies did, entering an action."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from fastapi import Form, Query
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.responses import RedirectResponse, Response

from myriad.kit.clock import utc_now
from myriad.kit.errors import MyriadError
from myriad.products.kamioi.broker.market import market_day
from myriad.products.kamioi.money.errors import ActionError
from myriad.products.kamioi.money.task_names import ACTIONS_TASK
from myriad.products.kamioi.operation import actions
from myriad.products.kamioi.operation.actions import ActionEntry, Effect
from myriad.products.kamioi.operation.securities import Securities, get_securities
from myriad.products.kamioi.pages import operation_words
from myriad.scale import ui
from myriad.scale.data import ReadSession
from myriad.scale.directory.audit import record_event
from myriad.scale.http import (
    CurrentRuntime,
    Operator,
    Owner,
    Router,
    Staff,
    TenantReadSession,
    TenantSession,
)
from myriad.scale.jobs.enqueue import enqueue
from myriad.scale.ui.filters import plural
from myriad.scale.ui.page import CurrentPage

router = Router()
_RENDERER = ui.Renderer(Path(__file__).parents[1] / "templates", words=operation_words)
_HERE = "/kamioi/admin/securities"


class ActionFields(BaseModel):
    """The form as it is sent: text, empty where nothing was said."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)

    ticker: str = ""
    kind: str = ""
    ex_date: str = ""
    ratio_num: str = ""
    ratio_den: str = ""
    cash_per_share: str = ""
    new_ticker: str = ""
    source: str = ""

    def entry(self) -> ActionEntry:
        """Return what was entered; raises ValidationError for what cannot be read."""
        return ActionEntry.model_validate(
            {name: value for name, value in self.model_dump().items() if value}
        )


@router.get("/admin/securities")
async def securities(
    page: CurrentPage,
    caller: Staff,
    session: TenantReadSession,
    fields: Annotated[ActionFields, Query()],
) -> Response:
    """Show the programme's securities and, when an action is being entered, what it would do."""
    today = market_day(utc_now())
    view = await get_securities(session, today)
    effect, fault = await _try(session, fields)
    return _RENDERER.respond(
        page,
        "kamioi/securities.html",
        view=view,
        due=view.due(today),
        answer=_answer(view, len(view.due(today))),
        may_enter=caller.is_operator,
        may_apply=caller.is_owner,
        fields=fields,
        effect=effect,
        fault=fault,
    )


@router.post("/admin/securities/actions")
async def enter(
    caller: Operator, runtime: CurrentRuntime, fields: Annotated[ActionFields, Form()]
) -> Response:
    """Write an action for every programme; each applies it to its own lots."""
    try:
        entry = fields.entry()
    except ValidationError as error:
        raise ActionError(_first_fault(error)) from None
    await actions.enter(runtime.database, entry, caller)
    return RedirectResponse(_HERE, 303)


@router.post("/admin/securities/apply")
async def apply(caller: Owner, session: TenantSession) -> Response:
    """Let what is due be applied to the programme's lots now."""
    await enqueue(session, ACTIONS_TASK, {}, dedup_key="actions")
    record_event(session, caller.tenant_id, "kamioi.actions_asked", actor=caller)
    return RedirectResponse(_HERE, 303)


async def _try(session: ReadSession, fields: ActionFields) -> tuple[Effect | None, str]:
    """Return what the entered action would do, or why it cannot be read."""
    given = fields.model_dump(exclude_defaults=True)
    if not given:
        return None, ""
    try:
        return await actions.preview(session, fields.entry()), ""
    except ValidationError as error:
        return None, _first_fault(error)
    except MyriadError as error:
        return None, str(error)


def _first_fault(error: ValidationError) -> str:
    fault: Any = error.errors()[0]
    return f"{'.'.join(map(str, fault['loc'])).replace('_', ' ')}: {fault['msg']}"


def _answer(view: Securities, due: int) -> str:
    if not view.holdings:
        return "Nothing is held yet"
    said = f"Members hold {plural(len(view.holdings), 'security', 'securities')}"
    if not due:
        return f"{said}; every corporate action is applied"
    return f"{said}; {plural(due, 'corporate action')} {'waits' if due == 1 else 'wait'}"
