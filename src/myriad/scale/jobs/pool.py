"""A pool for Celery in which a slot is a coroutine on the process's one event loop, not a thread.

Celery 5.7 has no asyncio pool of its own. This one does what Myriad's messages need and no more:
a message is a bundle of jobs, which is decoded here and handed to the loop. The threads that
Celery's pool would keep waiting cost memory, two switches a job, and a share of the interpreter
lock.
"""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, wait
from typing import Any

from celery.concurrency.base import BasePool
from kombu.serialization import loads

from myriad.scale.jobs.bridge import AsyncBridge
from myriad.scale.observe.logs import get_logger

Serve = Callable[[Any], Awaitable[object]]
_ACCEPTED = frozenset({"application/json", "json"})
_log = get_logger(__name__)


class LoopPool(BasePool):
    """Runs the argument of each message by `serve` on `bridge`; see `loop_pool`."""

    body_can_be_buffer = True
    signal_safe = False
    bridge: AsyncBridge
    serve: Serve
    listening: Callable[[], None]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._hub: Any = None
        self._running: set[Future[None]] = set()

    def on_start(self) -> None:
        """Tell that Celery's own handlers of signals are in place; they are set just before."""
        self.listening()

    def register_with_event_loop(self, hub: Any) -> None:
        """Remember the loop that fetches messages."""
        self._hub = hub

    def on_apply(self, *args: Any, **options: Any) -> Any:
        """Begin to serve a message; Celery hears of its end in its own thread, at once."""
        _, message, _ = args
        # The queue is read without acknowledgements; Celery would make a round trip for one.
        options["callback"].__self__.acknowledged = True
        options["accept_callback"](os.getpid(), time.monotonic())
        future = self.bridge.start(self._serve(message))
        self._running.add(future)
        callback = options["callback"]
        future.add_done_callback(lambda done: self._hub.call_soon(self._end, done, callback))
        return future

    async def _serve(self, message: Any) -> None:
        _, _, _, body, content_type, encoding = message
        try:
            (argument,), _, _ = loads(body, content_type, encoding, accept=_ACCEPTED)
            await self.serve(argument)
        except Exception:  # noqa: BLE001 - what a message holds must not end the worker
            _log.exception("message_failed")

    def _end(self, done: Future[None], callback: Any) -> None:
        self._running.discard(done)
        # Whatever happened to its jobs stands in their rows; to Celery the message is done.
        callback((False, None, 0.0))

    def on_stop(self) -> None:
        """Wait for what runs."""
        wait(self._running)


def loop_pool(bridge: AsyncBridge, serve: Serve, listening: Callable[[], None]) -> type[LoopPool]:
    """Return the pool class whose slots run `serve(argument of the message)` on `bridge`.

    `listening()` is called once Celery listens to signals, before it fetches messages.
    """
    parts = {"bridge": bridge, "serve": staticmethod(serve), "listening": staticmethod(listening)}
    return type("BoundLoopPool", (LoopPool,), parts)
