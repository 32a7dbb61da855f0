"""Answers that were given before, by the question's digest, each in its tenant's own drawer."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from myriad.scale.ai.request import AIAnswer
from myriad.scale.observe.logs import get_logger
from myriad.scale.tenancy import TenantId

_log = get_logger(__name__)
_PREFIX = "ai:v1:"
_AWAY_SECONDS = 5.0


class StoredAnswer(msgspec.Struct, frozen=True, array_like=True):
    """An answer as it is kept; `stored_at` in epoch seconds. `question` is its digest."""

    question: str
    text: str
    provider: str
    model: str
    model_class: str
    price_version: str
    stored_at: float

    @classmethod
    def of(cls, question: str, answer: AIAnswer, now: float) -> StoredAnswer:
        """Return what is kept of an answer."""
        return cls(
            question,
            answer.text,
            answer.provider,
            answer.model,
            answer.model_class,
            answer.price_version,
            now,
        )


class AnswerStore(Protocol):
    """Keeps answers for a while; loses them rather than waits."""

    async def find(self, tenant_id: TenantId, names: Sequence[str]) -> list[StoredAnswer | None]:
        """Return what is kept under each name."""

    async def keep(
        self, tenant_id: TenantId, answers: Sequence[tuple[str, StoredAnswer]], seconds: int
    ) -> None:
        """Keep each answer under its name for that long."""


class RedisAnswers:
    """Answers in the Redis of caches. Away means that questions are asked anew."""

    def __init__(self, redis: Redis, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._redis = redis
        self._clock = clock
        self._away_until = 0.0
        self._decoder = msgspec.msgpack.Decoder(StoredAnswer)
        self._encoder = msgspec.msgpack.Encoder()

    async def find(self, tenant_id: TenantId, names: Sequence[str]) -> list[StoredAnswer | None]:
        """Return what is kept under each name; None for each while Redis does not answer."""
        nothing: list[StoredAnswer | None] = [None] * len(names)
        if not names or self._clock() < self._away_until:
            return nothing
        try:
            raw = await self._redis.mget([f"{_PREFIX}{tenant_id}:{name}" for name in names])
        except (RedisError, OSError, TimeoutError) as error:
            self._leave(error)
            return nothing
        return [self._decode(item) for item in raw]

    def _decode(self, raw: bytes | None) -> StoredAnswer | None:
        if raw is None:
            return None
        try:
            return self._decoder.decode(raw)
        except msgspec.DecodeError:
            return None

    async def keep(
        self, tenant_id: TenantId, answers: Sequence[tuple[str, StoredAnswer]], seconds: int
    ) -> None:
        """Keep each answer under its name for that long."""
        if not answers or seconds <= 0 or self._clock() < self._away_until:
            return
        try:
            async with self._redis.pipeline(transaction=False) as pipeline:
                for name, answer in answers:
                    key = f"{_PREFIX}{tenant_id}:{name}"
                    pipeline.set(key, self._encoder.encode(answer), ex=seconds)
                await pipeline.execute()
        except (RedisError, OSError, TimeoutError) as error:
            self._leave(error)

    def _leave(self, error: Exception) -> None:
        self._away_until = self._clock() + _AWAY_SECONDS
        _log.warning("ai_answers_away", error=type(error).__name__)


class MemoryAnswers:
    """Answers in this process alone, for tools and benches that have no Redis."""

    def __init__(self) -> None:
        self._kept: dict[tuple[TenantId, str], StoredAnswer] = {}

    async def find(self, tenant_id: TenantId, names: Sequence[str]) -> list[StoredAnswer | None]:
        """Return what is kept under each name."""
        return [self._kept.get((tenant_id, name)) for name in names]

    async def keep(
        self, tenant_id: TenantId, answers: Sequence[tuple[str, StoredAnswer]], seconds: int
    ) -> None:
        """Keep each answer; ages are the reader's business."""
        if seconds > 0:
            self._kept.update({(tenant_id, name): answer for name, answer in answers})
