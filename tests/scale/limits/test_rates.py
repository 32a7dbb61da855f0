"""Request rates: exact over several keys, fair over the edge of a window, never a reason to fail."""

from __future__ import annotations

from collections.abc import AsyncIterator
from secrets import token_hex

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.limits.rates import Rate, RateLimitedError, RateLimiter, Window
from tests.scale.limits.racing import race
from tests.scale.limits.test_aimd import Clock, no_cache

__all__ = ["no_cache"]

MIDNIGHT = 1_767_225_600.0


@pytest.fixture
async def broker(servers: ServerUrls) -> AsyncIterator[Redis]:
    client = Redis.from_url(servers.broker_url, protocol=2)
    yield client
    await client.aclose()


async def admitted(limiter: RateLimiter, rates: list[Rate], requests: int) -> int:
    count = 0
    for _ in range(requests):
        try:
            await limiter.hit(rates)
        except RateLimitedError:
            continue
        count += 1
    return count


def test_four_processes_racing_for_a_thousand_admit_exactly_a_thousand(
    servers: ServerUrls,
) -> None:
    """No process overruns the rate and none of it is lost."""
    got = race("rate", servers, token_hex(8), 1000, 400)
    assert sum(got) == 1000
    assert all(count > 0 for count in got)


async def test_the_edge_of_a_window_admits_no_second_helping(broker: Redis) -> None:
    """A hundred late in one window leave none early in the next, as the anchor asks."""
    clock, rates = Clock(MIDNIGHT + 1.9), [Rate("test", token_hex(8), 100, 2)]
    limiter = RateLimiter(broker, clock=clock)
    late = await admitted(limiter, rates, 100)
    clock.now += 0.11
    early = await admitted(limiter, rates, 100)
    assert (late, early) == (100, 0)


async def test_a_request_counts_under_all_its_rates_or_none(broker: Redis) -> None:
    """What one limit refuses costs nothing of the others."""
    clock, key = Clock(MIDNIGHT), token_hex(8)
    limiter = RateLimiter(broker, clock=clock)
    tenant, loud = Rate("tenant", f"{key}:t", 10), Rate("key", f"{key}:loud", 3)
    assert await admitted(limiter, [loud, tenant], 50) == 3
    assert await admitted(limiter, [Rate("key", f"{key}:calm", 9), tenant], 50) == 7


async def test_the_answer_tells_what_is_left_and_when(broker: Redis) -> None:
    """Remaining falls by one a request; the refused one learns when another may come."""
    clock, rates = Clock(MIDNIGHT), [Rate("test", token_hex(8), 2, 60)]
    limiter = RateLimiter(broker, clock=clock)
    left = [(await limiter.hit(rates))[0].remaining for _ in range(2)]
    clock.now += 15
    with pytest.raises(RateLimitedError) as refused:
        await limiter.hit(rates)
    assert left == [1, 0]
    assert refused.value.retry_after_seconds == pytest.approx(75, abs=0.01)


@given(before=st.integers(0, 500), count=st.integers(0, 200), gone=st.floats(0, 0.999))
def test_after_the_wait_one_more_may_come(before: int, count: int, gone: float) -> None:
    """The wait that a refusal names is enough, and almost none is needed when there is room."""
    limit = 100
    window = Window(before, min(count, limit), gone)
    later = gone + window.wait_share(limit) + 1e-6
    moved = (
        Window(window.before, window.count, later)
        if later < 1
        else Window(window.count, 0, later - 1)
    )
    assert moved.remaining(limit) > 0 or later >= 2


@given(pauses=st.lists(st.floats(0, 30), min_size=20, max_size=60))
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_no_span_admits_twice_the_limit(broker: Redis, pauses: list[float]) -> None:
    """However requests are spread, a span of the clock holds at most the limit."""
    clock, rates = Clock(MIDNIGHT), [Rate("test", token_hex(8), 5, 60)]
    limiter, spans = RateLimiter(broker, clock=clock), dict[int, int]()
    for pause in pauses:
        clock.now += pause
        span = int(clock.now // 60)
        spans[span] = spans.get(span, 0) + await admitted(limiter, rates, 3)
    assert max(spans.values()) <= 5


async def test_without_redis_memory_counts_its_share(no_cache: Redis) -> None:
    """Four processes that cannot see each other admit the limit together and fail nobody."""
    rates = [Rate("test", "key", 40, 3600)]
    alone = [RateLimiter(no_cache, workers=4) for _ in range(4)]
    assert [await admitted(limiter, rates, 20) for limiter in alone] == [10] * 4
