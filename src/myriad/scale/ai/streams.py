"""Answers that come piece by piece, admitted and settled like any other."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace

from myriad.scale.ai.answers import StoredAnswer
from myriad.scale.ai.calling import Caller
from myriad.scale.ai.catalog import Catalog, Rung
from myriad.scale.ai.errors import StreamBrokenError
from myriad.scale.ai.ladder import Ladder, Walk, restore
from myriad.scale.ai.outcome import CallFailedError, Reply
from myriad.scale.ai.request import AIAnswer, AIRequest, Usage
from myriad.scale.ai.tickets import Run, RungSkippedError, Ticket, skipped
from myriad.scale.ai.tokens import estimate_tokens

_WORD = re.compile(r"\S+\s*|\s+")


class AnswerStream:
    """Iterate it for the text; `answer` stands when the iteration has ended."""

    def __init__(self, pieces: AsyncIterator[str]) -> None:
        self._pieces = pieces
        self.answer: AIAnswer | None = None

    def __aiter__(self) -> AsyncIterator[str]:
        return self._pieces


class Streaming:
    """Walks the ladder up to the first piece of text; after it there is no way back."""

    def __init__(self, caller: Caller, ladder: Ladder) -> None:
        self._caller = caller
        self._ladder = ladder

    @asynccontextmanager
    async def open(
        self, request: AIRequest, model_class: str, catalog: Catalog, stale: StoredAnswer | None
    ) -> AsyncIterator[AnswerStream]:
        """Open the stream; leaving the block early settles what came until then."""
        stream = AnswerStream(_nothing())
        pieces = self._pieces(stream, request, model_class, catalog, stale)
        stream._pieces = pieces  # noqa: SLF001 - its own file.
        try:
            yield stream
        finally:
            await pieces.aclose()

    async def _pieces(
        self,
        stream: AnswerStream,
        request: AIRequest,
        model_class: str,
        catalog: Catalog,
        stale: StoredAnswer | None,
    ) -> AsyncGenerator[str]:
        run = Run.start(request)
        walk = Walk(self._ladder.rungs(catalog, model_class), run)
        for rung, seconds in walk:
            said = False
            try:
                # Closed here, so that a listener who leaves settles the call at once.
                async with aclosing(self._from(stream, run, rung, catalog, seconds)) as pieces:
                    async for piece in pieces:
                        said = True
                        yield piece
            except RungSkippedError as skip:
                if said:
                    raise
                walk.note(rung, skip)
                continue
            assert stream.answer is not None
            degraded = rung.model_class != model_class or bool(run.reasons)
            stream.answer = replace(stream.answer, degraded=degraded, reasons=tuple(run.reasons))
            return
        answer = self._ladder.fall_back(run, model_class, stale)
        for piece in _WORD.findall(answer.text):
            yield piece
        stream.answer = answer

    async def _from(
        self, stream: AnswerStream, run: Run, rung: Rung, catalog: Catalog, seconds: float
    ) -> AsyncGenerator[str]:
        """Yield one model's text; raises RungSkippedError before its first piece only."""
        request = run.request
        ticket = await self._caller.admit(run, request, rung, catalog, "stream")
        said: list[str] = []
        try:
            left = min(seconds, run.seconds_left)
            async with self._caller.providers.stream(rung.key, request, left) as opened:
                async for piece in opened.texts():
                    said.append(piece)
                    yield piece
                reply = opened.reply(request)
        except CallFailedError as error:
            await self._broken(ticket, said, error)
            raise skipped(rung, error) from None
        except BaseException:
            await asyncio.shield(self._caller.abandon(ticket, _used(ticket, said)))
            raise
        outcome = "cut" if reply.is_cut else "answered"
        limits = catalog.limits_of(rung.key)
        await self._caller.conclude(run, ticket, reply, outcome, limits)  # type: ignore[arg-type]
        stream.answer = _answer(run, ticket, reply)

    async def _broken(self, ticket: Ticket, said: list[str], error: CallFailedError) -> None:
        """Settle a failure; with text out already it cannot become another model's answer."""
        if not said:
            await self._caller.fail(ticket, error)
            return
        await self._caller.abandon(ticket, _used(ticket, said))
        raise StreamBrokenError(error.why, "".join(said)) from None


async def _nothing() -> AsyncGenerator[str]:
    return
    yield


def _used(ticket: Ticket, said: list[str]) -> Usage:
    size = sum(len(piece.encode()) for piece in said)
    return Usage(ticket.estimated.input_tokens, estimate_tokens(size))


def _answer(run: Run, ticket: Ticket, reply: Reply) -> AIAnswer:
    rung = ticket.rung
    return AIAnswer(
        text=reply.text,
        provider=rung.key.provider,
        model=rung.key.model,
        model_class=rung.model_class,
        usage=run.usage,
        cost_usd_micros=run.spent_usd_micros,
        price_version=ticket.price.version,
        is_cut=reply.is_cut,
    )


def restored(request: AIRequest, stored: StoredAnswer) -> tuple[AIAnswer, list[str]]:
    """Return a kept answer and the pieces in which it is given out."""
    answer = restore(request, stored)
    return answer, _WORD.findall(answer.text)
