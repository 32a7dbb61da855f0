"""The simulated providers are told what to do by whoever tries the gateway out, and say what they cannot."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from myriad.scale.ai.simulator.app import create_app
from myriad.scale.ai.simulator.world import World


async def _tell(world: World, path: str, body: str) -> httpx.Response:
    transport = httpx.ASGITransport(create_app(world))
    async with httpx.AsyncClient(transport=transport, base_url="http://models") as client:
        return await client.post(f"/control/{path}", content=body)


async def test_what_is_asked_for_is_done() -> None:
    world = World(base_seconds=2.0)
    assert (await _tell(world, "faults", '{"kind": "broken", "times": 3}')).status_code == 200
    assert (await _tell(world, "world", '{"seconds_a_token": 0.05}')).status_code == 200
    assert (world.faults[0].kind, world.faults[0].times) == ("broken", 3)
    assert (world.base_seconds, world.seconds_a_token) == (2.0, 0.05)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("faults", {"kind": "brocken"}),
        ("faults", {"kind": "broken", "time": 3}),
        ("faults", {"kind": "slow", "seconds": -1}),
        ("faults", []),
        ("world", {"second_a_token": 0.05}),
        ("world", {"seconds_a_token": "slow"}),
        ("world", {"faults": 3}),
        ("world", "nonsense"),
    ],
)
async def test_what_is_misspelt_is_refused_in_words_and_changes_nothing(
    path: str, body: Any
) -> None:
    world = World()
    answer = await _tell(world, path, json.dumps(body))
    assert answer.status_code == 422
    assert answer.json()["detail"]
    assert "overloaded" in answer.json()["kinds"]
    assert (world.faults, world.seconds_a_token) == ([], 0.0)
    assert (await _tell(world, path, "{")).status_code == 422
