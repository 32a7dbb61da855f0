"""Orders: what waits for a security becomes one order a window; fills become members' lots."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from myriad.kit.errors import TooManyRequestsError
from myriad.products.kamioi.broker.market import is_open, market_day
from myriad.products.kamioi.broker.port import ENDED, Broker, BrokerFill, OrderRequest, OrderStatus
from myriad.products.kamioi.money.errors import (
    BrokerAnswerError,
    UnknownOrderError,
)
from myriad.products.kamioi.repository import sql as queries
from myriad.products.kamioi.repository.planning import planned_for_sets
from myriad.scale.data import Session
from myriad.scale.observe.logs import get_logger

# Alpaca refuses a notional below one dollar; what is less waits until it is more.
MINIMUM_MINOR = 100
ORDERS_AT_ONCE = 1_000
# So many orders in a row without an answer are the broker's fault, not theirs.
FAULTS_IN_A_ROW = 3
_OPEN = ["sent", "part_filled"]
Commit = Callable[[], Awaitable[None]]
Answers = list[tuple[dict[str, Any], OrderStatus | BrokerAnswerError]]
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Opened:
    """How many orders a window opened, of how many members' parts."""

    orders: int = 0
    parts: int = 0


async def open_window(session: Session, window_at: datetime, broker: str) -> Opened:
    """Open the orders of a window, once however often it is called; none while the market is closed."""
    if not is_open(window_at):
        return Opened()
    await queries.get(session, "hold_money")
    facts = {"window_at": window_at, "day": market_day(window_at), "broker": broker}
    async with planned_for_sets(session):
        await queries.get(session, "release_delisted")
        made = await queries.get(session, "open_orders", **facts, minimum_minor=MINIMUM_MINOR)
    return Opened(made["orders"], made["parts"])


async def list_orders(
    session: Session, states: Sequence[str], until: datetime
) -> list[dict[str, Any]]:
    """Return up to 1,000 orders in these states whose window has come.

    The oldest come first, and after all others those whose last answer was none.
    """
    return await queries.fetch(
        session, "list_orders_in_state", states=list(states), until=until, limit=ORDERS_AT_ONCE
    )


async def send(
    session: Session, broker: Broker, now: datetime, commit: Commit | None = None
) -> int:
    """Send the orders whose window has come; return how many.

    A broker that has had enough requests gets the rest with the next call, one that answers nothing
    of use to an order gets it again then, with the reason beside it; those behind it are sent. Raises
    BrokerAnswerError when several in a row, and none else, were not answered. When this dies between
    the broker's answer and the commit, the order is sent again under the same `client_order_id` and
    is still one; what it has bought meanwhile is taken in by `take_fills`, as of every other.

    Money is held once the broker has answered, and not while it thinks. `commit` lets go of what
    was read to know what to ask; a broker that answers at once needs none.
    """
    rows = await list_orders(session, ["new"], now)
    answers = await _ask(rows, broker.submit, commit)
    await queries.get(session, "hold_money")
    sent = 0
    for row, answer in answers:
        if isinstance(answer, BrokerAnswerError):
            await _note(session, row["id"], answer, now)
            continue
        is_refused = answer.status == "refused"
        taken = answer if is_refused else replace(answer, status="sent", fills=())
        await _mark(session, row["id"], taken, now, ["new"])
        sent += 1
    await _stop_if_down(answers, commit)
    return sent


async def take_fills(
    session: Session, broker: Broker, now: datetime, commit: Commit | None = None
) -> int:
    """Take in what the broker has executed since; return how many fills were new.

    Of a broker that has had enough requests the rest is asked with the next call. An order that it
    does not know, or to which it answers nothing of use, stays open with the reason beside it and in
    the log: a person must look, and nobody else's shares wait for that. What is raised, when money is held, and `commit` are as `send` has them.
    """
    rows = await list_orders(session, _OPEN, now)
    answers = await _ask(rows, broker.look, commit)
    await queries.get(session, "hold_money")
    filled: list[UUID] = []
    for row, answer in answers:
        try:
            filled += [row["id"]] * await _take(session, row, answer, now)
        except BrokerAnswerError as error:
            await _note(session, row["id"], error, now)
    if filled:
        async with planned_for_sets(session):
            await queries.execute(session, "tell_bought", ids=filled)
    await _stop_if_down(answers, commit)
    return len(filled)


async def _note(session: Session, order_id: UUID, error: BrokerAnswerError, now: datetime) -> None:
    _log.error("order_needs_a_person", order_id=str(order_id), reason=error.code)
    await queries.execute(session, "note_order", id=order_id, reason=error.detail, now=now)


async def _stop_if_down(answers: Answers, commit: Commit | None) -> None:
    """Raise what a broker that answers nothing said, so that its job is tried again."""
    faults = [one for _, one in answers if isinstance(one, BrokerAnswerError)]
    is_down = not any(isinstance(one, UnknownOrderError) for one in faults)
    if is_down and FAULTS_IN_A_ROW <= len(faults) == len(answers):
        if commit is not None:
            await commit()
        raise faults[0]


async def end_unknown(
    session: Session, broker: Broker, order_id: UUID, now: datetime, commit: Commit | None = None
) -> bool:
    """End an order that was to be sent and that the broker, asked once more, does not know.

    What it was for waits for the next window. Returns whether it ended: one that the broker knows
    after all is left to `take_fills`.
    """
    row = await queries.find(session, "find_order_to_end", id=order_id)
    answers = await _ask([row] if row else [], broker.look, commit)
    answer = answers[0][1] if answers else None
    if not isinstance(answer, UnknownOrderError):
        if isinstance(answer, BrokerAnswerError):
            raise answer
        return False
    await queries.get(session, "hold_money")
    ended = OrderStatus("cancelled", reason="the broker does not know it; a person ended it")
    await _mark(session, order_id, ended, now, ["new", *_OPEN])
    return True


async def _take(
    session: Session, row: dict[str, Any], status: OrderStatus | BrokerAnswerError, now: datetime
) -> int:
    """Take in how an order stands, all of it or nothing; return how many fills were new."""
    if isinstance(status, BrokerAnswerError):
        raise status
    async with session.begin_nested():
        new = [await allocate(session, row, fill) for fill in status.fills]
        # A fault of before is over once the broker answers again.
        if status.status != row["state"] or row["reason"]:
            await _mark(session, row["id"], status, now, _OPEN)
    return sum(new)


async def _ask(
    rows: Sequence[dict[str, Any]],
    ask: Callable[[OrderRequest], Awaitable[OrderStatus]],
    commit: Commit | None,
) -> Answers:
    """Return orders with the broker's answers, up to where it wants a rest or seems to be down."""
    if rows and commit is not None:
        await commit()
    answers: Answers = []
    faults = 0
    for row in rows:
        try:
            answers.append((row, await ask(request_of(row))))
            faults = 0
        except UnknownOrderError as error:
            answers.append((row, error))
            faults = 0
        except BrokerAnswerError as error:
            answers.append((row, error))
            faults += 1
        except TooManyRequestsError:
            if not answers:
                raise
            break
        if faults == FAULTS_IN_A_ROW:
            break
    return answers


async def allocate(session: Session, order: dict[str, Any], fill: BrokerFill) -> bool:
    """Share a fill among the parts of its order, once; return whether it was new.

    What its order cost above what was ordered is nobody's of them: the broker owes it.
    """
    row = await queries.find(
        session,
        "add_fill",
        order_id=order["id"],
        broker_fill_id=fill.id,
        qty=fill.qty,
        price=fill.price,
        cost_minor=fill.cost_minor,
        filled_at=fill.filled_at,
    )
    if row is None:
        return False
    day = market_day(fill.filled_at)
    about = {"fill_id": row["id"], "day": day}
    over = await queries.get(session, "note_overcharge", **about, now=fill.filled_at)
    if over["amount_minor"]:
        facts = {"order_id": str(order["id"]), "amount_minor": over["amount_minor"]}
        _log.error("order_overcharged", **facts)
    async with planned_for_sets(session):
        await queries.get(session, "allocate_fill", **about)
    return True


async def _mark(
    session: Session, order_id: UUID, status: OrderStatus, now: datetime, states: list[str]
) -> None:
    marked = await queries.execute(
        session,
        "mark_order",
        id=order_id,
        state=status.status,
        broker_order_id=status.broker_order_id,
        reason=status.reason,
        now=now,
        states=states,
    )
    # What a filled order left is the member's cash; what was not filled is tried again, by whoever
    # ends the order: two may have asked the broker of one.
    if marked and status.status in ENDED and status.status != "filled":
        async with planned_for_sets(session):
            await queries.execute(session, "earmark_again", order_id=order_id)


def request_of(row: dict[str, Any]) -> OrderRequest:
    """Return an order's row as the broker takes it."""
    return OrderRequest(
        row["client_order_id"],
        row["security_id"],
        row["ticker"],
        row["notional_minor"],
        row["currency"],
        row["window_at"],
    )
