"""The client against the simulator's quirks and faults."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from myriad.kit.clock import utc_now
from myriad.products.keeper.square.client import Span
from myriad.products.keeper.square.errors import (
    CursorExpiredError,
    PlanMissingError,
    RateLimitedError,
    RepeatedCursorError,
    SquareAnswerError,
    SquareUnavailableError,
    TokenRevokedError,
)
from myriad.products.keeper.square.pages import Json, iter_pages
from myriad.products.keeper.square.simulator.purchases import purchases_seller
from myriad.products.keeper.square.simulator.spa import spa_seller
from myriad.products.keeper.square.simulator.world import World
from myriad.products.keeper.square.wire import caught_items
from myriad.scale.limits import Breaker, CircuitOpenError, Patience
from tests.products.keeper.square.conftest import RunningSquare, client_of, limiter, running_square

ALWAYS = Span(datetime(1990, 1, 1, tzinfo=UTC), utc_now() + timedelta(days=30))


@pytest.fixture
def square() -> Iterator[RunningSquare]:
    """A spa of a few hundred payments whose pages are often short or empty."""
    world = World()
    world.add(spa_seller(seed=3, customers=40, now=utc_now()))
    with running_square(world) as running:
        yield running


@pytest.fixture
def old_shop(purchase_log: Path) -> Iterator[RunningSquare]:
    """A seller whose sales are of 1997 and 1998."""
    world = World()
    world.add(purchases_seller(purchase_log))
    with running_square(world) as running:
        yield running


async def gather(pages) -> list[Json]:  # type: ignore[no-untyped-def]
    return [item async for page in pages for item in page.items]


async def test_short_and_empty_pages_do_not_end_a_list(square: RunningSquare) -> None:
    """Every payment comes exactly once although pages are short, empty, and one is the last."""
    location = square.world.first.main_location_id
    async with client_of(square) as client:
        pages = iter_pages(lambda cursor: client.payments(location, ALWAYS, cursor))
        found = await gather(pages)
        times = [payment["created_at"] for payment in found]
        customers = await gather(iter_pages(client.customers))
    now = square.simulator.now()
    tables = square.world.first.tables
    visible = {r.id for r in tables["payment"].records.values() if r.visible_at <= now}
    assert sorted(p["id"] for p in found) == sorted(visible)
    assert all(one >= other for one, other in pairwise(times)), "newest first"
    assert sorted(c["id"] for c in customers) == sorted(tables["customer"].records)


async def test_old_sales_are_found_only_with_explicit_times(old_shop: RunningSquare) -> None:
    """Square's default hides what is older than a year; the client always names the times."""
    location = old_shop.world.first.main_location_id
    async with client_of(old_shop) as client:
        page = await client.payments(location, ALWAYS)
        await client.sdk.payments.list(request_options={"max_retries": 0})
        hidden = caught_items()
    assert len(page.items) + (page.cursor is not None) >= 1
    assert hidden == []


async def test_orders_team_timecards_refunds_and_bookings_are_read(square: RunningSquare) -> None:
    """Each list gives what the simulator holds."""
    seller = square.world.first
    locations, now = [seller.main_location_id], utc_now()
    window = Span(now - timedelta(days=31), now)
    async with client_of(square) as client:
        orders = await gather(iter_pages(lambda c: client.orders(locations, ALWAYS, c)))
        team = await gather(iter_pages(client.team_members))
        cards = await gather(iter_pages(lambda c: client.timecards(ALWAYS, c)))
        refunds = await gather(iter_pages(lambda c: client.refunds(locations[0], ALWAYS, c)))
        bookings = await gather(iter_pages(lambda c: client.bookings(window, c)))
        assert (await client.merchant())["id"] == seller.merchant_id
        assert [place["id"] for place in await client.locations()] == locations
    moment = square.simulator.now()
    orders_there = sum(r.visible_at <= moment for r in seller.tables["order"].records.values())
    assert len(orders) == orders_there
    assert len(team) == 6
    assert len(cards) == len(seller.tables["timecard"].records)
    assert len(refunds) == len(seller.tables["refund"].records)
    assert all(window.begin <= datetime.fromisoformat(b["start_at"]) <= now for b in bookings)


async def test_changes_are_found_by_updated_at(square: RunningSquare) -> None:
    """An increment sees a changed customer and a late offline sale, and nothing else."""
    before = utc_now()
    seller = square.world.first
    customer_id = next(iter(seller.tables["customer"].records))
    square.control("update", {"kind": "customer", "id": customer_id, "given_name": "Renamed"})
    sold = (before - timedelta(hours=50)).isoformat()
    late = square.control("payments", {"amount": 777, "created_at": sold})["payment"]
    span = Span(before, utc_now() + timedelta(minutes=1), "updated_at")
    async with client_of(square) as client:
        changed = await gather(iter_pages(lambda c: client.changed_customers(span, c)))
        location = seller.main_location_id
        paid = await gather(iter_pages(lambda c: client.payments(location, span, c)))
    assert [(c["id"], c["given_name"]) for c in changed] == [(customer_id, "Renamed")]
    assert late["id"] in [p["id"] for p in paid]


async def test_page_with_repeated_cursor_aborts_after_2(square: RunningSquare) -> None:
    """A list that goes in circles is left after two repeats."""
    square.control("faults", {"repeat_cursor": True})
    location = square.world.first.main_location_id
    asked = 0
    async with client_of(square) as client:

        async def fetch(cursor: str | None):  # type: ignore[no-untyped-def]
            nonlocal asked
            asked += 1
            return await client.payments(location, ALWAYS, cursor)

        with pytest.raises(RepeatedCursorError):
            await gather(iter_pages(fetch))
    assert asked <= 4


async def test_token_revoked_is_told_apart(square: RunningSquare) -> None:
    """A withdrawn permission is not an outage."""
    async with client_of(square) as client:
        await client.locations()
        square.control("faults", {"revoke": True})
        with pytest.raises(TokenRevokedError):
            await client.locations()


async def test_missing_plan_and_missing_scope_are_told_apart(square: RunningSquare) -> None:
    """403 on bookings is a plan that lacks them; a free plan shows none."""
    now = utc_now()
    window = Span(now - timedelta(days=31), now)
    async with client_of(square) as client:
        square.control("plan", {"plan": "refused"})
        with pytest.raises(PlanMissingError):
            await client.bookings(window)
        square.control("plan", {"plan": "free"})
        assert await gather(iter_pages(lambda c: client.bookings(window, c))) == []
    token = square.token(scopes=("MERCHANT_PROFILE_READ",))
    async with client_of(square, token=token) as client:
        with pytest.raises(PlanMissingError, match="CUSTOMERS_READ"):
            await client.customers()


async def test_faults_are_ridden_out(square: RunningSquare) -> None:
    """A list is complete although a third of the requests fail."""
    square.control("faults", {"rate_500": 0.5, "seed": 1})
    async with client_of(square, patience=Patience(12, 0.001, 0.01)) as client:
        found = await gather(iter_pages(client.customers))
    assert len(found) == len(square.world.first.tables["customer"].records)
    assert square.simulator.weather.counts["faults_500"] >= 1


async def test_a_429_pauses_for_as_long_as_square_asks(square: RunningSquare) -> None:
    """The request is sent again after Retry-After, at half the rate."""
    square.control("faults", {"rate_429": 1.0, "retry_after_seconds": 30})
    mine = limiter()
    async with client_of(square, limiter=mine) as client:
        with pytest.raises(RateLimitedError) as refusal:
            await client.locations()
        square.control("faults", {})
        with pytest.raises(RateLimitedError, match="not over"):
            await client.locations()
    assert refusal.value.retry_after_seconds == 30
    assert await mine.reserve(f"square:seller:{square.world.first.merchant_id}") > 29


async def test_429_storm_only_that_seller_slows(purchase_log: Path) -> None:
    """While one seller is refused again and again, another is read at once."""
    world = World()
    stormy = world.add(spa_seller(seed=3, customers=10, now=utc_now()))
    calm = world.add(purchases_seller(purchase_log))
    shared = limiter()
    with running_square(world) as square:
        faults = {"rate_429": 1.0, "only_merchant": stormy.merchant_id, "retry_after_seconds": 60}
        square.control("faults", faults)
        async with client_of(square, limiter=shared, merchant_id=stormy.merchant_id) as client:
            with pytest.raises(RateLimitedError):
                await client.locations()
        started = utc_now()
        async with client_of(square, limiter=shared, merchant_id=calm.merchant_id) as client:
            assert len(await client.locations()) == 1
        assert utc_now() - started < timedelta(seconds=5)


async def test_the_unpublished_limit_is_found(square: RunningSquare) -> None:
    """Too many requests at once are refused with Retry-After and ridden out."""
    with running_square(square.world, seller_rate=20, seller_burst=3) as tight:
        async with client_of(tight) as client:
            for _ in range(6):
                await client.locations()
    assert tight.simulator.weather.counts["limited"] >= 1


async def test_expired_and_foreign_cursors_are_told(square: RunningSquare) -> None:
    """A cursor that is too old, or of another query, asks for a fresh start."""
    location = square.world.first.main_location_id
    with running_square(square.world, cursor_life_seconds=0.0, empty_pages=0.0) as forgetful:
        async with client_of(forgetful) as client:
            first = await client.payments(location, ALWAYS)
            with pytest.raises(CursorExpiredError):
                await client.payments(location, ALWAYS, first.cursor)
    async with client_of(square) as client:
        cursor = None
        while cursor is None:
            cursor = (await client.payments(location, ALWAYS)).cursor
        other = Span(ALWAYS.begin, ALWAYS.end - timedelta(days=1))
        with pytest.raises(CursorExpiredError):
            await client.payments(location, other, cursor)


async def test_square_away_opens_the_breaker(square: RunningSquare) -> None:
    """A server that is gone is reported as such, and soon no longer called."""
    breaker = Breaker(None)
    options = {"breaker": breaker, "patience": Patience(30, 0.0001, 0.0002)}
    async with client_of(square, **options) as client:
        square.control("faults", {"rate_500": 1.0})
        with pytest.raises((CircuitOpenError, SquareUnavailableError)):
            await client.locations()
        with pytest.raises(CircuitOpenError):
            await client.locations()


async def test_a_booking_window_over_31_days_is_refused(square: RunningSquare) -> None:
    """The simulator keeps Square's rule, so the engine must walk windows."""
    now = utc_now()
    async with client_of(square) as client:
        with pytest.raises(SquareAnswerError, match="31 days"):
            await client.bookings(Span(now - timedelta(days=32), now))
