"""A primary and its standby, each a direct child, so that a killed one is reaped."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from myriad.scale.data.standby import making
from myriad.scale.embedded.postgres import BACKUP, EmbeddedPostgres
from tests.scale.data.clusters import add_entries, make_table, tools_of


@dataclass
class Pair:
    """Two servers of one cluster."""

    primary: EmbeddedPostgres
    standby: EmbeddedPostgres
    primary_child: subprocess.Popen[bytes]
    standby_child: subprocess.Popen[bytes]

    def kill_primary(self) -> None:
        """Kill every process of the primary at once, as a machine that goes."""
        whole = psutil.Process(self.primary_child.pid).children(recursive=True)
        self.primary_child.kill()
        for process in whole:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.primary_child.wait()

    def start_primary(self) -> None:
        """Start what was the primary again."""
        self.primary_child = self.primary.spawn()
        self.primary.wait_ready(self.primary_child)

    @contextlib.contextmanager
    def replay_stopped(self) -> Iterator[None]:
        """Let the standby receive but not replay while the block lasts."""
        (replay,) = [
            child
            for child in psutil.Process(self.standby_child.pid).children()
            if "startup" in " ".join(child.cmdline())
        ]
        replay.suspend()
        try:
            yield
        finally:
            replay.resume()


@contextlib.contextmanager
def running_pair(folder: Path) -> Iterator[Pair]:
    """Run a primary with ten entries of two tenants, and a standby that follows it."""
    primary, standby = EmbeddedPostgres(folder / "one"), EmbeddedPostgres(folder / "two")
    primary.initialise()
    with contextlib.ExitStack() as stack:
        first = primary.spawn()
        pair = Pair(primary, standby, first, first)
        stack.callback(lambda: primary.stop(pair.primary_child))
        primary.wait_ready(first)
        make_table(primary)
        add_entries(primary, 1, 10)
        shutil.copytree(primary.home / "secrets", standby.home / "secrets")
        tools = tools_of(primary)
        tools.own(standby.folder)
        making.add_standby(tools, primary.url(BACKUP), standby.data, "standby1")
        pair.standby_child = standby.spawn()
        stack.callback(lambda: standby.stop(pair.standby_child))
        standby.wait_ready(pair.standby_child)
        yield pair
