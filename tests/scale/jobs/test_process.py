"""One loop serves every message, and a slot that becomes free is noticed at once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from queue import Queue
from typing import Any

import pytest
from pydantic import ValidationError

from myriad.kit.ids import new_id
from myriad.scale.jobs.bridge import AsyncBridge
from myriad.scale.jobs.place import Place
from myriad.scale.jobs.pool import LoopPool, loop_pool
from myriad.scale.jobs.settings import WorkerSettings
from myriad.scale.jobs.worker import default_name


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
        self.calls: Queue[tuple[Callable[..., None], Any]] = Queue()

    def call_soon(self, callback: Callable[..., None], *args: Any) -> None:
        """Keep the call for the test."""
        self.calls.put((callback, args))

    def turn(self) -> None:
        """Make the next call, which another thread has asked for."""
        callback, args = self.calls.get(timeout=10)
        callback(*args)


class _Request:
    """Stands in for Celery's request, which needs a broker."""

    acknowledged = False

    def __init__(self, ended: list[Any]) -> None:
        self.ended = ended

    def on_success(self, outcome: Any) -> None:
        """Keep what the pool says."""
        self.ended.append(outcome)


def _send(pool: LoopPool, body: str, ended: list[Any]) -> None:
    message: Any = (None, "id", {}, body, "application/json", "utf-8")
    request = _Request(ended)
    pool.on_apply(
        None, message, {}, callback=request.on_success, accept_callback=lambda pid, since: None
    )
    assert request.acknowledged


def test_messages_run_beside_each_other_on_one_loop_and_tell_celerys_loop_when_they_end() -> None:
    bridge, loop = AsyncBridge(), _Loop()
    ended: list[Any] = []
    seen: list[list[int]] = []
    together = asyncio.Barrier(2)

    async def serve(bundle: list[int]) -> None:
        await asyncio.wait_for(together.wait(), 20)
        seen.append(bundle)

    pool = loop_pool(bridge, serve, lambda: None)(2)
    pool.register_with_event_loop(loop)
    for number in (1, 2):
        _send(pool, json.dumps([[[number]], {}, {}]), ended)
    loop.turn()
    loop.turn()
    assert sorted(seen) == [[1], [2]]
    assert ended == [(False, None, 0.0)] * 2
    pool.on_stop()
    bridge.close()


@pytest.mark.parametrize("body", ["no json", "[]", "[[1, 2], {}, {}]"])
def test_a_message_that_cannot_be_read_is_done_with_and_harms_nothing(body: str) -> None:
    bridge, loop = AsyncBridge(), _Loop()
    ended: list[Any] = []

    async def serve(bundle: list[int]) -> None:
        raise AssertionError("there is nothing to serve")

    pool = loop_pool(bridge, serve, lambda: None)(1)
    pool.register_with_event_loop(loop)
    _send(pool, body, ended)
    loop.turn()
    assert ended == [(False, None, 0.0)]
    bridge.close()


def test_a_process_knows_itself_alive_and_a_number_that_no_process_has_dead() -> None:
    place = Place.here()
    assert place.is_alive(place.pid)
    assert not place.is_alive(4_194_305)


def test_workers_without_a_name_get_names_of_their_own_that_a_queue_can_have() -> None:
    names = {default_name(new_id()) for _ in range(50)}
    assert len(names) == 50
    assert all(WorkerSettings(name=name).name == name for name in names)


@pytest.mark.parametrize("given", ["bulk, interactive", ["bulk", "interactive"]])
def test_a_workers_classes_are_served_in_the_order_of_all_classes(given: object) -> None:
    settings = WorkerSettings.model_validate({"classes": given})
    assert settings.classes == ("interactive", "bulk")


@pytest.mark.parametrize("given", ["", "urgent", [], "high,urgent"])
def test_a_class_that_does_not_exist_is_refused_by_name(given: object) -> None:
    with pytest.raises(ValidationError, match="interactive, high, default, low, bulk"):
        WorkerSettings.model_validate({"classes": given})
