"""One look at the queue for everybody who watches it in the same two seconds."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from uuid import UUID

from starlette.requests import Request

from myriad.apps.console.queue_views import QueuePage

FRESH_SECONDS = 2.0
MOST_KEPT = 1000

# An account's id and the zone of its page; None for the whole queue.
Key = tuple[UUID | None, str]


@dataclass
class _Look:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    page: QueuePage | None = None
    at: float = 0.0


class QueueLooks:
    """Keeps what was seen for a moment; who asks meanwhile waits for the look under way.

    Counting a long queue takes a while, and each open page asks every five seconds.
    """

    def __init__(self) -> None:
        self._looks: OrderedDict[Key, _Look] = OrderedDict()

    async def get(self, key: Key, look: Callable[[], Awaitable[QueuePage]]) -> QueuePage:
        """Return what was seen at most two seconds ago, or look."""
        known = self._looks.setdefault(key, _Look())
        self._looks.move_to_end(key)
        if len(self._looks) > MOST_KEPT:
            self._looks.popitem(last=False)
        async with known.lock:
            if known.page is None or time.monotonic() - known.at > FRESH_SECONDS:
                known.page, known.at = await look(), time.monotonic()
            return known.page

    def forget(self) -> None:
        """Look anew for everybody: somebody has changed the queue by hand."""
        self._looks.clear()


def looks_of(request: Request) -> QueueLooks:
    """Return the looks of this process, made at the first use."""
    state = request.app.state
    looks: QueueLooks | None = getattr(state, "queue_looks", None)
    if looks is None:
        looks = state.queue_looks = QueueLooks()
    return looks
