"""The ticker as a process runs it: what it measures is there to be read."""

from __future__ import annotations

import asyncio
import contextlib

from myriad.apps import ticker
from myriad.products.keeper.operations.measuring import ACCOUNTS
from myriad.scale.embedded.servers import ServerUrls
from tests.fixtures.app import settings_for

_NEVER_MEASURED = -1.0


async def test_the_ticker_measures_the_products(fresh_servers: ServerUrls) -> None:
    ACCOUNTS.set(_NEVER_MEASURED)
    serving = asyncio.create_task(ticker.serve(settings_for(fresh_servers)))
    try:
        async with asyncio.timeout(60):
            while ACCOUNTS._value.get() == _NEVER_MEASURED:
                assert not serving.done(), "the ticker ended"
                await asyncio.sleep(0.05)
    finally:
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving
