"""Notifications on their way to a subscriber: tried again, twice as late each time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import httpx

_TIMEOUT_SECONDS = 10.0


@dataclass
class Deliveries:
    """What is on its way. `attempts` is how often one is tried before it is given up."""

    first_retry_seconds: float = 1.0
    attempts: int = 8
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def start(self, statuses: list[int], post: Callable[[int], Awaitable[int]]) -> None:
        """Call `post` with the number of earlier attempts until it answers 2xx.

        Each answer is added to `statuses`, 0 when there was none.
        """
        task = asyncio.get_running_loop().create_task(self._deliver(statuses, post))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _deliver(self, statuses: list[int], post: Callable[[int], Awaitable[int]]) -> None:
        wait = self.first_retry_seconds
        for attempt in range(self.attempts):
            statuses.append(await post(attempt))
            if 200 <= statuses[-1] < 300:
                return
            await asyncio.sleep(wait)
            wait *= 2


async def post_once(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    parameters: Mapping[str, str] | None = None,
) -> int:
    """Send `body` and return the status of the answer, or 0 when nobody answered."""
    try:
        async with httpx.AsyncClient(timeout=_TIMEOUT_SECONDS, trust_env=False) as client:
            answer = await client.post(url, params=parameters, content=body, headers=headers)
    except httpx.HTTPError:
        return 0
    return answer.status_code
