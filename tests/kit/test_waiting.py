"""Waiting ends with the event, with the time, and with a cancellation, whichever comes."""

from __future__ import annotations

import asyncio

import pytest

from myriad.kit.waiting import wait_within


async def test_the_event_ends_the_waiting_and_so_does_the_time() -> None:
    event = asyncio.Event()
    assert not await wait_within(event, 0.01)
    asyncio.get_running_loop().call_soon(event.set)
    assert await wait_within(event, 60.0)
    assert await wait_within(event, 0.0)


@pytest.mark.parametrize("is_first", [True, False], ids=["cancelled-first", "set-first"])
async def test_a_cancellation_that_comes_together_with_the_event_is_heeded(
    is_first: bool,
) -> None:
    event = asyncio.Event()
    waiting = asyncio.create_task(wait_within(event, 60.0))
    await asyncio.sleep(0)
    for act in (waiting.cancel, event.set) if is_first else (event.set, waiting.cancel):
        act()
    with pytest.raises(asyncio.CancelledError):
        await waiting
