"""`./myriad kamioi replay` says what it did, and refuses what it cannot do."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio.to_thread
import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from myriad.products.kamioi.commands import app
from myriad.products.kamioi.facts.importing import import_brands
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.runtime import Runtime
from tests.fixtures.database import runtime_for


@dataclass
class Context:
    """What the command line gives, on the test's servers."""

    urls: ServerUrls | None
    home: Path
    as_json: bool = True

    @property
    def console(self) -> Console:
        return Console(stderr=True, quiet=True)

    @asynccontextmanager
    async def runtime(self) -> AsyncIterator[Runtime]:
        assert self.urls is not None, "this command is refused before it asks a server"
        async with runtime_for(self.urls) as runtime:
            yield runtime


async def call(context: Context, *arguments: str) -> Result:
    """Run a command in a thread: it brings an event loop of its own."""
    return await anyio.to_thread.run_sync(
        lambda: CliRunner().invoke(app, ["replay", *arguments], obj=context)
    )


async def test_a_replay_shows_its_steps_and_goes_on_where_it_was(
    fresh_servers: ServerUrls, tmp_path: Path
) -> None:
    context = Context(fresh_servers, tmp_path)
    empty = await call(context, "--per-day", "40")
    assert "facts import" in str(empty.exception)
    async with context.runtime() as runtime:
        await import_brands(runtime.database, None)
    for _ in range(2):
        told = await call(context, "--per-day", "40")
        assert told.exit_code == 0, told.exception
        shown = json.loads(told.stdout[told.stdout.index("{\n") :])
        assert (shown["errors"], shown["checked"]["purchases"]) == (0, 40)
        assert set(shown["took"]) >= {"intake", "map", "accrue", "sweep", "settle", "trade"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(("--first", "May"), "write it as YYYY-MM-DD", id="no-day"),
        pytest.param(("--first", "2999-01-01"), "lie in the past", id="ahead"),
    ],
)
async def test_a_first_day_that_is_none_or_ahead_is_refused(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    refused = await call(Context(None, tmp_path), "--per-day", "40", *arguments)
    assert said in str(refused.exception)
