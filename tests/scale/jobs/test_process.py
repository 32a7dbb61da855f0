"""One loop serves every thread, and a thread that becomes free is noticed at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from queue import Queue

import pytest

from myriad.scale.jobs.bridge import AsyncBridge
from myriad.scale.jobs.place import Place
from myriad.scale.jobs.pool import WakingThreadPool


def test_all_threads_share_one_loop_and_wait_beside_each_other() -> None:
    bridge = AsyncBridge()
    together = asyncio.Barrier(8)

    async def whose_loop() -> int:
        await asyncio.wait_for(together.wait(), 20)
        return id(asyncio.get_running_loop())

    with ThreadPoolExecutor(8) as threads:
        futures = [threads.submit(bridge.run, whose_loop()) for _ in range(8)]
        assert len({future.result() for future in futures}) == 1
    bridge.close()


def test_an_error_crosses_the_bridge_to_its_caller() -> None:
    bridge = AsyncBridge()

    async def fail() -> None:
        raise LookupError("here")

    with pytest.raises(LookupError, match="here"):
        bridge.run(fail())
    bridge.close()


class _Loop:
    """Stands in for Celery's loop, which cannot run twice in one process."""

    def __init__(self) -> None:
        self.calls: Queue[Callable[[], None]] = Queue()
        self.call_soon = self.calls.put


def test_a_thread_that_becomes_free_wakes_the_loop_that_fetches_messages() -> None:
    loop, pool = _Loop(), WakingThreadPool(2)
    pool.register_with_event_loop(loop)
    pool.on_apply(lambda: None, (), {}, accept_callback=None, callback=None)
    assert loop.calls.get(timeout=10)() is None
    pool.executor.shutdown()


def test_a_process_knows_itself_alive_and_a_number_that_no_process_has_dead() -> None:
    place = Place.here()
    assert place.is_alive(place.pid)
    assert not place.is_alive(4_194_305)
