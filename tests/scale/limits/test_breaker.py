"""The breaker: opens on evidence, one probe for everybody, works without Redis."""

from __future__ import annotations

from secrets import token_hex

import pytest
from redis.asyncio import Redis

from myriad.scale.limits import Breaker, BreakerPolicy, CircuitOpenError, Outcome
from tests.scale.limits.test_aimd import Clock, cache, no_cache

__all__ = ["cache", "no_cache"]

POLICY = BreakerPolicy(open_seconds=10, probe_seconds=5)


async def fail(breaker: Breaker, key: str, times: int, outcome: Outcome = Outcome.FAILURE) -> None:
    for _ in range(times):
        await breaker.admit(key)
        await breaker.record(key, outcome)


async def test_opens_at_half_failures_of_twenty_calls() -> None:
    """Nineteen failures say little; the twentieth call decides."""
    breaker, key = Breaker(None, POLICY, clock=Clock()), token_hex(4)
    await fail(breaker, key, 10, Outcome.SUCCESS)
    await fail(breaker, key, 9)
    assert not breaker.is_open(key)
    await fail(breaker, key, 1)
    with pytest.raises(CircuitOpenError) as refusal:
        await breaker.admit(key)
    assert refusal.value.retry_after_seconds == pytest.approx(10)


async def test_five_timeouts_in_a_row_open_it() -> None:
    """A dependency that hangs is left alone sooner than one that errs."""
    breaker = Breaker(None, POLICY, clock=Clock())
    await fail(breaker, "a", 5, Outcome.TIMEOUT)
    assert breaker.is_open("a")
    assert not breaker.is_open("b")


async def test_old_failures_are_forgotten() -> None:
    """Failures older than the window do not count."""
    clock = Clock()
    breaker = Breaker(None, POLICY, clock=clock)
    await fail(breaker, "a", 19)
    clock.now += 31
    await fail(breaker, "a", 5)
    assert not breaker.is_open("a")


@pytest.mark.parametrize(
    ("outcome", "is_open"), [(Outcome.SUCCESS, False), (Outcome.FAILURE, True)]
)
async def test_the_probe_decides(outcome: Outcome, is_open: bool) -> None:
    """After the pause one call goes out; its end closes the circuit or opens it again."""
    clock = Clock()
    breaker = Breaker(None, POLICY, clock=clock)
    await fail(breaker, "a", 5, Outcome.TIMEOUT)
    clock.now += 10.1
    await breaker.admit("a")
    with pytest.raises(CircuitOpenError):
        await breaker.admit("a")
    await breaker.record("a", outcome)
    assert breaker.is_open("a") is is_open


async def test_an_open_circuit_is_shared(cache: Redis) -> None:
    """What one process learned the other knows within a second; one of them sends the probe."""
    clock, key = Clock(), token_hex(8)
    one, other = (Breaker(cache, POLICY, clock=clock) for _ in range(2))
    await fail(one, key, 5, Outcome.TIMEOUT)
    with pytest.raises(CircuitOpenError):
        await other.admit(key)
    clock.now += 11
    await other.admit(key)
    with pytest.raises(CircuitOpenError):
        await one.admit(key)
    await other.record(key, Outcome.SUCCESS)
    clock.now += 5.1
    await one.admit(key)


async def test_decides_alone_while_redis_is_away(no_cache: Redis) -> None:
    """Without Redis the breaker still opens and probes."""
    clock = Clock()
    breaker = Breaker(no_cache, POLICY, clock=clock)
    await fail(breaker, "a", 5, Outcome.TIMEOUT)
    assert breaker.is_open("a")
    clock.now += 11
    await breaker.admit("a")


async def test_guard_counts_what_the_caller_names() -> None:
    """An exception of another kind means that the dependency answered."""
    breaker = Breaker(None, POLICY, clock=Clock())
    for _ in range(30):
        with pytest.raises(KeyError):
            async with breaker.guard("a", failures=(ConnectionError,)):
                raise KeyError("absent")
    assert not breaker.is_open("a")
    for _ in range(30):
        with pytest.raises((ConnectionError, CircuitOpenError)):
            async with breaker.guard("a", failures=(ConnectionError,)):
                raise ConnectionError
    assert breaker.is_open("a")
