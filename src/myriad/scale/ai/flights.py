"""One asking of a question at a time: in this process, and of all processes together."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from myriad.scale.ai import measures
from myriad.scale.ai.answers import AnswerStore, StoredAnswer
from myriad.scale.ai.catalog import Catalog
from myriad.scale.ai.errors import IdempotencyMismatchError
from myriad.scale.ai.ladder import restore
from myriad.scale.ai.offline import OFFLINE
from myriad.scale.ai.request import DAY_SECONDS, AIAnswer, AIRequest
from myriad.scale.ai.tickets import LEAST_SECONDS
from myriad.scale.cache import How


@dataclass(frozen=True, slots=True)
class Asked:
    """A question on its way, and what was kept of it when it was looked up."""

    request: AIRequest
    model_class: str
    catalog: Catalog
    digest: str
    kept: StoredAnswer | None = None
    generation: str = ""

    @property
    def is_fresh(self) -> bool:
        """Whether what is kept may be given out as it is."""
        policy, kept = self.request.cache, self.kept
        if kept is None or not policy.read:
            return False
        return time.time() - kept.stored_at < policy.fresh_seconds


Climb = Callable[[Asked], Awaitable[AIAnswer]]


class Flights:
    """Shares answers under way, and keeps those that are as good as was asked for."""

    def __init__(self, answers: AnswerStore, climb: Climb) -> None:
        self._answers = answers
        self._climb = climb
        self._flights: dict[tuple[object, str], asyncio.Task[AIAnswer]] = {}

    async def look_up(self, asked: Asked) -> Asked:
        """Return the question with what is kept of it."""
        policy = asked.request.cache
        if not (policy.read or policy.write):
            return asked
        found = await self._answers.questions.find(asked.request.tenant_id, [asked.digest])
        kept = found.values[0]
        if kept is not None and kept.question != asked.digest:
            kept = None
        return replace(asked, kept=kept, generation=found.generation)

    async def answer(self, asked: Asked) -> AIAnswer:
        """Return the answer of the one who asks it now; whoever reads nothing asks for itself."""
        if asked.is_fresh:
            assert asked.kept is not None
            self._answers.questions.count(How.SHARED)
            return hit(asked.request, asked.kept)
        if not asked.request.cache.read:
            return await self._make(asked)
        flight = (asked.request.tenant_id, asked.digest)
        task = self._flights.get(flight)
        if task is None:
            task = asyncio.create_task(self._answer_among_processes(asked))
            self._flights[flight] = task
            task.add_done_callback(lambda _: self._flights.pop(flight, None))
        else:
            self._answers.questions.count(How.JOINED)
        # Whoever leaves does not take the answer from the others, nor from the cache.
        return await asyncio.shield(task)

    async def _answer_among_processes(self, asked: Asked) -> AIAnswer:
        request, began = asked.request, time.monotonic()
        if not request.cache.write:
            # Nobody else would find the answer, so nobody need wait for it.
            return await self._make(asked)
        before = asked.kept.stored_at if asked.kept is not None else 0.0
        turn = self._answers.questions.turn(
            request.tenant_id,
            asked.generation,
            asked.digest,
            request.deadline_seconds,
            lambda news: news.stored_at > before,
        )
        async with turn as other:
            if other is not None and other.question == asked.digest:
                self._answers.questions.count(How.JOINED)
                return hit(request, other)
            return await self._make(_later(asked, time.monotonic() - began))

    async def _make(self, asked: Asked) -> AIAnswer:
        answer = await self._climb(asked)
        stale = answer.is_cached
        self._answers.questions.count(How.STALE if stale else How.MISS)
        await self.keep(asked, answer)
        return answer

    async def keep(self, asked: Asked, answer: AIAnswer) -> None:
        """Keep an answer that is as good as was asked for, whichever provider gave it."""
        policy = asked.request.cache
        is_best = answer.provider != OFFLINE and answer.model_class == asked.model_class
        if policy.write and is_best and not (answer.is_cached or answer.is_cut):
            stored = StoredAnswer.of(asked.digest, answer, time.time())
            await self._answers.questions.keep(
                asked.request.tenant_id,
                asked.generation,
                [(asked.digest, stored)],
                policy.fresh_seconds + policy.stale_seconds,
            )

    async def answer_once(self, asked: Asked, name: str) -> AIAnswer:
        """Answer a keyed question once a day, however often it is asked, whoever answered."""
        request, began, shelf = asked.request, time.monotonic(), self._answers.keyed
        found = await shelf.find(request.tenant_id, [name])
        if found.values[0] is not None:
            return _checked_hit(asked, found.values[0])
        turn = shelf.turn(
            request.tenant_id, found.generation, name, request.deadline_seconds, lambda _: True
        )
        async with turn as other:
            if other is None:
                # The one before may have ended between our look and our turn.
                other = (await shelf.find(request.tenant_id, [name])).values[0]
            if other is not None:
                return _checked_hit(asked, other)
            asked = await self.look_up(_later(asked, time.monotonic() - began))
            answer = await self._climb(replace(asked, kept=None))
            await self.keep(asked, answer)
            stored = StoredAnswer.of(asked.digest, answer, time.time())
            named = [(name, stored)]
            await shelf.keep(request.tenant_id, found.generation, named, DAY_SECONDS)
            return answer

    async def close(self) -> None:
        """Give up what is under way."""
        for task in list(self._flights.values()):
            task.cancel()
        await asyncio.gather(*self._flights.values(), return_exceptions=True)


def hit(request: AIRequest, stored: StoredAnswer) -> AIAnswer:
    """Return a kept answer, counted."""
    measures.ANSWERS.labels(request.product, stored.model_class, "cache").inc()
    return restore(request, stored)


def _checked_hit(asked: Asked, stored: StoredAnswer) -> AIAnswer:
    if stored.question != asked.digest:
        raise IdempotencyMismatchError(
            "this idempotency key was used for another question; use a new one"
        )
    return hit(asked.request, stored)


def _later(asked: Asked, seconds: float) -> Asked:
    """Return the question with what waiting has left of its deadline.

    Who has waited for another until its end still gets an older or an offline answer.
    """
    left = max(LEAST_SECONDS, asked.request.deadline_seconds - seconds)
    return replace(asked, request=replace(asked.request, deadline_seconds=left))
