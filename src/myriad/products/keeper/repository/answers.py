"""How calls end: what was said on the phone, and taking it back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from myriad.products.keeper.repository.accounts import get_account
from myriad.products.keeper.repository.customer import set_contact_allowed
from myriad.products.keeper.repository.sql import find
from myriad.products.keeper.repository.tasks import decide_task
from myriad.products.keeper.views import TaskAnswer
from myriad.scale.data import Session

_TRY_AGAIN_DAYS = 2
_UNDECIDED = ("open", "snoozed")


async def reopen_task(session: Session, task_id: UUID, user_id: UUID | None) -> None:
    """Take back what was decided about the task, and that its person is not to be called."""
    row = await find(session, "lock_task", task_id=task_id)
    if row and (row["outcome"] or {}).get("forbade_contact"):
        await set_contact_allowed(session, row["person_id"], True, user_id)
    everything = ("open", "snoozed", "done", "dismissed")
    await decide_task(session, task_id, "open", user_id, allowed=everything)


async def answer_task(
    session: Session, task_id: UUID, answer: TaskAnswer, user_id: UUID | None
) -> None:
    """Note how the call ended; raises NotFoundError, or ConflictError when it was dismissed.

    `booked` and `left_message` end the task; after `no_answer` it comes back in two days; after
    `not_interested` it is dismissed and the person is not to be contacted. Whether somebody came
    back is never asked: visits tell.
    """
    outcome: dict[str, Any] = {"said": answer}
    if answer == "no_answer":
        until = (await get_account(session)).day + timedelta(days=_TRY_AGAIN_DAYS)
        await decide_task(session, task_id, "snoozed", user_id, _UNDECIDED, until, outcome)
    elif answer == "not_interested":
        row = await find(session, "task_person", task_id=task_id)
        if row and row["contact_allowed"]:
            outcome["forbade_contact"] = True
        await decide_task(session, task_id, "dismissed", user_id, _UNDECIDED, outcome=outcome)
        if row and row["contact_allowed"]:
            await set_contact_allowed(session, row["person_id"], False, user_id)
    else:
        await decide_task(session, task_id, "done", user_id, (*_UNDECIDED, "done"), outcome=outcome)
