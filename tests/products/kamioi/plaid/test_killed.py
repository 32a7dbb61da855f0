"""A worker that is killed while it reads a bank loses nothing and doubles nothing."""

from __future__ import annotations

import asyncio
import signal
import sys
from datetime import timedelta
from uuid import UUID

from myriad.products.kamioi.intake.recording import today_utc
from myriad.scale.embedded.servers import ServerUrls
from tests.products.kamioi.plaid.conftest import Linked, RunningPlaid


async def start(
    stop: str, plaid: RunningPlaid, person: Linked, item: UUID, urls: ServerUrls
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.products.kamioi.plaid.reader", stop, plaid.url,
        str(person.tenant_id), str(item), urls.database_url, urls.app_url, urls.crossing_url,
        urls.broker_url, urls.cache_url,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def said(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None
    return await asyncio.wait_for(_line_about_writing(process.stdout), 60)


async def _line_about_writing(stdout: asyncio.StreamReader) -> bytes:
    while line := await stdout.readline():
        if line.startswith(b"written"):
            return line
    return b""


async def test_a_reader_killed_before_it_commits_leaves_nothing_and_the_next_reads_all(
    ann: Linked, plaid: RunningPlaid, database_urls: ServerUrls
) -> None:
    bank = plaid.bank()
    bank.live(7, today_utc() - timedelta(days=60), today_utc())
    item = await ann.link_at(bank)
    killed = await start("stop", plaid, ann, item, database_urls)
    assert await said(killed) == f"written {len(bank.stands)}\n".encode()
    killed.send_signal(signal.SIGKILL)
    await killed.wait()
    assert await ann.purchases() == []
    assert (await ann.item(item))["cursor"] == ""
    first, second = [await start("go", plaid, ann, item, database_urls) for _ in range(2)]
    await asyncio.gather(said(first), said(second))
    assert (await first.wait(), await second.wait()) == (0, 0)
    assert len(await ann.purchases()) == len(bank.stands)
    assert (await ann.item(item))["cursor"] != ""
