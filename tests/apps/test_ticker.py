"""The ticker as a process runs it: what it measures is there to be read."""

from __future__ import annotations

import asyncio
import contextlib

import psycopg

from myriad.apps import ticker
from myriad.kit.ids import new_id
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


async def test_the_ticker_drops_what_was_too_long_in_quarantine(fresh_servers: ServerUrls) -> None:
    tenant = new_id()
    with psycopg.connect(fresh_servers.crossing_url) as connection:
        connection.execute(
            "INSERT INTO platform.tenant (id, slug, name, timezone) VALUES (%s, 'old', 'Old', 'UTC')",
            (tenant,),
        )
        for days in (89, 91):
            connection.execute(
                "INSERT INTO platform.data_quarantine (tenant_id, table_name, source, line, reason, "
                "row_json, is_whole, created_at) VALUES "
                "(%s, 't', '', %s, '', '', true, now() - make_interval(days => %s))",
                (tenant, days, days),
            )
    serving = asyncio.create_task(ticker.serve(settings_for(fresh_servers)))
    left = [(89,), (91,)]
    try:
        async with asyncio.timeout(60):
            while len(left) > 1:
                assert not serving.done(), "the ticker ended"
                await asyncio.sleep(0.05)
                left = await asyncio.to_thread(_lines_in_quarantine, fresh_servers)
    finally:
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving
    assert left == [(89,)]


def _lines_in_quarantine(urls: ServerUrls) -> list[tuple[int]]:
    with psycopg.connect(urls.crossing_url) as connection:
        sql = "SELECT line FROM platform.data_quarantine ORDER BY line"
        return connection.execute(sql).fetchall()
