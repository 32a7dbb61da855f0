"""The adaptive rate: same behaviour shared and alone, and only the refused bucket slows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from secrets import token_hex

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.limits import AimdLimiter, AimdPolicy
from myriad.scale.runtime import cache_client

POLICY = AimdPolicy(start_rate=8, floor_rate=0.5, ceiling_rate=64, burst=4)


class Clock:
    """A clock that moves when told."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def cache(servers: ServerUrls) -> AsyncIterator[Redis]:
    client = cache_client(servers.cache_url)
    yield client
    await client.aclose()


@pytest.fixture
async def no_cache() -> AsyncIterator[Redis]:
    client = cache_client("redis://127.0.0.1:1/0")
    yield client
    await client.aclose()


STEPS = st.lists(
    st.tuples(st.sampled_from(["take", "refuse"]), st.floats(0, 90), st.floats(0, 5)), max_size=25
)


@given(steps=STEPS)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_redis_and_memory_do_the_same_arithmetic(
    cache: Redis, steps: list[tuple[str, float, float]]
) -> None:
    """Any history of takes and refusals gives the same waits and rates with Redis and without."""
    clock, key = Clock(), token_hex(8)
    shared, alone = (AimdLimiter(c, POLICY, clock=clock) for c in (cache, None))
    for command, elapsed, pause in steps:
        clock.now += elapsed
        if command == "take":
            answers = [await limiter.reserve(key, key + "b") for limiter in (shared, alone)]
        else:
            answers = [
                await limiter.refuse(key, pause_seconds=pause) for limiter in (shared, alone)
            ]
        assert answers[0] == pytest.approx(answers[1], rel=1e-9, abs=1e-6)


async def test_two_processes_share_one_rate(cache: Redis) -> None:
    """Tokens that one process took are missing for the other."""
    clock, key = Clock(), token_hex(8)
    one, other = (AimdLimiter(cache, POLICY, clock=clock) for _ in range(2))
    assert [await one.reserve(key) for _ in range(4)] == [0, 0, 0, 0]
    assert await other.reserve(key) == pytest.approx(1 / 8)


async def test_a_refusal_halves_the_rate_and_minutes_restore_it() -> None:
    """429 halves; ten per cent a minute brings it back."""
    clock = Clock()
    limiter = AimdLimiter(None, POLICY, clock=clock)
    assert await limiter.refuse("seller") == pytest.approx(4.0)
    clock.now += 7.3 * 60
    assert await limiter.refuse("seller") == pytest.approx(4.0, rel=0.01)


async def test_refusals_at_once_count_as_one() -> None:
    """Requests that were in flight together do not halve the rate again and again."""
    limiter = AimdLimiter(None, POLICY, clock=Clock())
    assert [await limiter.refuse("seller") for _ in range(5)] == [pytest.approx(4.0)] * 5


async def test_a_refusal_never_goes_below_the_floor() -> None:
    """A storm of refusals leaves the floor rate."""
    clock = Clock()
    limiter = AimdLimiter(None, POLICY, clock=clock)
    for _ in range(30):
        clock.now += 1.0
        rate = await limiter.refuse("seller")
    assert rate == pytest.approx(0.5)


async def test_429_storm_slows_only_that_seller(cache: Redis) -> None:
    """Refusals of one seller leave the next seller and the application at full speed."""
    clock, run = Clock(), token_hex(4)
    limiter = AimdLimiter(cache, POLICY, clock=clock)
    stormy, calm, application = f"{run}:stormy", f"{run}:calm", f"{run}:application"
    for _ in range(6):
        clock.now += 1.1
        await limiter.refuse(stormy, pause_seconds=3.0)
    assert await limiter.reserve(application, stormy) >= 3.0
    assert await limiter.reserve(application, calm) == 0.0


async def test_retry_after_is_obeyed() -> None:
    """Nobody calls before the time that the provider asked for."""
    clock = Clock()
    limiter = AimdLimiter(None, POLICY, clock=clock)
    await limiter.refuse("seller", pause_seconds=7.0)
    assert await limiter.reserve("seller") == pytest.approx(7.0)
    clock.now += 7.0
    assert await limiter.reserve("seller") == pytest.approx(0.0)


async def test_work_goes_on_while_redis_is_away(no_cache: Redis) -> None:
    """Without an answer from Redis each process limits itself."""
    limiter = AimdLimiter(no_cache, POLICY, clock=Clock())
    waits = [await limiter.reserve("seller") for _ in range(6)]
    assert waits == [0, 0, 0, 0, pytest.approx(1 / 8), pytest.approx(2 / 8)]
