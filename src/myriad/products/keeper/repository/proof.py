"""What calls bring: who was assigned to which arm, what became of them, and the Proof screen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from myriad.kit.money import Money
from myriad.products.keeper.proof.assignment import (
    WINDOW_DAYS,
    Allocation,
    Arm,
    Assignment,
    Block,
)
from myriad.products.keeper.proof.saving import ArmTotals, Effect, measure_effect, money_saved
from myriad.products.keeper.repository.accounts import AccountFacts, get_account
from myriad.products.keeper.repository.network_calls import POOLED_DAYS
from myriad.products.keeper.repository.playbooks import find_peers, peer_rows, playbook_rows
from myriad.products.keeper.repository.sql import (
    Row,
    execute,
    execute_rows,
    fetch,
    fetch_all,
    find,
    get,
)
from myriad.products.keeper.views.proof import (
    ArmCard,
    MoneyBounds,
    ProofMonth,
    ProofView,
    Saved,
    ShareBounds,
)
from myriad.scale.data import ReadSession, Session
from myriad.scale.directory.audit import record_event
from myriad.scale.directory.principal import Principal
from myriad.scale.tenancy import current_tenant

SETTLE_DAYS = 7
"""Days after a horizon on which late sales still change what was measured."""

RECENT_DAYS = 28


async def find_allocation(session: Session) -> Allocation | None:
    """Return what sends people to arms, where it stands; None when the group is switched off."""
    await execute(session, "open_control_group")
    return allocation_of(
        await fetch_all(session, {"get_control_group": {}, "assignment_blocks": {}})
    )


def allocation_of(found: Mapping[str, Sequence[Row]]) -> Allocation | None:
    """Return the same from the rows of "get_control_group" and "assignment_blocks"."""
    (group,) = found["get_control_group"]
    if not group["is_on"]:
        return None
    blocks = {
        row["stratum"]: Block(row["people"], row["controls"]) for row in found["assignment_blocks"]
    }
    return Allocation(group["salt"], blocks)


async def store_assignments(session: Session, entries: Iterable[Assignment]) -> None:
    """Keep who went to which arm."""
    rows = [asdict(entry) for entry in entries]
    if rows:
        await execute_rows(session, "store_assignments", rows)


async def measure_assignments(session: Session, day: date, reach: date) -> int:
    """Measure everybody whose horizon lies behind `reach`, from what is known on `day`.

    Repeated for a week after the horizon, because sales made offline arrive late. The caller has
    laid down what is known (`history.know_until`).
    """
    return await execute(
        session, "measure_assignments", day=day, reach=reach, settle_days=SETTLE_DAYS
    )


async def switch_control_group(session: Session, is_on: bool, caller: Principal) -> None:
    """Switch the control group on or off; raises NoAccountError.

    When it is switched off everybody may be called from now on, so people whose window still runs
    are left out of every comparison, in both arms.
    """
    account = await get_account(session)
    await execute(session, "open_control_group")
    if not await execute(session, "switch_control_group", is_on=is_on, changed_by=str(caller.id)):
        return
    if not is_on:
        await execute(session, "stop_assignments", day=account.day)
    record_event(session, current_tenant(), "keeper.control_group", actor=caller, is_on=is_on)


def asked_of_saved(first: date, last: date) -> dict[str, dict[str, Any]]:
    """Return the queries that `saved_of` reads."""
    return {
        "effect_totals": {**_year_up_to(last), "since": first},
        "waiting_assignments": {"day": last},
        "get_control_group": {},
    }


def saved_of(
    found: Mapping[str, Sequence[Row]], account: AccountFacts, first: date, last: date
) -> Saved | None:
    """Return what calls saved among people whose horizon came in a period; None before any entry.

    `found` are the rows of `asked_of_saved`. The effect of one call is pooled over the year up to
    `last`.
    """
    rows, group = found["effect_totals"], found["get_control_group"]
    if not rows and not found["waiting_assignments"][0]["first_on"]:
        return None
    effect = measure_effect(*_arms(rows))
    recent = sum(row["recent"] for row in rows if row["arm"] == "call")
    is_on = effect.money is not None or not group or bool(group[0]["is_on"])
    return _saved(effect, recent, account.currency, first, last, is_on)


def recent_days(account: AccountFacts) -> tuple[date, date]:
    """Return the first and the last of the account's last 28 days."""
    return account.day - timedelta(days=RECENT_DAYS - 1), account.day


async def get_proof(session: ReadSession) -> ProofView:
    """Return what calls brought against the people not called; raises NoAccountError."""
    account = await get_account(session)
    first = account.day - timedelta(days=POOLED_DAYS - 1)
    rows = await _totals(session, account.day, since=first)
    waiting = await get(session, "waiting_assignments", day=account.day)
    group = await find(session, "get_control_group")
    is_on = group is None or group["is_on"]
    called, held_out = _arms(rows)
    effect = measure_effect(called, held_out)
    joined, peers = await find_peers(session, account.vertical)
    return ProofView(
        business_date=account.business_date,
        currency=account.currency,
        is_on=is_on,
        changed_at=group["changed_at"] if group else None,
        horizon_days=WINDOW_DAYS,
        saved=_saved(effect, called.people, account.currency, first, account.day, is_on),
        arms=(_arm_card("call", called, account), _arm_card("control", held_out, account)),
        rate=ShareBounds.of(effect.rate) if effect.rate else None,
        money=_per_call(effect, account.currency),
        months=_months(rows, effect, account.currency),
        playbooks=playbook_rows(rows, peers, measured=effect.rate is not None),
        joined=joined,
        peers=peer_rows(peers),
        waiting_called=waiting["called"],
        waiting_held_out=waiting["held_out"],
        next_result_on=waiting["next_on"],
    )


async def _totals(session: ReadSession, last: date, *, since: date) -> list[Row]:
    return await fetch(session, "effect_totals", **_year_up_to(last), since=since)


def _year_up_to(last: date) -> dict[str, date]:
    return {"first": last - timedelta(days=POOLED_DAYS - 1), "last": last}


def _arms(rows: Sequence[Row]) -> tuple[ArmTotals, ArmTotals]:
    return _sum(rows, "call"), _sum(rows, "control")


def _sum(rows: Sequence[Row], arm: Arm) -> ArmTotals:
    own = [row for row in rows if row["arm"] == arm]
    names = ("people", "returned", "net", "net_squares")
    return ArmTotals(**{name: int(sum(row[name] for row in own)) for name in names})


def _saved(
    effect: Effect, people: int, currency: str, first: date, last: date, is_on: bool
) -> Saved:
    amounts = money_saved(effect, people)
    money = MoneyBounds(*(Money(minor, currency) for minor in amounts)) if amounts else None
    return Saved(
        verdict="off" if not is_on and amounts is None else effect.verdict,
        people=people,
        first=first,
        last=last,
        money=money,
        people_needed=effect.people_needed,
    )


def _per_call(effect: Effect, currency: str) -> MoneyBounds | None:
    amounts = money_saved(effect, 1)
    return MoneyBounds(*(Money(minor, currency) for minor in amounts)) if amounts else None


def _arm_card(arm: Arm, totals: ArmTotals, account: AccountFacts) -> ArmCard:
    return ArmCard(
        arm=arm,
        people=totals.people,
        returned=totals.returned,
        share=ShareBounds.of_count(totals.returned, totals.people),
        net_per_person=Money(
            round(totals.net / totals.people) if totals.people else 0, account.currency
        ),
    )


def _months(rows: Sequence[Row], effect: Effect, currency: str) -> tuple[ProofMonth, ...]:
    months = sorted({row["month"] for row in rows}, reverse=True)
    return tuple(_month(month, rows, effect, currency) for month in months)


def _month(month: date, rows: Sequence[Row], effect: Effect, currency: str) -> ProofMonth:
    called, held_out = _arms([row for row in rows if row["month"] == month])
    amounts = money_saved(effect, called.people)
    return ProofMonth(
        month=month,
        called=called.people,
        called_returned=called.returned,
        held_out=held_out.people,
        held_out_returned=held_out.returned,
        money=MoneyBounds(*(Money(minor, currency) for minor in amounts)) if amounts else None,
    )


def saved_json(saved: Saved | None) -> dict[str, Any] | None:
    """Return what calls saved as plain JSON for a stored report."""
    if saved is None:
        return None
    money = saved.money
    return {
        "verdict": saved.verdict,
        "people": saved.people,
        "first": saved.first.isoformat(),
        "last": saved.last.isoformat(),
        "amount": money.estimate.minor if money else None,
        "low": money.low.minor if money else None,
        "high": money.high.minor if money else None,
        "people_needed": saved.people_needed,
    }


def saved_from(numbers: dict[str, Any] | None, currency: str) -> Saved | None:
    """Return what a stored report says that calls saved; None in reports made before."""
    if not numbers:
        return None
    amounts = [numbers[name] for name in ("amount", "low", "high")]
    money = None if None in amounts else MoneyBounds(*(Money(m, currency) for m in amounts))
    return Saved(
        verdict=numbers["verdict"],
        people=numbers["people"],
        first=date.fromisoformat(numbers["first"]),
        last=date.fromisoformat(numbers["last"]),
        money=money,
        people_needed=numbers["people_needed"],
    )
