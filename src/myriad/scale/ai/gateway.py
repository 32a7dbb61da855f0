"""The one way to ask a model: `Gateway.ask`, `.ask_items` and `.stream`.

What was answered before is answered from the cache; the same question asked twice at once, here or
in another process, is asked once; the rest goes down the ladder.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Self

from redis.asyncio import Redis

from myriad.scale.ai.answers import AnswerStore
from myriad.scale.ai.calling import Caller
from myriad.scale.ai.catalog import Catalog, catalog_on
from myriad.scale.ai.flights import Asked, Flights
from myriad.scale.ai.items import ItemsAnswer, ItemsRequest, answer_items
from myriad.scale.ai.keys import question_digest
from myriad.scale.ai.ladder import Ladder
from myriad.scale.ai.ledger import Ledger
from myriad.scale.ai.providers import Providers
from myriad.scale.ai.request import AIAnswer, AIRequest
from myriad.scale.ai.settings import AISettings
from myriad.scale.ai.streams import AnswerStream, Streaming, restored
from myriad.scale.limits import Breaker, BreakerPolicy, ProviderBudget
from myriad.scale.runtime import MissingSettingsError, Runtime, cache_client
from myriad.scale.tenancy import TenantId

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
        self._flights = Flights(answers, self._climb)
        self._warming: asyncio.Task[None] | None = None

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
        broker, ledger = cache_client(runtime.broker_url), Ledger(runtime.database)
        workers = settings.expected_processes
        return cls(
            settings,
            answers=AnswerStore(runtime.caches),
            breaker=Breaker(runtime.cache, _BREAKER),
            budget=ProviderBudget(broker, workers=workers, recall=ledger.spent_from),
            ledger=ledger,
            broker=broker,
        )

    def start_warming(self) -> None:
        """Load the providers' libraries beside what this process does, where one is configured.

        Nobody's first question then waits for them.
        """
        if self.providers.configured and self._warming is None:
            self._warming = asyncio.create_task(self.warm())

    async def warm(self) -> None:
        """Return when the libraries of every model that may be asked here are loaded."""
        catalog = self.catalog()
        for rung in self.ladder.rungs(catalog, list(catalog.classes)[-1]):
            await self.providers.prepare(rung.key)

    def catalog(self) -> Catalog:
        """Return the table of models that is in force now."""
        return self._catalog or catalog_on(datetime.now(UTC).date())

    async def ask(self, request: AIRequest) -> AIAnswer:
        """Return an answer, the best there is within cost and deadline.

        Raises NoAnswerError when every rung fails and the task has no offline handler,
        UnknownModelClassError, IdempotencyMismatchError.
        """
        asked = self._asked(request)
        if request.idempotency_key is not None:
            key = hashlib.sha256(f"{request.task}\n{request.idempotency_key}".encode()).hexdigest()
            return await self._flights.answer_once(asked, key)
        return await self._flights.answer(await self._flights.look_up(asked))

    def _asked(self, request: AIRequest) -> Asked:
        catalog = self.catalog()
        model_class = catalog.class_of(request.complexity, request.model_class)
        return Asked(request, model_class, catalog, question_digest(request, model_class))

    async def _climb(self, asked: Asked) -> AIAnswer:
        return await self.ladder.answer(asked.request, asked.model_class, asked.catalog, asked.kept)

    async def ask_items(self, request: ItemsRequest) -> ItemsAnswer:
        """Return a code for each item; see `items`."""
        return await answer_items(self, self._answers, request)

    @asynccontextmanager
    async def stream(self, request: AIRequest) -> AsyncIterator[AnswerStream]:
        """Open an answer that comes piece by piece; text only, without a schema.

        The iteration raises StreamBrokenError when the answer breaks off after its first piece.
        """
        asked = await self._flights.look_up(self._asked(request))
        if asked.is_fresh:
            assert asked.kept is not None
            answer, pieces = restored(request, asked.kept)
            stream = AnswerStream(_each(pieces))
            stream.answer = answer
            yield stream
            return
        opened = self._streaming.open(request, asked.model_class, asked.catalog, asked.kept)
        async with opened as stream:
            yield stream
        if stream.answer is not None:
            await self._flights.keep(asked, stream.answer)

    async def spent_from(self, tenant_id: TenantId, purse: str) -> int:
        """Return what the calls of an undertaking have spent of its purse, in micro-dollars."""
        return await self._ledger.spent_from(tenant_id, purse)

    async def close(self) -> None:
        """Finish what is under way and close connections."""
        if self._warming is not None:
            self._warming.cancel()
            await asyncio.gather(self._warming, return_exceptions=True)
        await self._flights.close()
        await self._ledger.close()
        await self.providers.close()
        if self._broker is not None:
            await self._broker.aclose()


async def _each(pieces: list[str]) -> AsyncIterator[str]:
    for piece in pieces:
        yield piece
