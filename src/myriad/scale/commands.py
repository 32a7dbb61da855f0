"""What a product's commands get from the command line that calls them."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from rich.console import Console

from myriad.scale.runtime import Runtime


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
