"""Corporate actions entered by hand: checked, previewed, written once for every programme.

What companies do to their shares is a fact of the world, so the operator of the installation enters
it; each programme's nightly job applies it to its own lots, and an owner may let it do so at once.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from myriad.kit.errors import ConflictError, NotFoundError
from myriad.kit.ids import new_id
from myriad.products.kamioi.money.actions import factor, find_worth, list_first_closes
from myriad.products.kamioi.money.arithmetic import minor_of, shares_of, units_of
from myriad.products.kamioi.money.errors import ActionError
from myriad.products.kamioi.repository import sql as queries
from myriad.scale.data import Database, ReadSession
from myriad.scale.directory import Principal
from myriad.scale.directory.audit import record_event
from myriad.scale.tenancy import acting_for

Kind = Literal[
    "split",
    "reverse_split",
    "stock_dividend",
    "cash_dividend",
    "spin_off",
    "merger",
    "rename",
    "worthless",
]
RATIO_KINDS = ("split", "reverse_split", "stock_dividend", "spin_off")
Ticker = Annotated[
    str, StringConstraints(strip_whitespace=True, to_upper=True, pattern=r"^[A-Za-z0-9.\-]{1,12}$")
]
_MOST = 1_000_000_000


class ActionEntry(BaseModel):
    """A corporate action as a person enters it.

    `ratio_num` for `ratio_den`: what one share becomes (2 for 1), and of a stock dividend what
    comes on top. `cash_per_share` is in the share's currency. Of a spin-off, and of a merger for
    shares, `new_ticker` is what holders get.
    """

    model_config = ConfigDict(extra="forbid")

    ticker: Ticker
    kind: Kind
    ex_date: date = Field(ge=date(1970, 1, 1), le=date(2100, 12, 31))
    ratio_num: int | None = Field(default=None, gt=0, le=_MOST)
    ratio_den: int | None = Field(default=None, gt=0, le=_MOST)
    cash_per_share: Decimal | None = Field(
        default=None, gt=0, lt=Decimal(10) ** 9, decimal_places=9
    )
    new_ticker: Ticker | None = None
    source: str = Field(min_length=3, max_length=300)


class Effect(BaseModel):
    """What an action would do to the lots of one programme.

    `qty_after` are shares of the same security; `new_qty` those of another; `cash_minor` is what is
    paid. All are zero where nothing is held. `waits_for` says which closes it needs that are not
    known yet; empty when it needs none.
    """

    security_id: UUID
    name: str
    lots: int
    members: int
    qty_before: Decimal
    qty_after: Decimal
    new_qty: Decimal
    cash_minor: int
    currency: str
    waits_for: str = ""


def check_entry(entry: ActionEntry) -> None:
    """Raise ActionError unless the entry has what its kind needs, saying what is missing."""
    has_ratio = entry.ratio_num is not None and entry.ratio_den is not None
    if (entry.ratio_num is None) != (entry.ratio_den is None):
        raise ActionError("a ratio has two numbers, as in 2 for 1; give both")
    if entry.kind in RATIO_KINDS and not has_ratio:
        raise ActionError(f"a {_said(entry.kind)} needs its ratio, as in 2 for 1")
    if entry.kind == "spin_off" and entry.new_ticker is None:
        raise ActionError("a spin-off needs the ticker of the new company")
    _check_direction(entry)
    _check_payment(entry, has_ratio=has_ratio)


def _check_direction(entry: ActionEntry) -> None:
    """Raise ActionError for a split that makes fewer shares, or a reverse one that makes more."""
    if entry.ratio_num is None or entry.ratio_den is None:
        return
    if entry.kind == "split" and entry.ratio_num <= entry.ratio_den:
        raise ActionError("a split makes more shares of fewer; for fewer enter a reverse split")
    if entry.kind == "reverse_split" and entry.ratio_num >= entry.ratio_den:
        raise ActionError("a reverse split makes fewer shares of more, as in 1 for 10")


def _check_payment(entry: ActionEntry, *, has_ratio: bool) -> None:
    if entry.kind == "cash_dividend" and entry.cash_per_share is None:
        raise ActionError("a cash dividend needs the cash for a share")
    if entry.kind != "merger":
        return
    if entry.new_ticker is None and entry.cash_per_share is None:
        raise ActionError("a merger pays cash for a share, a new ticker's shares, or both")
    if entry.new_ticker is not None and not has_ratio:
        raise ActionError("a merger for shares needs its ratio, as in 1 for 4")


async def preview(session: ReadSession, entry: ActionEntry) -> Effect:
    """Return what the action would do to the tenant's lots; writes nothing.

    Raises ActionError for an entry that lacks something, NotFoundError for an unknown ticker.
    """
    check_entry(entry)
    listed = await _listed(session, entry.ticker, entry.ex_date)
    held = await queries.get(
        session,
        "count_held_before",
        security_id=listed["security_id"],
        ex_date=entry.ex_date,
    )
    after, new, paid = _moved(entry, held["qty"])
    return Effect(
        security_id=listed["security_id"],
        name=listed["name"],
        lots=held["lots"],
        members=held["members"],
        qty_before=held["qty"],
        qty_after=after,
        new_qty=new,
        cash_minor=minor_of(paid, listed["currency"]),
        currency=listed["currency"],
        waits_for=await _awaited(session, entry, listed["security_id"]),
    )


async def _awaited(session: ReadSession, entry: ActionEntry, security_id: UUID) -> str:
    """Return which closes the action waits for."""
    is_both = entry.kind == "merger" and entry.cash_per_share is not None
    if entry.new_ticker is None or not (is_both or entry.kind == "spin_off"):
        return ""
    new_id = (await _listed(session, entry.new_ticker, entry.ex_date))["security_id"]
    if is_both:
        known = await find_worth(session, new_id, entry.ex_date) is not None
        wanted = f"a close of {entry.new_ticker} in the week before {entry.ex_date}"
    else:
        known = len(await list_first_closes(session, [security_id, new_id], entry.ex_date)) > 1
        wanted = f"closes of {entry.ticker} and {entry.new_ticker} in the week from {entry.ex_date}"
    return "" if known else wanted


def _moved(entry: ActionEntry, qty: Decimal) -> tuple[Decimal, Decimal, Decimal]:
    """Return the shares after, the shares of another company, and the cash in whole units."""
    nothing = Decimal(0)
    cash = qty * (entry.cash_per_share or nothing)
    if entry.kind == "worthless":
        return nothing, nothing, nothing
    if entry.kind in ("cash_dividend", "rename"):
        return qty, nothing, cash if entry.kind == "cash_dividend" else nothing
    if entry.ratio_num is None:
        return nothing, nothing, cash
    numerator, denominator = factor(entry.model_dump())
    made = shares_of(units_of(qty) * numerator // denominator)
    if entry.kind == "spin_off":
        return qty, made, nothing
    is_merger = entry.kind == "merger"
    return (nothing, made, cash) if is_merger else (made, nothing, nothing)


async def enter(database: Database, entry: ActionEntry, caller: Principal) -> UUID:
    """Write the action for all programmes and return its id; the caller is an operator.

    Raises ConflictError when that share has an action of that kind and day already, ActionError
    and NotFoundError as `preview`.
    """
    check_entry(entry)
    tenant_id = caller.tenant_id
    async with database.read_session(tenant_id) as reading:
        listed = await _listed(reading, entry.ticker, entry.ex_date)
        new = await _listed(reading, entry.new_ticker, entry.ex_date) if entry.new_ticker else None
    given = entry.model_dump(exclude={"ticker", "new_ticker"}) | {
        "id": new_id(),
        "security_id": listed["security_id"],
        "new_security_id": new["security_id"] if new else None,
        "currency": listed["currency"],
        "entered_by": caller.id,
    }
    async with database.crossing("a corporate action holds for every programme") as session:
        with acting_for(tenant_id):
            made = await queries.find(session, "enter_action", **given)
        if made is None:
            said = f"{entry.ticker} has a {_said(entry.kind)} on {entry.ex_date} already"
            raise ConflictError(f"{said}; it is listed below")
        record_event(
            session,
            tenant_id,
            "kamioi.action_entered",
            actor=caller,
            subject=f"corporate_action:{made['id']}",
            ticker=entry.ticker,
            kind=entry.kind,
            ex_date=entry.ex_date.isoformat(),
            source=entry.source,
        )
    identity: UUID = made["id"]
    return identity


async def _listed(session: ReadSession, ticker: str, day: date) -> queries.Row:
    found = await queries.fetch(session, "find_listed", ticker=ticker, day=day)
    if not found:
        message = f"no share stood under {ticker} on {day}; import the file of listings first"
        raise NotFoundError(message)
    return found[0]


def _said(kind: str) -> str:
    return kind.replace("_", " ")
