"""Taskiq 0.13 on Redis streams, which acknowledge; its lists would lose what a worker holds."""

from __future__ import annotations

import asyncio
from typing import Any

from taskiq_redis import RedisStreamBroker  # type: ignore[import-not-found]

from job_peers import marks

BATCH = 100
# Without a timeout the lock of a worker that died while it looked is held for ever.
RECOVERY = {
    "idle_timeout": marks.SILENT_SECONDS * 1000,
    "unacknowledged_lock_timeout": float(marks.SILENT_SECONDS),
}

broker = RedisStreamBroker(url=marks.BROKER, consumer_id="0", **(RECOVERY if marks.DIES else {}))


async def touch() -> None:
    """Leave one byte."""
    marks.touch()


async def record(number: int) -> None:
    """Leave the job's number between two short waits."""
    await asyncio.sleep(marks.SHORT_SECONDS)
    marks.write(marks.line_of(number))
    await asyncio.sleep(marks.SHORT_SECONDS)


async def pause() -> None:
    """Wait as for a provider, then leave the byte."""
    await asyncio.sleep(marks.WAIT_SECONDS)
    marks.touch()


TASKS: dict[str, Any] = {
    function.__name__: broker.register_task(function, task_name=function.__name__)
    for function in (touch, record, pause)
}


async def main() -> None:
    """Enqueue a hundred at a time, or one by one with a pause after each."""
    name, numbers, rest = marks.asked()
    await broker.startup()
    size = 1 if rest else BATCH
    for start in range(numbers.start, numbers.stop, size):
        some = range(start, min(start + size, numbers.stop))
        calls = ([number] if name == "record" else [] for number in some)
        await asyncio.gather(*(TASKS[name].kiq(*call) for call in calls))
        await asyncio.sleep(rest)
    await broker.shutdown()


if __name__ == "__main__":
    asyncio.run(main())
