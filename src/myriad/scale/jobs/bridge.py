"""The one bridge between threads that wait and code that awaits: one event loop per process.

Celery's thread hands each message to `start`; its coroutine shares the loop, its database pool and
its HTTP connections with all others. docs/decisions/0002-async-bridge.md has the measurement behind
this choice. The loop is uvloop's where there is one: a job costs a sixth less of a core.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

if sys.platform == "win32":
    from asyncio import new_event_loop
else:
    from uvloop import new_event_loop

ResultT = TypeVar("ResultT")


class AsyncBridge:
    """An event loop in a daemon thread."""

    def __init__(self) -> None:
        self._loop = new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="async-bridge", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def run(
        self, work: Coroutine[Any, Any, ResultT], timeout_seconds: float | None = None
    ) -> ResultT:
        """Run `work` on the loop and return its result; blocks the calling thread only."""
        return self.start(work).result(timeout_seconds)

    def start(self, work: Coroutine[Any, Any, ResultT]) -> Future[ResultT]:
        """Begin `work` on the loop and return its future; blocks nobody."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self) -> None:
        """Cancel what still runs and end the loop."""
        self.run(_cancel_others(), timeout_seconds=10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        if not self._thread.is_alive():
            self._loop.close()


async def _cancel_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_asyncgens()
