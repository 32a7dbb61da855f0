"""Down the ladder: the class's models, those of lower classes, what was said before, offline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from myriad.scale.ai import measures
from myriad.scale.ai.answers import StoredAnswer
from myriad.scale.ai.calling import Caller
from myriad.scale.ai.catalog import Catalog, ModelKey, Rung
from myriad.scale.ai.errors import InvalidOutputError, NoAnswerError
from myriad.scale.ai.offline import find_offline_answer
from myriad.scale.ai.outcome import Reply
from myriad.scale.ai.request import AIAnswer, AIRequest, Message
from myriad.scale.ai.schemas import schema_of, value_in
from myriad.scale.ai.tickets import LEAST_SECONDS, Run, RungSkippedError, Ticket

# A first model that hangs leaves the next one some of the time.
_SHARE_OF_TIME = 0.6


class Ladder:
    """Answers a question by the best rung that holds."""

    def __init__(self, caller: Caller, compatible_model: str = "") -> None:
        self._caller = caller
        self._compatible = compatible_model

    def rungs(self, catalog: Catalog, model_class: str) -> tuple[Rung, ...]:
        """Return the paid models to try, in order: those whose provider is configured here."""
        found = catalog.ladder(model_class)
        if self._compatible:
            found = (*found, Rung(model_class, ModelKey("compatible", self._compatible)))
        return tuple(rung for rung in found if self._caller.providers.can_call(rung.key))

    async def answer(
        self, request: AIRequest, model_class: str, catalog: Catalog, stale: StoredAnswer | None
    ) -> AIAnswer:
        """Return the answer of the first rung that holds, or raise NoAnswerError."""
        run = Run.start(request)
        left = Walk(self.rungs(catalog, model_class), run)
        for rung, seconds in left:
            try:
                answer = await self._ask(run, rung, catalog, seconds)
            except RungSkippedError as skip:
                left.note(rung, skip)
                continue
            degraded = rung.model_class != model_class or bool(run.reasons)
            return replace(answer, degraded=degraded, reasons=tuple(run.reasons))
        return self.fall_back(run, model_class, stale)

    async def _ask(self, run: Run, rung: Rung, catalog: Catalog, seconds: float) -> AIAnswer:
        limits = catalog.limits_of(rung.key)
        reply, ticket = await self._caller.call(run, run.request, rung, catalog, seconds)
        try:
            value = _value_of(run.request, reply)
        except InvalidOutputError as fault:
            outcome = "cut" if reply.is_cut else "invalid"
            await self._caller.conclude(run, ticket, reply, outcome, limits)  # type: ignore[arg-type]
            return await self._repair(run, rung, catalog, reply, fault)
        await self._caller.conclude(run, ticket, reply, "answered", limits)
        return _answer(run, ticket, reply, value)

    async def _repair(
        self, run: Run, rung: Rung, catalog: Catalog, reply: Reply, fault: InvalidOutputError
    ) -> AIAnswer:
        """Ask the same model once more, with its answer and what is wrong with it."""
        if reply.is_cut or run.seconds_left < LEAST_SECONDS:
            raise RungSkippedError(f"{rung.key}: {'cut' if reply.is_cut else 'invalid'} output")
        turns = (
            Message("assistant", reply.text or "(nothing)"),
            Message("user", f"{fault.detail}. Give the whole answer again, as the tool asks."),
        )
        request = replace(run.request, messages=(*run.request.messages, *turns))
        again, ticket = await self._caller.call(run, request, rung, catalog, run.seconds_left)
        limits = catalog.limits_of(rung.key)
        try:
            value = _value_of(request, again)
        except InvalidOutputError:
            await self._caller.conclude(run, ticket, again, "invalid", limits)
            raise RungSkippedError(f"{rung.key}: invalid output, also repaired") from None
        await self._caller.conclude(run, ticket, again, "answered", limits)
        return _answer(run, ticket, again, value)

    def fall_back(self, run: Run, model_class: str, stale: StoredAnswer | None) -> AIAnswer:
        """Return what was said before, else the offline answer, else raise NoAnswerError."""
        request, reasons = run.request, tuple(run.reasons)
        if stale is not None:
            answer = restore(request, stale)
            return replace(
                answer,
                degraded=True,
                reasons=(*reasons, "an older answer is given"),
                cost_usd_micros=run.spent_usd_micros,
            )
        offline = find_offline_answer(request, model_class)
        if offline is None:
            raise NoAnswerError(request.task, reasons)
        measures.ANSWERS.labels(request.product, model_class, "offline").inc()
        return replace(
            offline,
            degraded=bool(reasons),
            reasons=reasons,
            cost_usd_micros=run.spent_usd_micros,
            usage=run.usage,
        )


class Walk:
    """The rungs still to be tried, each with the seconds that it may take."""

    def __init__(self, rungs: tuple[Rung, ...], run: Run) -> None:
        self._rungs = list(rungs)
        self._run = run

    def __iter__(self) -> Iterator[tuple[Rung, float]]:
        while self._rungs:
            rung = self._rungs.pop(0)
            left = self._run.seconds_left
            if left < LEAST_SECONDS:
                self._run.reasons.append("the deadline has passed")
                return
            yield rung, left * _SHARE_OF_TIME if self._rungs else left

    def note(self, rung: Rung, skip: RungSkippedError) -> None:
        """Keep the reason, and leave out the rungs that it rules out."""
        self._run.reasons.append(skip.reason)
        if skip.ends_paying:
            self._rungs.clear()
        elif skip.leaves_provider:
            self._rungs = [r for r in self._rungs if r.key.provider != rung.key.provider]


def restore(request: AIRequest, stored: StoredAnswer) -> AIAnswer:
    """Return a kept answer as it was given."""
    return AIAnswer(
        text=stored.text,
        value=value_in(request, stored.text) if schema_of(request) else None,
        provider=stored.provider,
        model=stored.model,
        model_class=stored.model_class,
        price_version=stored.price_version,
        is_cached=True,
    )


def _value_of(request: AIRequest, reply: Reply) -> Any:
    if schema_of(request) is None:
        if not reply.text.strip():
            raise InvalidOutputError("the answer is empty")
        return None
    if reply.is_cut:
        raise InvalidOutputError("the answer ended at the limit of tokens")
    return value_in(request, reply.text)


def _answer(run: Run, ticket: Ticket, reply: Reply, value: Any) -> AIAnswer:
    rung = ticket.rung
    measures.ANSWERS.labels(run.request.product, rung.model_class, "model").inc()
    return AIAnswer(
        text=reply.text,
        value=value,
        provider=rung.key.provider,
        model=rung.key.model,
        model_class=rung.model_class,
        usage=run.usage,
        cost_usd_micros=run.spent_usd_micros,
        price_version=ticket.price.version,
        is_cut=reply.is_cut,
    )
