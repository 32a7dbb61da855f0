"""A member's holdings over HTTP: portfolio, lots, statements, and events as they come."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from myriad.products.kamioi.holding import portfolio as holding
from myriad.products.kamioi.holding.asking import beginning, whose
from myriad.products.kamioi.holding.portfolio import get_portfolio, list_lots
from myriad.products.kamioi.holding.statements import MonthFigures, list_months
from myriad.products.kamioi.notification.streaming import NotificationEvents
from myriad.products.kamioi.people import NO_PART, CurrentMember
from myriad.scale.http import (
    EventSourceResponse,
    OwnPageRequest,
    OwnReader,
    Page,
    Router,
    ServerSentEvent,
    json_answer,
)

router = Router(responses=dict(NO_PART))
_TOO_MANY: dict[int | str, dict[str, Any]] = {
    429: {"description": "The caller has too many streams open."}
}


class PositionRead(BaseModel):
    """Shares of one security; `close` is the last one known, null before any.

    `close_source` says who told it: `simulated` is invented, and no market paid it.
    """

    model_config = ConfigDict(from_attributes=True)

    security_id: UUID
    ticker: str
    name: str
    status: str
    qty: Decimal
    cost_minor: int
    value_minor: int
    gain_minor: int
    currency: str
    lots: int
    since: date
    close: Decimal | None
    closed_on: date | None
    close_source: str | None


class PortfolioRead(BaseModel):
    """A member's shares and cash as of a day.

    Returns are fractions over the span: `time_weighted` links the days, `money_weighted` counts when
    money came and `xirr` is the same as a yearly rate, from a year on. The last two only if asked.
    """

    as_of: date
    currency: str
    value_minor: int
    cost_minor: int
    gain_minor: int
    cash_minor: int
    about_to_buy_minor: int
    paid_minor: int
    time_weighted: float | None
    money_weighted: float | None
    xirr: float | None
    positions: list[PositionRead]


class LotRead(BaseModel):
    """One purchase of a share, as corporate actions left it."""

    id: UUID
    security_id: UUID
    ticker: str
    name: str
    opened_on: date
    closed_on: date | None
    qty: Decimal
    cost_minor: int
    currency: str
    price: Decimal | None
    is_bought: bool


class MonthRead(BaseModel):
    """What a month moved; its page is /kamioi/statements/<month as 2026-11>."""

    model_config = ConfigDict(from_attributes=True)

    month: date
    rounded_minor: int
    pulled_minor: int
    bought_minor: int
    paid_minor: int
    fees_minor: int
    cash_minor: int


class MonthsRead(BaseModel):
    """All statements, the last month first."""

    currency: str
    items: list[MonthRead]


@router.get("/portfolio")
async def portfolio(
    member: CurrentMember,
    reader: OwnReader,
    span: Literal["30", "90", "365", "all"] = "all",
    xirr: bool = False,
) -> PortfolioRead:
    """Return what the member owns; `xirr` works the return out by when money came as well."""
    mine = whose(member)
    view = await get_portfolio(reader, mine, since=beginning(span, mine.day), with_xirr=xirr)
    return _read(view)


def _read(view: holding.Portfolio) -> PortfolioRead:
    return PortfolioRead(
        as_of=view.day,
        currency=view.currency,
        value_minor=view.value_minor,
        cost_minor=view.cost_minor,
        gain_minor=view.gain_minor,
        cash_minor=view.cash.cash_minor,
        about_to_buy_minor=view.cash.earmarked_minor + view.cash.ordered_minor,
        paid_minor=view.paid_minor,
        time_weighted=view.performance.time_weighted,
        money_weighted=view.performance.money_weighted,
        xirr=view.performance.yearly,
        positions=[PositionRead.model_validate(one) for one in view.positions],
    )


@router.get("/lots", response_model=Page[LotRead])
async def lots(
    member: CurrentMember,
    reader: OwnReader,
    paging: OwnPageRequest,
    security_id: UUID | None = None,
) -> Response:
    """Return the member's lots, the last opened first."""
    rows = await list_lots(reader, whose(member), paging, security_id)
    cursor = paging.next_cursor(rows, lambda one: (one.opened_on, one.id))
    answer = json_answer({"items": rows[: paging.limit], "next_cursor": cursor})
    paging.link_next(answer, cursor)
    return answer


@router.get("/statements")
async def statements(member: CurrentMember, reader: OwnReader) -> MonthsRead:
    """Return the months in which the member's money moved."""
    months: list[MonthFigures] = await list_months(reader, whose(member))
    items = [MonthRead.model_validate(one) for one in months]
    return MonthsRead(currency=member.currency, items=items)


@router.get("/events", response_class=EventSourceResponse, responses=_TOO_MANY)
async def watch(events: NotificationEvents) -> AsyncIterator[ServerSentEvent]:
    """Stream the member's notifications: `alerts` is what is unread, `alert` a new one."""
    async for event in events:
        yield event
