"""`./myriad down`."""

from __future__ import annotations

import signal

import psutil
import typer

from myriad.apps.cli.context import CliContext
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
    try:
        process.wait(_WAIT_SECONDS)
    except psutil.TimeoutExpired:
        typer.echo(f"myriad: it does not end; see {context.home / 'logs'}", err=True)
        raise typer.Exit(1) from None
    context.show({"stopped": True}, ["Stopped."])
