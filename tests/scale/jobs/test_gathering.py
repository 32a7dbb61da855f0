"""A lone request waits for nobody, a crowd shares, and an error reaches only its culprit."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from myriad.scale.jobs.gathering import Gathering


class _Sender:
    """Doubles numbers; each batch waits until the test lets it through."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gate = asyncio.Semaphore(0)

    async def send(self, items: Sequence[int]) -> list[int]:
        self.batches.append(list(items))
        await self.gate.acquire()
        if 13 in items:
            raise ValueError
        if 99 in items:
            raise OSError
        return [2 * item for item in items]


async def test_what_is_asked_while_a_batch_is_under_way_goes_together_in_the_next() -> None:
    sender = _Sender()
    gathering = Gathering(sender.send, largest=3)
    asked = [asyncio.create_task(gathering.ask(0))]
    await asyncio.sleep(0.01)
    asked += [asyncio.create_task(gathering.ask(n)) for n in range(1, 6)]
    await asyncio.sleep(0.01)
    assert sender.batches == [[0]]
    for _ in range(3):
        sender.gate.release()
    assert await asyncio.gather(*asked) == [0, 2, 4, 6, 8, 10]
    assert sender.batches == [[0], [1, 2, 3], [4, 5]]


async def test_an_error_reaches_only_the_one_who_caused_it() -> None:
    sender = _Sender()
    for _ in range(10):
        sender.gate.release()
    gathering = Gathering(sender.send)
    results = await asyncio.gather(*map(gathering.ask, (1, 13, 3)), return_exceptions=True)
    assert results[0] == 2
    assert isinstance(results[1], ValueError)
    assert results[2] == 6


async def test_an_outage_is_told_to_all_and_not_tried_again() -> None:
    sender = _Sender()
    sender.gate.release()
    gathering = Gathering(sender.send, shared=(OSError,))
    results = await asyncio.gather(*map(gathering.ask, (1, 99, 3)), return_exceptions=True)
    assert [type(result) for result in results] == [OSError] * 3
    assert len(sender.batches) == 1


async def test_who_stops_waiting_harms_nobody_else() -> None:
    sender = _Sender()
    gathering = Gathering(sender.send)
    gone = asyncio.create_task(gathering.ask(1))
    stays = asyncio.create_task(gathering.ask(2))
    await asyncio.sleep(0.01)
    gone.cancel()
    sender.gate.release()
    assert await stays == 4
    with pytest.raises(asyncio.CancelledError):
        await gone
