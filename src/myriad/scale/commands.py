"""What a product's commands get from the command line that calls them, and do all alike."""

from __future__ import annotations

import json
import sys
from collections.abc import Coroutine, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Protocol, TypeVar

import anyio
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from myriad.scale.runtime import Runtime

AnswerT = TypeVar("AnswerT")


class CommandContext(Protocol):
    """The object in a Typer context (`ctx.obj`) of every command.

    `home` is the folder with the data of the embedded servers. `console` writes for people, on
    standard error and without colour when that is no terminal; results go to standard output.
    `as_json` says whether results are wanted as JSON.
    """

    @property
    def home(self) -> Path:
        """The folder of this installation."""
        ...

    @property
    def console(self) -> Console:
        """Where people read."""
        ...

    @property
    def as_json(self) -> bool:
        """Whether results are wanted as JSON."""
        ...

    def runtime(self) -> AbstractAsyncContextManager[Runtime]:
        """Open a runtime on migrated servers: those of a running `up`, else ones of its own."""
        ...


def context_of(ctx: typer.Context) -> CommandContext:
    """Return what the command line hands to a command."""
    context: CommandContext = ctx.obj
    return context


def run_async(work: Coroutine[Any, Any, AnswerT]) -> AnswerT:
    """Run `work` to its end and return its answer."""

    async def main() -> AnswerT:
        return await work

    return anyio.run(main)


def show(context: CommandContext, result: Mapping[str, Any], lines: Iterable[str]) -> None:
    """Print a result to standard output: as JSON when that is wanted, else as lines."""
    text = json.dumps(result, indent=1, default=str) if context.as_json else "\n".join(lines)
    sys.stdout.write(f"{text}\n")


def progress_bar(console: Console) -> Progress:
    """Return a progress display on standard error that disappears when done."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )
