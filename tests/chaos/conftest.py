"""Installations to do harm to."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.chaos.household import Household, open_household


@pytest.fixture(scope="module")
async def servers_of_module(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Household]:
    """Servers of this module's own, with two tickers."""
    async with open_household(tmp_path_factory.mktemp("household")) as house:
        for n in range(2):
            house.add_ticker(f"ticker-{n}")
        yield house


@pytest.fixture
async def house(servers_of_module: Household) -> AsyncIterator[Household]:
    """The module's servers and tickers; workers that a test adds end with it."""
    yield servers_of_module
    servers_of_module.stop(servers_of_module.of("worker"))
