"""What companies did to their shares, applied to members' lots by ex-date, once."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from myriad.products.kamioi.money.errors import ActionError
from myriad.products.kamioi.money.late_actions import list_later, take_back
from myriad.products.kamioi.repository import sql as queries
from myriad.scale.data import ReadSession, Session
from myriad.scale.observe.logs import get_logger

_REBASED = ("split", "reverse_split", "stock_dividend")
_COST_PARTS = 1_000_000
# A close that is further away than this says nothing of what a share was worth on the day.
_CLOSE_DAYS = 7
_log = get_logger(__name__)


async def apply_due(session: Session, day: date) -> int:
    """Apply everything with an ex-date up to `day` that is not applied yet; return how many.

    Lots opened before the ex-date are touched. An action waits until orders from before it have
    ended, a spin-off until both shares have closed. One that lacks its ratio, its cash, its new
    security or the close by which its gain is reckoned waits too, and with it what its shares did
    afterwards; nobody else's shares wait for that. Securities says what it lacks. What was applied
    with a later ex-date than one that is known only now is applied again after it.
    """
    await queries.get(session, "hold_money")
    applied = 0
    # What a merger or a spin-off brings may have something due of its own.
    while done := await _apply_listed(session, day):
        applied += done
    return applied


async def _apply_listed(session: Session, day: date) -> int:
    applied, waiting = 0, set[UUID]()
    for action in await queries.fetch(session, "list_due_actions", day=day, close_days=_CLOSE_DAYS):
        touched = {action["security_id"], action["new_security_id"]} - {None}
        if waiting & touched:
            waiting |= touched
            continue
        later = await list_later(session, action)
        lacks = [await find_lack(session, one) for one in (action, *later)]
        lacking = next(filter(None, lacks), "")
        if lacking:
            _log.error("action_needs_a_person", action_id=str(action["id"]), reason=lacking)
            waiting |= touched
            continue
        await take_back(session, later)
        lots = await _apply(session, action)
        await queries.execute(session, "mark_applied", action_id=action["id"], lots=lots)
        applied += 1
        if later:
            # They are due again, before what else is listed here.
            break
    return applied


async def find_lack(session: ReadSession, action: dict[str, Any]) -> str:
    """Return what an action lacks to be applied, and what to do about it; empty when nothing."""
    try:
        await _check(session, action)
    except ActionError as error:
        return error.detail
    return ""


async def _check(session: ReadSession, action: dict[str, Any]) -> None:
    """Raise ActionError for an action that cannot be applied as it is."""
    kind, new_id = action["kind"], action["new_security_id"]
    is_exchange = kind == "merger" or (kind == "rename" and action["ratio_num"] is not None)
    if kind in (*_REBASED, "spin_off") or (is_exchange and new_id is not None):
        factor(action)
    if kind == "spin_off":
        await _check_closes(session, action)
    if kind == "merger" and new_id is None and not action["cash_per_share"]:
        raise ActionError("it names neither cash nor a new security")
    if kind == "cash_dividend" or (kind == "merger" and action["cash_per_share"]):
        await _check_payment(session, action)
    if kind == "merger" and action["cash_per_share"] and new_id is not None:
        await _worth(session, action, new_id)


async def _check_closes(session: ReadSession, action: dict[str, Any]) -> None:
    if action["new_security_id"] is None:
        raise ActionError("it names no new security")
    ids = [action["security_id"], action["new_security_id"]]
    if len(await list_first_closes(session, ids, action["ex_date"])) < len(ids):
        raise ActionError(
            f"it divides what a share cost by the first closes of both shares "
            f"in the week from {action['ex_date']}, which are not known yet; import them "
            "(./myriad kamioi facts import, a file of ticker, day, close)"
        )


async def _apply(session: Session, action: dict[str, Any]) -> int:
    kind = action["kind"]
    about = {
        "action_id": action["id"],
        "security_id": action["security_id"],
        "ex_date": action["ex_date"],
        "kind": kind,
    }
    if kind in _REBASED:
        numerator, denominator = factor(action)
        about.pop("kind")
        return await _lots(session, "rebase_lots", {**about, "num": numerator, "den": denominator})
    if kind == "cash_dividend":
        return await _pay(session, action, about)
    if kind == "worthless":
        return await _lots(session, "close_lots", about)
    if kind == "spin_off":
        return await _spin_off(session, action, about)
    return await _exchange(session, action, about)


async def _exchange(session: Session, action: dict[str, Any], about: dict[str, Any]) -> int:
    """Apply a merger, for shares, cash or both, or a rename into another security."""
    new_id: UUID | None = action["new_security_id"]
    has_cash = action["kind"] == "merger" and action["cash_per_share"]
    if new_id is None:
        return await _end(session, action, about)
    is_rename = action["kind"] == "rename" and action["ratio_num"] is None
    numerator, denominator = (1, 1) if is_rename else factor(action)
    close = await _worth(session, action, new_id) if has_cash else None
    if has_cash:
        await _pay(session, action, about)
    whole = {"num": numerator, "den": denominator, "cost_num": 1, "cost_den": 1, "keeps": False}
    given = {**about, **whole, "new_security_id": new_id, "close": close}
    return await _lots(session, "convert_lots", given)


async def _end(session: Session, action: dict[str, Any], about: dict[str, Any]) -> int:
    """Apply a merger for cash alone; a rename under which the security stays changes nothing."""
    if action["kind"] == "rename":
        return 0
    await _pay(session, action, about)
    return await _lots(session, "close_lots", about)


async def _worth(session: ReadSession, action: dict[str, Any], new_id: UUID) -> Decimal:
    close = await find_worth(session, new_id, action["ex_date"])
    if close is None:
        raise ActionError(
            f"it pays shares and cash, and no close of the new share is known "
            f"in the week before {action['ex_date']}, by which the gain is reckoned; import it "
            "(./myriad kamioi facts import, a file of ticker, day, close)"
        )
    return close


async def find_worth(session: ReadSession, security_id: UUID, ex_date: date) -> Decimal | None:
    """Return what a share that a merger gives was worth: its last close before the ex-date.

    That close is the same whether the merger is applied before the market opens or days later. One
    that is older than a week says nothing.
    """
    before = ex_date - timedelta(days=1)
    asked = {"ids": [security_id], "day": before, "days": _CLOSE_DAYS - 1}
    rows = await queries.fetch(session, "list_closes", **asked)
    close: Decimal | None = rows[0]["close"] if rows else None
    return close


async def list_first_closes(
    session: ReadSession, ids: list[UUID], ex_date: date
) -> dict[UUID, Decimal]:
    """Return what shares were worth at their first close from the ex-date on, within a week."""
    asked = {"ids": ids, "day": ex_date, "days": _CLOSE_DAYS}
    rows = await queries.fetch(session, "list_first_closes", **asked)
    return {row["security_id"]: row["close"] for row in rows}


async def _spin_off(session: Session, action: dict[str, Any], about: dict[str, Any]) -> int:
    """Open lots of the new company beside the old.

    Cost goes by what each was worth at its first close from the ex-date on (26 U.S.C. 358(b)(2), (c)).
    """
    numerator, denominator = factor(action)
    ids = [action["security_id"], action["new_security_id"]]
    closes = await list_first_closes(session, ids, action["ex_date"])
    new = closes[ids[1]] * numerator / denominator
    share = int(new / (closes[ids[0]] + new) * _COST_PARTS)
    parts = {"num": numerator, "den": denominator, "cost_num": share, "cost_den": _COST_PARTS}
    given = {**about, **parts, "keeps": True, "new_security_id": ids[1], "close": None}
    return await _lots(session, "convert_lots", given)


async def _pay(session: Session, action: dict[str, Any], about: dict[str, Any]) -> int:
    paid = {**about, "cash_per_share": action["cash_per_share"]}
    return await _lots(session, "pay_per_share", paid)


async def _check_payment(session: ReadSession, action: dict[str, Any]) -> None:
    cash: Decimal | None = action["cash_per_share"]
    if cash is None or cash <= 0:
        raise ActionError("it says no cash for a share")
    if action["currency"] is None:
        return
    asked = {name: action[name] for name in ("security_id", "ex_date", "currency")}
    other = await queries.find(session, "find_other_currency", **asked)
    if other is not None:
        raise ActionError(
            f"it pays {action['currency']} for a share that is held "
            f"in {other['currency']}; enter what it pays in {other['currency']}"
        )


async def _lots(session: Session, name: str, given: dict[str, Any]) -> int:
    return int((await queries.get(session, name, **given))["lots"])


def factor(action: dict[str, Any]) -> tuple[int, int]:
    """Return what a number of shares is multiplied and divided by; raises ActionError without.

    A stock dividend's ratio is what comes on top of a share, every other what it becomes.
    """
    numerator, denominator = action["ratio_num"], action["ratio_den"]
    if numerator is None or denominator is None:
        raise ActionError("it has no ratio")
    if action["kind"] == "stock_dividend":
        return denominator + numerator, denominator
    return numerator, denominator
