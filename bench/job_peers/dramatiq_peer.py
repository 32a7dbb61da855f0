"""Dramatiq 2.2 on Redis; asynchronous actors through its own middleware."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import dramatiq  # type: ignore[import-not-found]
from dramatiq.brokers.redis import RedisBroker  # type: ignore[import-not-found]
from dramatiq.middleware.asyncio import AsyncIO  # type: ignore[import-not-found]

from job_peers import marks

# One command in a thousand looks for dead workers by default; every tenth makes that prompt.
RECOVERY = {"heartbeat_timeout": marks.SILENT_SECONDS * 1000, "maintenance_chance": 100_000}

broker = RedisBroker(url=marks.BROKER, **(RECOVERY if marks.DIES else {}))
broker.add_middleware(AsyncIO())
dramatiq.set_broker(broker)


def pause() -> None:
    """Wait in a thread as for a provider, then leave the byte."""
    time.sleep(marks.WAIT_SECONDS)
    marks.touch()


async def pause_async() -> None:
    """Wait on the event loop as for a provider, then leave the byte."""
    await asyncio.sleep(marks.WAIT_SECONDS)
    marks.touch()


TASKS: dict[str, Any] = {
    function.__name__: dramatiq.actor(function)
    for function in (marks.touch, marks.record, pause, pause_async)
}


def main() -> None:
    """Enqueue one by one, for Redis takes no batches here."""
    name, numbers, rest = marks.asked()
    for number in numbers:
        TASKS[name].send(*([number] if name == "record" else []))
        time.sleep(rest)


if __name__ == "__main__":
    main()
