"""What every command gets as `ctx.obj`; see `myriad.scale.commands.CommandContext`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from myriad.scale.manifest import load

if TYPE_CHECKING:
    from rich.console import Console

    from myriad.scale.runtime import Runtime


@dataclass
class CliContext:
    """The home folder, the form of the output, and the way to the servers."""

    home: Path
    as_json: bool = False

    @cached_property
    def console(self) -> Console:
        """Where people read: standard error, in colour only on a terminal."""
        console: Console = load("rich.console:Console")(stderr=True, highlight=False)
        return console

    def runtime(self) -> AbstractAsyncContextManager[Runtime]:
        """Open a runtime on migrated servers: those of a running `up`, else ones of its own."""
        opened: AbstractAsyncContextManager[Runtime] = load("myriad.apps.cli.servers:open_runtime")(
            self.home
        )
        return opened

    def show(self, result: Mapping[str, Any], lines: Iterable[str]) -> None:
        """Print `result` as JSON when that is wanted, else the lines."""
        text = json.dumps(result, indent=1, default=str) if self.as_json else "\n".join(lines)
        sys.stdout.write(f"{text}\n")
