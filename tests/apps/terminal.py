"""Command lines run within the test's process: what they show, and how they end.

A process of its own takes a second to begin; each file of commands has a test that starts one.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typer
from typer.testing import CliRunner

from myriad.apps.cli.context import CliContext
from myriad.kit.errors import MyriadError
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.runtime import Runtime
from tests.fixtures.database import runtime_for


@dataclass
class Terminal(CliContext):
    """The command line's own context on the test's servers; keeps what would be printed."""

    urls: ServerUrls = field(kw_only=True)
    result: Any = None
    text: str = ""

    def runtime(self) -> AbstractAsyncContextManager[Runtime]:
        opened: AbstractAsyncContextManager[Runtime] = runtime_for(self.urls)
        return opened

    def show(self, result: Mapping[str, Any], lines: Iterable[str]) -> None:
        self.result = json.loads(json.dumps(result, default=str))
        self.text = "".join(f"{line}\n" for line in lines)


@dataclass(frozen=True)
class Done:
    """How a command line ended and what it said."""

    returncode: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Said:
    """The same, with what it shows as JSON; None where it showed nothing."""

    done: Done
    result: Any


async def invoke(app: typer.Typer, words: Sequence[object], home: Path, urls: ServerUrls) -> Said:
    """Run the words after `app`'s name to their end, in a thread: they bring a loop of their own."""
    seen = Terminal(home, urls=urls)
    line = [str(word) for word in words]
    found = await asyncio.to_thread(CliRunner().invoke, app, line, obj=seen)
    if isinstance(found.exception, MyriadError):
        return Said(Done(2, "", found.exception.detail), None)
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        raise found.exception
    return Said(Done(found.exit_code, seen.text or found.output, found.output), seen.result)
