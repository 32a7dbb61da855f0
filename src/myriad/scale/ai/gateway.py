"""The one way to ask a model: `Gateway.ask`, `.ask_items` and `.stream`.

What was answered before is answered from the cache; the same question asked twice at once is asked
once; the rest goes down the ladder.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Self

from redis.asyncio import Redis

from myriad.scale.ai import measures
from myriad.scale.ai.answers import AnswerStore, RedisAnswers, StoredAnswer
from myriad.scale.ai.calling import Caller
from myriad.scale.ai.catalog import Catalog, catalog_on
from myriad.scale.ai.errors import IdempotencyMismatchError
from myriad.scale.ai.items import ItemsAnswer, ItemsRequest, answer_items
from myriad.scale.ai.keys import question_digest
from myriad.scale.ai.ladder import Ladder, restore
from myriad.scale.ai.ledger import Ledger
from myriad.scale.ai.offline import OFFLINE
from myriad.scale.ai.providers import Providers
from myriad.scale.ai.request import DAY_SECONDS, AIAnswer, AIRequest
from myriad.scale.ai.settings import AISettings
from myriad.scale.ai.streams import AnswerStream, Streaming, restored
from myriad.scale.limits import Breaker, BreakerPolicy, ProviderBudget
from myriad.scale.runtime import MissingSettingsError, Runtime, cache_client

_BREAKER = BreakerPolicy(
    window_seconds=60.0, failure_share=0.5, least_calls=5, timeouts_in_a_row=3, open_seconds=15.0
)


class Gateway:
    """One for each process; belongs to the event loop that first uses it."""

    def __init__(
        self,
        settings: AISettings,
        *,
        answers: AnswerStore,
        breaker: Breaker,
        budget: ProviderBudget,
        ledger: Ledger,
        broker: Redis | None = None,
        catalog: Catalog | None = None,
    ) -> None:
        self.settings = settings
        self.providers = Providers(settings)
        self.caller = Caller(self.providers, breaker, budget, ledger, settings)
        self.ladder = Ladder(self.caller, settings.compatible_model)
        self._answers = answers
        self._ledger = ledger
        self._broker = broker
        self._catalog = catalog
        self._streaming = Streaming(self.caller, self.ladder)
        self._flights: dict[tuple[object, str], asyncio.Task[AIAnswer]] = {}

    @classmethod
    def of(cls, runtime: Runtime) -> Self:
        """Return this process's gateway, made at the first use and closed with the runtime."""
        return runtime.database.shared(cls, lambda: cls._make(runtime))

    @classmethod
    def _make(cls, runtime: Runtime) -> Self:
        try:
            settings = runtime.settings_of(AISettings)
        except MissingSettingsError:
            settings = AISettings()
        # The broker's Redis never evicts; what a tenant has spent must not be forgotten.
        broker = cache_client(runtime.broker_url)
        return cls(
            settings,
            answers=RedisAnswers(runtime.cache),
            breaker=Breaker(runtime.cache, _BREAKER),
            budget=ProviderBudget(broker, workers=settings.expected_processes),
            ledger=Ledger(runtime.database),
            broker=broker,
        )

    def catalog(self) -> Catalog:
        """Return the table of models that is in force now."""
        return self._catalog or catalog_on(datetime.now(UTC).date())

    async def ask(self, request: AIRequest) -> AIAnswer:
        """Return an answer, the best there is within cost and deadline.

        Raises NoAnswerError when every rung fails and the task has no offline handler,
        UnknownModelClassError, IdempotencyMismatchError.
        """
        catalog = self.catalog()
        model_class = catalog.class_of(request.complexity, request.model_class)
        digest = question_digest(request, model_class)
        if request.idempotency_key is not None:
            return await self._ask_once(request, model_class, catalog, digest)
        stored = await self._find(request, digest)
        if stored is not None and _is_fresh(request, stored):
            return _hit(request, stored)
        return await self._share_flight(request, model_class, catalog, digest, stored)

    async def ask_items(self, request: ItemsRequest) -> ItemsAnswer:
        """Return a code for each item; see `items`."""
        return await answer_items(self, self._answers, request)

    @asynccontextmanager
    async def stream(self, request: AIRequest) -> AsyncIterator[AnswerStream]:
        """Open an answer that comes piece by piece; text only, without a schema.

        The iteration raises StreamBrokenError when the answer breaks off after its first piece.
        """
        catalog = self.catalog()
        model_class = catalog.class_of(request.complexity, request.model_class)
        digest = question_digest(request, model_class)
        stored = await self._find(request, digest)
        if stored is not None and _is_fresh(request, stored):
            answer, pieces = restored(request, stored)
            stream = AnswerStream(_each(pieces))
            stream.answer = answer
            yield stream
            return
        async with self._streaming.open(request, model_class, catalog, stored) as stream:
            yield stream
        if stream.answer is not None:
            await self._keep(request, model_class, digest, stream.answer)

    async def _find(self, request: AIRequest, digest: str) -> StoredAnswer | None:
        policy = request.cache
        if not (policy.read or policy.write):
            return None
        found = (await self._answers.find(request.tenant_id, [digest]))[0]
        if found is None:
            return None
        return found if found.question == digest else None

    async def _share_flight(
        self,
        request: AIRequest,
        model_class: str,
        catalog: Catalog,
        digest: str,
        stale: StoredAnswer | None,
    ) -> AIAnswer:
        if not request.cache.read:
            return await self._climb(request, model_class, catalog, digest, stale)
        flight = (request.tenant_id, digest)
        task = self._flights.get(flight)
        if task is None:
            task = asyncio.create_task(self._climb(request, model_class, catalog, digest, stale))
            self._flights[flight] = task
            task.add_done_callback(lambda _: self._flights.pop(flight, None))
        # Whoever leaves does not take the answer from the others, nor from the cache.
        return await asyncio.shield(task)

    async def _climb(
        self,
        request: AIRequest,
        model_class: str,
        catalog: Catalog,
        digest: str,
        stale: StoredAnswer | None,
    ) -> AIAnswer:
        answer = await self.ladder.answer(request, model_class, catalog, stale)
        await self._keep(request, model_class, digest, answer)
        return answer

    async def _keep(
        self, request: AIRequest, model_class: str, digest: str, answer: AIAnswer
    ) -> None:
        """Keep an answer that is as good as was asked for, whichever provider gave it."""
        is_best = answer.provider != OFFLINE and answer.model_class == model_class
        if request.cache.write and is_best and not (answer.is_cached or answer.is_cut):
            stored = StoredAnswer.of(digest, answer, time.time())
            seconds = request.cache.fresh_seconds + request.cache.stale_seconds
            await self._answers.keep(request.tenant_id, [(digest, stored)], seconds)

    async def _ask_once(
        self, request: AIRequest, model_class: str, catalog: Catalog, digest: str
    ) -> AIAnswer:
        """Answer a keyed question once a day, however often it is asked, whoever answered."""
        key = hashlib.sha256(f"{request.task}\n{request.idempotency_key}".encode()).hexdigest()
        name = f"once:{key}"
        found = (await self._answers.find(request.tenant_id, [name]))[0]
        if found is not None:
            if found.question != digest:
                raise IdempotencyMismatchError(
                    "this idempotency key was used for another question; use a new one"
                )
            return _hit(request, found)
        answer = await self._climb(request, model_class, catalog, digest, None)
        stored = StoredAnswer.of(digest, answer, time.time())
        await self._answers.keep(request.tenant_id, [(name, stored)], DAY_SECONDS)
        return answer

    async def close(self) -> None:
        """Finish what is under way and close connections."""
        for task in list(self._flights.values()):
            task.cancel()
        await asyncio.gather(*self._flights.values(), return_exceptions=True)
        await self._ledger.close()
        await self.providers.close()
        if self._broker is not None:
            await self._broker.aclose()


def _is_fresh(request: AIRequest, stored: StoredAnswer) -> bool:
    return request.cache.read and time.time() - stored.stored_at < request.cache.fresh_seconds


def _hit(request: AIRequest, stored: StoredAnswer) -> AIAnswer:
    measures.ANSWERS.labels(request.product, stored.model_class, "cache").inc()
    return restore(request, stored)


async def _each(pieces: list[str]) -> AsyncIterator[str]:
    for piece in pieces:
        yield piece
