"""Steps of a move in a process of their own, so that a test can kill it."""

from __future__ import annotations

from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from myriad.scale.data.migrate import follow
from myriad.scale.embedded.servers import ServerUrls
from tests.scale.data.migrate.shop import open_move


def run_step(
    step: str, path: Path, urls: ServerUrls, name: str, opened: Connection[Any, Any]
) -> None:
    """Run one step, once it has told that both databases are open."""
    move = open_move(path, urls, name)
    opened.send("open")
    if step == "follow":
        follow(move, lambda: False)
    elif step == "verify":
        move.verify()
    else:
        getattr(move, step)()
