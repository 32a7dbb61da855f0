"""Which broker a programme trades through, and the paper broker's closes and positions.

One broker for a programme, for good: simulated and real shares never stand in the same lots.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

import httpx

from myriad.products.kamioi.broker.alpaca import AlpacaSettings, open_alpaca
from myriad.products.kamioi.broker.market import market_day
from myriad.products.kamioi.broker.paper import PaperBroker
from myriad.products.kamioi.broker.port import Broker
from myriad.products.kamioi.money.actions import factor
from myriad.products.kamioi.money.arithmetic import shares_of, units_of
from myriad.products.kamioi.money.errors import LiveBrokerError
from myriad.products.kamioi.money.orders import list_orders
from myriad.products.kamioi.repository import sql as queries
from myriad.products.kamioi.settings import PAPER, KamioiSettings
from myriad.scale.data import ReadSession, Session
from myriad.scale.tenancy import TenantId

# A close older than this says nothing of today.
CLOSE_DAYS = 7
_OPEN = ["new", "sent", "part_filled"]
_TIMEOUT_SECONDS = 20.0


@asynccontextmanager
async def open_broker(
    settings: KamioiSettings, session: Session, tenant_id: TenantId, now: datetime
) -> AsyncIterator[Broker]:
    """Yield the programme's broker; raises LiveBrokerError when its shares are of another one."""
    name = settings.broker_of(tenant_id)
    await check_broker(session, name)
    if name == PAPER:
        yield await paper_for(session, now)
        return
    async with httpx.AsyncClient(timeout=_TIMEOUT_SECONDS) as http:
        yield open_alpaca(http, _alpaca(settings))


async def check_broker(session: ReadSession, name: str) -> None:
    """Raise LiveBrokerError when the programme has orders of another broker than `name`."""
    other = await queries.find(session, "find_other_broker", broker=name)
    if other is None:
        return
    kept = other["broker"]
    if kept == PAPER:
        message = (
            "this programme holds simulated shares, which real ones would stand beside; let real "
            "trading begin with a programme of its own, or unset alpaca_programme"
        )
        raise LiveBrokerError(message)
    message = (
        f"this programme's orders went to {kept}; switch it on again for it "
        "(alpaca_is_switched_on, alpaca_programme): nothing of it is simulated"
    )
    raise LiveBrokerError(message)


def _alpaca(settings: KamioiSettings) -> AlpacaSettings:
    return AlpacaSettings(
        base_url=settings.alpaca_base_url,
        key_id=settings.alpaca_key_id,
        secret_key=settings.alpaca_secret_key,
        is_switched_on=settings.alpaca_is_switched_on,
    )


async def paper_for(session: Session, now: datetime) -> PaperBroker:
    """Return the paper broker with the closes that the open orders need.

    It is of use while `session` is open; what it holds is worked out when it is asked for.
    """
    open_orders = await list_orders(session, _OPEN, now)
    tickers = {row["security_id"]: row["ticker"] for row in open_orders}
    rows = await queries.fetch(
        session, "list_closes", ids=list(tickers), day=market_day(now), days=CLOSE_DAYS
    )
    closes = {tickers[row["security_id"]]: row["close"] for row in rows}
    return PaperBroker(closes, find_held=partial(_held, session, market_day(now)))


async def _held(session: Session, day: date) -> dict[str, Decimal]:
    """Return what a broker that had executed all fills would hold, by ticker.

    Worked out from fills and actions alone, whatever stands in members' lots.
    """
    fills = await queries.fetch(session, "list_traded")
    actions = await queries.fetch(session, "list_applied")
    held = replay(
        [(row["security_id"], market_day(row["filled_at"]), units_of(row["qty"])) for row in fills],
        actions,
    )
    names = await queries.fetch(session, "list_tickers", ids=list(held), day=day)
    return {row["ticker"]: shares_of(held[row["security_id"]]) for row in names}


def replay(fills: list[tuple[UUID, date, int]], actions: list[dict[str, Any]]) -> dict[UUID, int]:
    """Return billionths by security after these fills and actions, in the order of their days."""
    held: dict[UUID, int] = defaultdict(int)
    waiting = deque(sorted(fills, key=lambda fill: fill[1]))
    for action in actions:
        while waiting and waiting[0][1] < action["ex_date"]:
            security_id, _, units = waiting.popleft()
            held[security_id] += units
        _act(held, action)
    for security_id, _, units in waiting:
        held[security_id] += units
    return {security_id: units for security_id, units in held.items() if units}


def _act(held: dict[UUID, int], action: dict[str, Any]) -> None:
    old, new = action["security_id"], action["new_security_id"]
    kind = action["kind"]
    if kind == "cash_dividend" or (kind == "rename" and new is None):
        return
    units = held[old]
    if kind in ("split", "reverse_split", "stock_dividend"):
        numerator, denominator = factor(action)
        held[old] = units * numerator // denominator
        return
    if kind != "spin_off":
        held[old] = 0
    if new is not None:
        numerator, denominator = factor(action) if action["ratio_num"] is not None else (1, 1)
        held[new] += units * numerator // denominator
