"""Tasks: whom to call, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from myriad.kit.errors import ConflictError, InvalidInputError, NotFoundError
from myriad.kit.money import Money
from myriad.products.keeper.repository.accounts import AccountFacts, get_account
from myriad.products.keeper.repository.keys import join_key, number_part, split_key, uuid_part
from myriad.products.keeper.repository.sql import (
    Row,
    execute,
    execute_all,
    execute_many,
    fetch,
    get,
)
from myriad.products.keeper.views import TaskCard
from myriad.scale.data import ReadSession, Session

CARDS_SHOWN = 5


async def list_cards(
    session: ReadSession,
    account: AccountFacts,
    *,
    task_id: UUID | None = None,
    person_id: UUID | None = None,
) -> tuple[TaskCard, ...]:
    """Return the open tasks of the account's day, or those of one person, the dearest first."""
    asked = {"task_id": task_id, "person_id": person_id}
    rows = await fetch(session, "task_cards", **{**open_cards(account), **asked})
    return cards_from(rows, account)


def open_cards(account: AccountFacts) -> dict[str, Any]:
    """Return what "task_cards" is asked for the open tasks of the account's day."""
    return {"day": account.day, "task_id": None, "person_id": None, "limit": CARDS_SHOWN}


def cards_from(rows: Sequence[Row], account: AccountFacts) -> tuple[TaskCard, ...]:
    """Return the rows of "task_cards" as screens show them."""
    return tuple(_card(row, account) for row in rows)


async def get_task(session: ReadSession, task_id: UUID) -> TaskCard:
    """Return one task, or raise NotFoundError."""
    cards = await list_cards(session, await get_account(session), task_id=task_id)
    if not cards:
        raise NotFoundError("no such task")
    return cards[0]


def counted_tasks(account: AccountFacts) -> dict[str, Any]:
    """Return what "task_counts" is asked: done on the account's present day, and who sleeps."""
    return {"since": max(account.day, account.today), "day": account.day}


async def list_tasks(
    session: ReadSession, state: str | None, after: str | None, limit: int
) -> tuple[list[Row], str | None]:
    """Return one page of tasks, the dearest first, and the key of the next page."""
    value, task_id = split_key(after, 2)
    rows = await fetch(
        session,
        "list_tasks",
        state=state,
        after_value=number_part(value),
        after_id=uuid_part(task_id),
        limit=limit + 1,
    )
    more = len(rows) > limit
    rows = rows[:limit]
    return rows, join_key(rows[-1]["value_at_risk"], rows[-1]["id"]) if more else None


async def close_tasks(session: Session, day: date) -> None:
    """Close the tasks of people who came or are booked, and those whose time has passed."""
    asked = {"day": day}
    await execute_all(session, {"close_answered_tasks": asked, "expire_tasks": asked})


async def count_room(session: ReadSession, day: date, a_day: int) -> int:
    """Return how many tasks may be made: no more than `a_day` open, nor made on one day."""
    row = await get(session, "tasks_made_on", day=day)
    return a_day - max(int(row["made"]), int(row["open"]))


async def store_tasks(session: Session, tasks: Sequence[Mapping[str, Any]]) -> None:
    """Keep new tasks; one per person and month."""
    await execute_many(session, "store_task", tasks)


async def finish_task(session: Session, task_id: UUID, user_id: UUID | None) -> None:
    """Mark the call as made; raises NotFoundError, or ConflictError when it was dismissed."""
    await decide_task(session, task_id, "done", user_id, allowed=("open", "snoozed", "done"))


async def dismiss_task(session: Session, task_id: UUID, user_id: UUID | None) -> None:
    """Put the task away: this person is not to be called."""
    await decide_task(
        session, task_id, "dismissed", user_id, allowed=("open", "snoozed", "dismissed")
    )


async def snooze_task(session: Session, task_id: UUID, until: date, user_id: UUID | None) -> None:
    """Let the task sleep until a day after today; raises InvalidInputError for a past day."""
    account = await get_account(session)
    if until <= account.day:
        message = f"a task sleeps until a later day than {account.day:%Y-%m-%d}"
        raise InvalidInputError(message, errors=[("/until", f"a day after {account.day}")])
    await decide_task(session, task_id, "snoozed", user_id, ("open", "snoozed"), until)


async def decide_task(
    session: Session,
    task_id: UUID,
    state: str,
    user_id: UUID | None,
    allowed: tuple[str, ...],
    until: date | None = None,
    outcome: dict[str, Any] | None = None,
) -> None:
    """Put a task into a state, coming from one of `allowed`.

    Raises NotFoundError, or ConflictError when the task is in another state.
    """
    rows = await fetch(session, "lock_task", task_id=task_id)
    if not rows:
        raise NotFoundError("no such task")
    if rows[0]["state"] not in allowed:
        raise ConflictError(f"the task is {rows[0]['state']}; reopen it first")
    await execute(
        session,
        "decide_task",
        task_id=task_id,
        state=state,
        snoozed_until=until,
        decided_by=str(user_id) if user_id else "key",
        outcome=outcome,
    )


def _card(row: Row, account: AccountFacts) -> TaskCard:
    days: list[date] = row["days"] or []
    reason: dict[str, Any] = row["reason"]
    return TaskCard(
        id=row["id"],
        person_id=row["person_id"],
        person_name=row["person_name"],
        value_at_risk=Money(row["value_at_risk"], account.currency),
        title=row["title"],
        reason=str(reason.get("sentence", "")),
        business_date=row["business_date"],
        state=row["state"],
        answer=(row["outcome"] or {}).get("said"),
        snoozed_until=row["snoozed_until"],
        last_visit_on=days[-1] if days else None,
        usual_gap_days=row["itt_median_days"],
        spread_days=row["itt_mad_days"],
        visits=tuple(days),
        phone=row["phone"],
        email=row["email"],
        contact_allowed=row["contact_allowed"],
        person_state=row["person_state"],
    )
