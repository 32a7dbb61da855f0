"""`./myriad down`."""

from __future__ import annotations

import signal
import time

import psutil
import typer

from myriad.apps.cli.context import CliContext
from myriad.scale.embedded.children import is_alive
from myriad.scale.embedded.state import read_state

app = typer.Typer(rich_markup_mode=None, add_completion=False)
_WAIT_SECONDS = 45


@app.command(epilog="Example:  ./myriad down")
def command(ctx: typer.Context) -> None:
    """Stop what `./myriad up` started on this home folder, and wait until it has ended."""
    context: CliContext = ctx.obj
    state = read_state(context.home)
    if not state.is_alive or state.kind != "up":
        context.show({"stopped": False}, [f"Nothing runs on {context.home}."])
        return
    process = psutil.Process(state.pid)
    process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + _WAIT_SECONDS
    while is_alive(process):
        if time.monotonic() > deadline:
            typer.echo(f"myriad: it does not end; see {context.home / 'logs'}", err=True)
            raise typer.Exit(1)
        time.sleep(0.05)
    context.show({"stopped": True}, ["Stopped."])
