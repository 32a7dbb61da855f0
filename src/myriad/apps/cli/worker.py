"""`./myriad worker`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from myriad.apps.cli.context import CliContext
from myriad.apps.cli.environment import embedded_names, overrides
from myriad.apps.settings import Settings, load_settings
from myriad.kit.errors import UnavailableError
from myriad.scale.embedded.state import read_state
from myriad.scale.manifest import load
from myriad.scale.observe import logs

app = typer.Typer(rich_markup_mode=None, add_completion=False)
_SERVE = "myriad.apps.worker:serve"
_EPILOG = """
Examples:

  ./myriad worker --concurrency 32

  ./myriad worker --classes interactive,high --name front-1
"""


@app.command(epilog=_EPILOG)
def command(
    ctx: typer.Context,
    classes: str | None = typer.Option(
        None, metavar="CLASSES", help="Only these classes, such as interactive,high [default: all]."
    ),
    concurrency: int | None = typer.Option(
        None, min=1, max=1000, help="How many bundles of jobs run at once [default: 16]."
    ),
    name: str | None = typer.Option(
        None, help="A name that no other worker has [default: made from the host's]."
    ),
) -> None:
    """Run one more worker here until Ctrl-C, on the servers of `up` or those of MYRIAD_* URLs.

    Ctrl-C or SIGTERM lets running jobs end for MYRIAD_WORKER__GRACE_SECONDS and gives the rest
    back to the queue; a second one stops at once.
    """
    context: CliContext = ctx.obj
    given = {"classes": classes, "slots": concurrency, "name": name}
    settings = get_settings(context.home, {k: v for k, v in given.items() if v is not None})
    logs.configure("worker")
    raise typer.Exit(load(_SERVE)(settings))


def get_settings(home: Path, worker: dict[str, Any]) -> Settings:
    """Return settings that reach running servers, or raise UnavailableError saying what to do."""
    state = read_state(home)
    if state.is_alive and state.kind == "up" and state.urls is not None:
        return load_settings(**overrides(home, state.urls), worker=worker)
    missing = embedded_names()
    if not missing:
        return load_settings(worker=worker)
    raise UnavailableError(
        f"nothing runs on {home}, so there is no queue to work on; run `./myriad up` there first, "
        "or set MYRIAD_DATABASE__URL, MYRIAD_REDIS__BROKER_URL and MYRIAD_REDIS__CACHE_URL"
    )
