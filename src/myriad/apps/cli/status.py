"""`./myriad status`."""

from __future__ import annotations

from typing import Any

import psutil
import typer

from myriad.apps.cli.context import CliContext
from myriad.apps.cli.display import part_line
from myriad.scale.embedded.state import HomeState, read_state

app = typer.Typer(rich_markup_mode=None, add_completion=False)
_GOOD = {"ready", "done", "working"}


def look(state: HomeState) -> dict[str, Any]:
    """Return what runs now; a part whose process is gone is not believed to be well."""
    if not state.is_alive or state.kind != "up":
        return {"running": False, "healthy": False, "address": None, "parts": {}}
    parts = {name: _seen(part) for name, part in state.parts.items()}
    healthy = all(part["health"] in _GOOD for part in parts.values())
    return {"running": True, "healthy": healthy, "address": state.address, "parts": parts}


def _seen(part: dict[str, Any]) -> dict[str, Any]:
    lives = part["pid"] is not None and psutil.pid_exists(part["pid"])
    settled = part["health"] in ("done", "failed", "restarting")
    return part if lives or settled else part | {"health": "gone"}


@app.command(epilog="Example:  ./myriad status --json")
def command(ctx: typer.Context) -> None:
    """Show each part and its health; exit code 1 unless everything is well."""
    context: CliContext = ctx.obj
    seen = look(read_state(context.home))
    lines = [_headline(seen, context)]
    for name, part in seen["parts"].items():
        restarts = f"restarts: {part['restarts']}" if part["restarts"] else ""
        lines.append(part_line(name, part["health"], f"{part['detail']} {restarts}".strip()))
    context.show(seen, lines)
    raise typer.Exit(0 if seen["healthy"] else 1)


def _headline(seen: dict[str, Any], context: CliContext) -> str:
    if not seen["running"]:
        return f"Nothing runs on {context.home}."
    address = seen["address"]
    return f"Myriad runs at {address}" if address else "Myriad is starting."
