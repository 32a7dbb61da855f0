"""The connection dies when PostgreSQL has committed but not said so: still one effect each."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from tests.chaos.clients import Clients
from tests.chaos.household import Household, Size, open_household
from tests.chaos.proxy import CuttingProxy, cutting
from tests.chaos.rampage import Rampage, seed_of_run

pytestmark = pytest.mark.timeout(600)
_SHARE = 0.01
_CUTS = 40


def _by_way_of(proxy: CuttingProxy, house: Household) -> dict[str, str]:
    urls = house.urls
    return {
        "MYRIAD_DATABASE__URL": proxy.url(urls.database_url),
        "MYRIAD_DATABASE__APP_URL": proxy.url(urls.app_url),
        "MYRIAD_DATABASE__CROSSING_URL": proxy.url(urls.crossing_url),
    }


@pytest.mark.slow
async def test_an_answer_that_never_arrives_neither_loses_nor_doubles(tmp_path: Path) -> None:
    seed = seed_of_run()
    dice = random.Random(seed)
    async with open_household(tmp_path) as house:
        port = house.servers.postgres and house.servers.postgres.port
        assert port
        with cutting(port, random.Random(seed), _SHARE) as proxy:
            house.add_all(Size(workers=2, apis=1), **_by_way_of(proxy, house))
            await house.until_api_answers()
            await house.until_workers_are_known(2)
            clients = Clients(house, dice, per_second=10)
            rampage = Rampage(house, clients, [], seed)
            proxy.is_cutting.set()
            running = asyncio.create_task(rampage.run())
            while proxy.cuts < _CUTS and not running.done():  # noqa: ASYNC110 - others act
                await asyncio.sleep(0.1)
            clients.ending.set()
            report = await running
    text = "\n".join(report.lines())
    assert proxy.cuts >= _CUTS, text
    assert report.verdict.is_clean, text
    assert report.verdict.effects > 0, text
