"""Waiting for an event, so long at most."""

from __future__ import annotations

import asyncio
from contextlib import suppress


async def wait_within(event: asyncio.Event, seconds: float) -> bool:
    """Wait for the event; return whether it came within so many seconds.

    `asyncio.wait_for` drops a cancellation that comes together with the event before Python 3.12,
    and a loop around it then never ends.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            return await event.wait()
    return False
