"""What Keeper reads from Square, one page at a time, through the official SDK. Nothing is written.

Every list names its times, locations and order explicitly: Square's defaults hide data older
than a year and every location but the main one. Objects are returned as Square sent them, so
that unknown fields and enum values survive.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from square import AsyncSquare

from myriad.products.keeper.square.pages import Json, Page
from myriad.products.keeper.square.policy import SQUARE
from myriad.products.keeper.square.transport import OPTIONS, Transport
from myriad.products.keeper.square.wire import RawClient, caught_items
from myriad.scale.limits import AimdLimiter, Asking, Breaker, Patience, connection_options

PAGE = 100
ORDER_PAGE = 500
LABOR_PAGE = 200
ORDER_LOCATIONS = 10
TIMEOUT_SECONDS = 30.0
_PATIENCE = Patience(attempts=6, first_wait_seconds=0.25)

Field = Literal["created_at", "updated_at"]


@dataclass(frozen=True)
class Span:
    """Times from `begin` up to `end`, taken on the field `by`."""

    begin: datetime
    end: datetime
    by: Field = "created_at"


def rfc3339(moment: datetime) -> str:
    """Return the moment in UTC as Square reads it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True)
class SquareClient:
    """Reads one seller. Methods raise the errors of `square.errors`."""

    sdk: AsyncSquare
    transport: Transport

    async def merchant(self) -> Json:
        """Return the merchant that the token belongs to."""
        answer = await self.transport.call(
            lambda: self.sdk.merchants.get("me", request_options=OPTIONS)
        )
        assert answer.merchant is not None
        merchant: Json = answer.merchant.model_dump(mode="json", exclude_none=True)
        return merchant

    async def locations(self) -> list[Json]:
        """Return every location, closed ones too."""
        await self.transport.call(lambda: self.sdk.locations.list(request_options=OPTIONS))
        return caught_items()

    async def customers(self, cursor: str | None = None) -> Page:
        """Return a page of every profile, newest first."""
        pager = await self.transport.call(
            lambda: self.sdk.customers.list(
                cursor=cursor,
                limit=PAGE,
                sort_field="CREATED_AT",
                sort_order="DESC",
                request_options=OPTIONS,
            )
        )
        return _page(pager.response.cursor)

    async def changed_customers(self, span: Span, cursor: str | None = None) -> Page:
        """Return a page of profiles changed within the span."""
        query: Any = {
            "filter": {"updated_at": _range(span)},
            "sort": {"field": "CREATED_AT", "order": "ASC"},
        }
        answer = await self.transport.call(
            lambda: self.sdk.customers.search(
                limit=PAGE, query=query, **_going_on(cursor), request_options=OPTIONS
            )
        )
        return _page(answer.cursor)

    async def payments(self, location_id: str, span: Span, cursor: str | None = None) -> Page:
        """Return a page of one location's payments, newest first."""
        pager = await self.transport.call(
            lambda: self.sdk.payments.list(
                location_id=location_id,
                cursor=cursor,
                limit=PAGE,
                sort_order="DESC",
                **_money_span(span),
                request_options=OPTIONS,
            )
        )
        return _page(pager.response.cursor)

    async def refunds(self, location_id: str, span: Span, cursor: str | None = None) -> Page:
        """Return a page of one location's refunds, newest first."""
        pager = await self.transport.call(
            lambda: self.sdk.refunds.list(
                location_id=location_id,
                cursor=cursor,
                limit=PAGE,
                sort_order="DESC",
                **_money_span(span),
                request_options=OPTIONS,
            )
        )
        return _page(pager.response.cursor)

    async def orders(
        self, location_ids: Sequence[str], span: Span, cursor: str | None = None
    ) -> Page:
        """Return a page of orders of at most ten locations, newest first."""
        query: Any = {
            "filter": {"date_time_filter": {span.by: _range(span)}},
            "sort": {"sort_field": span.by.upper(), "sort_order": "DESC"},
        }
        answer = await self.transport.call(
            lambda: self.sdk.orders.search(
                location_ids=list(location_ids),
                limit=ORDER_PAGE,
                query=query,
                return_entries=False,
                **_going_on(cursor),
                request_options=OPTIONS,
            )
        )
        return _page(answer.cursor)

    async def bookings(self, span: Span, cursor: str | None = None) -> Page:
        """Return a page of bookings that start within the span of at most 31 days."""
        pager = await self.transport.call(
            lambda: self.sdk.bookings.list(
                start_at_min=rfc3339(span.begin),
                start_at_max=rfc3339(span.end),
                limit=PAGE,
                cursor=cursor,
                request_options=OPTIONS,
            )
        )
        return _page(pager.response.cursor)

    async def team_members(self, cursor: str | None = None) -> Page:
        """Return a page of team members, former ones too."""
        answer = await self.transport.call(
            lambda: self.sdk.team_members.search(
                limit=LABOR_PAGE, **_going_on(cursor), request_options=OPTIONS
            )
        )
        return _page(answer.cursor)

    async def timecards(self, span: Span, cursor: str | None = None) -> Page:
        """Return a page of timecards that start within the span, newest first."""
        query: Any = {
            "filter": {"start": _range(span)},
            "sort": {"field": "START_AT", "order": "DESC"},
        }
        answer = await self.transport.call(
            lambda: self.sdk.labor.search_timecards(
                query=query, limit=LABOR_PAGE, **_going_on(cursor), request_options=OPTIONS
            )
        )
        return _page(answer.cursor)


def _page(cursor: str | None) -> Page:
    return Page(caught_items(), cursor or None)


def _range(span: Span) -> Json:
    return {"start_at": rfc3339(span.begin), "end_at": rfc3339(span.end)}


def _going_on(cursor: str | None) -> Any:
    # The SDK would send a null cursor; Square wants none at all on the first page.
    return {} if cursor is None else {"cursor": cursor}


def _money_span(span: Span) -> Any:
    if span.by == "updated_at":
        return {
            "begin_time": rfc3339(datetime(1970, 1, 1, tzinfo=UTC)),
            "updated_at_begin_time": rfc3339(span.begin),
            "updated_at_end_time": rfc3339(span.end),
            "sort_field": "UPDATED_AT",
        }
    return {
        "begin_time": rfc3339(span.begin),
        "end_time": rfc3339(span.end),
        "sort_field": "CREATED_AT",
    }


@asynccontextmanager
async def open_client(
    *,
    base_url: str,
    version: str,
    token: str,
    merchant_id: str,
    limiter: AimdLimiter,
    breaker: Breaker,
    patience: Patience | None = None,
) -> AsyncIterator[SquareClient]:
    """Open a client for one seller and close its connections at the end."""
    async with RawClient(timeout=TIMEOUT_SECONDS, **connection_options(base_url)) as http:
        sdk = AsyncSquare(base_url=base_url, token=token, version=version, httpx_client=http)
        seller = f"square:seller:{merchant_id}"
        asking = Asking(SQUARE, seller, limiter, breaker, patience or _PATIENCE)
        yield SquareClient(sdk, Transport(asking))
