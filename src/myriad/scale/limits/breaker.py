"""A circuit breaker for each dependency: decided here at once, shared through Redis.

Each process counts its own calls in a rolling window. What it decides is published to Redis and
read there at most once a second; of all processes one sends the probe. Without Redis every
process decides alone.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum

from redis.asyncio import Redis
from redis.exceptions import RedisError

from myriad.kit.errors import UnavailableError
from myriad.scale.observe.logs import get_logger

_log = get_logger(__name__)
_PREFIX = "cb:v1:"
_READ_EVERY_SECONDS = 1.0
_AWAY_SECONDS = 5.0


class Outcome(Enum):
    """How a call to the dependency ended."""

    SUCCESS = "success"
    FAILURE = "failure"
    TIMEOUT = "timeout"


class CircuitOpenError(UnavailableError):
    """The dependency fails too often to be called now; `retry_after_seconds` says when to ask."""

    code = "circuit_open"

    def __init__(self, dependency: str, retry_after_seconds: float) -> None:
        super().__init__(f"{dependency} is not answering; trying again later")
        self.dependency = dependency
        self.retry_after_seconds = retry_after_seconds


@dataclass(frozen=True)
class BreakerPolicy:
    """When to stop calling and when to ask again.

    Opens at `failure_share` of at least `least_calls` in `window_seconds`, or after
    `timeouts_in_a_row`; asks again after `open_seconds`.
    """

    window_seconds: float = 30.0
    failure_share: float = 0.5
    least_calls: int = 20
    timeouts_in_a_row: int = 5
    open_seconds: float = 15.0
    probe_seconds: float = 10.0


@dataclass
class _Circuit:
    calls: deque[tuple[float, bool]] = field(default_factory=deque)
    failures: int = 0
    timeouts: int = 0
    open_until: float = 0.0
    is_half_open: bool = False
    probe_until: float = 0.0
    read_at: float = float("-inf")


class Breaker:
    """Guards calls to many dependencies by key. `clock` gives seconds, for tests."""

    def __init__(
        self,
        cache: Redis | None,
        policy: BreakerPolicy | None = None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.policy = policy or BreakerPolicy()
        self._cache = cache
        self._clock = clock
        self._circuits: dict[str, _Circuit] = {}
        self._away_until = 0.0

    @asynccontextmanager
    async def guard(
        self,
        key: str,
        *,
        failures: tuple[type[BaseException], ...] = (Exception,),
        timeouts: tuple[type[BaseException], ...] = (TimeoutError,),
    ) -> AsyncIterator[None]:
        """Run a call; raises CircuitOpenError without running it while the circuit is open.

        Exceptions of neither kind count as success: the dependency answered.
        """
        await self.admit(key)
        outcome = Outcome.SUCCESS
        try:
            yield
        except timeouts:
            outcome = Outcome.TIMEOUT
            raise
        except failures:
            outcome = Outcome.FAILURE
            raise
        finally:
            await self.record(key, outcome)

    async def admit(self, key: str) -> None:
        """Return when a call may go out, or raise CircuitOpenError."""
        circuit = self._circuits.setdefault(key, _Circuit())
        await self._read(key, circuit)
        now = self._clock()
        if now < circuit.open_until:
            raise CircuitOpenError(key, circuit.open_until - now)
        if circuit.is_half_open and not await self._take_probe(key, circuit, now):
            raise CircuitOpenError(key, self.policy.probe_seconds)

    async def record(self, key: str, outcome: Outcome) -> None:
        """Count how a call ended; may open or close the circuit."""
        circuit = self._circuits.setdefault(key, _Circuit())
        now = self._clock()
        if circuit.is_half_open and now >= circuit.open_until:
            await self._conclude_probe(key, circuit, outcome, now)
            return
        self._count(circuit, outcome, now)
        if now >= circuit.open_until and self._is_broken(circuit):
            await self._open(key, circuit, now)

    def is_open(self, key: str) -> bool:
        """Whether this process would refuse a call now, as far as it knows."""
        circuit = self._circuits.get(key)
        return circuit is not None and self._clock() < circuit.open_until

    def _count(self, circuit: _Circuit, outcome: Outcome, now: float) -> None:
        failed = outcome is not Outcome.SUCCESS
        circuit.calls.append((now, failed))
        circuit.failures += failed
        circuit.timeouts = circuit.timeouts + 1 if outcome is Outcome.TIMEOUT else 0
        while circuit.calls and circuit.calls[0][0] < now - self.policy.window_seconds:
            circuit.failures -= circuit.calls.popleft()[1]

    def _is_broken(self, circuit: _Circuit) -> bool:
        policy, count = self.policy, len(circuit.calls)
        if circuit.timeouts >= policy.timeouts_in_a_row:
            return True
        return count >= policy.least_calls and circuit.failures >= policy.failure_share * count

    async def _open(self, key: str, circuit: _Circuit, now: float) -> None:
        circuit.open_until = now + self.policy.open_seconds
        circuit.is_half_open = True
        circuit.calls.clear()
        circuit.failures = circuit.timeouts = 0
        _log.warning("circuit_opened", dependency=key)
        await self._publish(key, circuit.open_until)

    async def _conclude_probe(
        self, key: str, circuit: _Circuit, outcome: Outcome, now: float
    ) -> None:
        if outcome is not Outcome.SUCCESS:
            await self._open(key, circuit, now)
            return
        circuit.is_half_open = False
        circuit.probe_until = 0.0
        _log.info("circuit_closed", dependency=key)
        await self._publish(key, None)

    async def _take_probe(self, key: str, circuit: _Circuit, now: float) -> bool:
        if now < circuit.probe_until:
            return False
        circuit.probe_until = now + self.policy.probe_seconds
        if not self._is_cache_there():
            return True
        assert self._cache is not None
        milliseconds = int(self.policy.probe_seconds * 1000)
        try:
            taken = await self._cache.set(f"{_PREFIX}{key}:probe", "1", nx=True, px=milliseconds)
        except (RedisError, OSError, TimeoutError) as error:
            self._leave(error)
            return True
        return bool(taken)

    async def _read(self, key: str, circuit: _Circuit) -> None:
        now = self._clock()
        if now - circuit.read_at < _READ_EVERY_SECONDS or not self._is_cache_there():
            return
        circuit.read_at = now
        assert self._cache is not None
        try:
            shared = await self._cache.get(_PREFIX + key)
        except (RedisError, OSError, TimeoutError) as error:
            self._leave(error)
            return
        if shared is None:
            self._forget(circuit, now)
        elif float(shared) > circuit.open_until:
            circuit.open_until = float(shared)
            circuit.is_half_open = True

    def _forget(self, circuit: _Circuit, now: float) -> None:
        # Another process's probe succeeded and took the shared mark away.
        if circuit.is_half_open and now >= circuit.open_until:
            circuit.is_half_open = False
            circuit.probe_until = 0.0

    async def _publish(self, key: str, open_until: float | None) -> None:
        if not self._is_cache_there():
            return
        assert self._cache is not None
        keep = int(self.policy.open_seconds + self.policy.window_seconds)
        try:
            if open_until is None:
                await self._cache.delete(_PREFIX + key, f"{_PREFIX}{key}:probe")
            else:
                await self._cache.delete(f"{_PREFIX}{key}:probe")
                await self._cache.set(_PREFIX + key, repr(open_until), ex=keep)
        except (RedisError, OSError, TimeoutError) as error:
            self._leave(error)

    def _is_cache_there(self) -> bool:
        return self._cache is not None and time.monotonic() >= self._away_until

    def _leave(self, error: Exception) -> None:
        self._away_until = time.monotonic() + _AWAY_SECONDS
        _log.warning("breaker_cache_away", error=type(error).__name__)
