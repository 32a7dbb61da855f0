"""What `./myriad up` and `./myriad status` print: one line a part."""

from __future__ import annotations

import contextlib
import sys

import typer

_COLOURS = {
    "ready": typer.colors.GREEN,
    "done": typer.colors.GREEN,
    "restarting": typer.colors.YELLOW,
    "not answering": typer.colors.YELLOW,
    "failed": typer.colors.RED,
}
_NAME_WIDTH = 17
_HEALTH_WIDTH = 14


def part_line(name: str, health: str, detail: str = "") -> str:
    """Return the line of one part: its name, its health, where it is."""
    padded = f"{health:<{_HEALTH_WIDTH}}"
    shown = typer.style(padded, fg=_COLOURS.get(health)) if sys.stdout.isatty() else padded
    return f"  {name:<{_NAME_WIDTH}} {shown} {detail}".rstrip()


def say(text: str) -> None:
    """Print a line; a reader who has gone away is no reason to stop."""
    with contextlib.suppress(OSError):
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
