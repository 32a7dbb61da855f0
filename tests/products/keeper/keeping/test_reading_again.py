"""The page of connections lets people read everything again, as the API and the command do."""

from __future__ import annotations

import re

import pytest

from myriad.products.keeper.pages import screens
from myriad.products.keeper.queueing import SYNC_TASK
from tests.products.keeper.keeping.conftest import Desk, send
from tests.products.keeper.pages import sample_contexts as s
from tests.products.keeper.pages.sample_app import page_context

CONNECTIONS = "/keeper/connections"
_JOBS = "SELECT dedup_key FROM platform.job_overview WHERE task = %(task)s"


@pytest.mark.parametrize("mode", ["increment", "full"])
async def test_a_form_reads_what_is_new_or_everything(desk: Desk, mode: str) -> None:
    async with desk.browser("staff") as browser:
        answer = await send(browser, CONNECTIONS, f"{CONNECTIONS}/sync", mode=mode)
    assert answer.status_code == 303
    jobs = await desk.shop.rows(_JOBS, task=SYNC_TASK)
    assert [row["dedup_key"] for row in jobs] == [f"sync:{mode}:run"]


async def test_another_mode_is_refused_and_queues_nothing(desk: Desk) -> None:
    async with desk.browser("staff") as browser:
        answer = await send(browser, CONNECTIONS, f"{CONNECTIONS}/sync", mode="nightly")
    assert answer.status_code == 422
    assert await desk.shop.rows(_JOBS, task=SYNC_TASK) == []


def test_the_screen_has_such_a_form_while_square_can_be_read() -> None:
    page = page_context(CONNECTIONS)
    full = re.compile(r'action="/keeper/connections/sync".*?name="mode" value="full"', re.DOTALL)
    assert full.search(bytes(screens.connections(page, s.CONNECTIONS_FULL).body).decode())
    revoked = bytes(screens.connections(page, s.CONNECTIONS_REVOKED).body).decode()
    assert not full.search(revoked)
