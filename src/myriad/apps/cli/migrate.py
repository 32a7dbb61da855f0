"""`./myriad migrate`: the schema of a user's own database, or of the embedded one."""

from __future__ import annotations

import typer

from myriad.apps.cli.context import CliContext
from myriad.apps.cli.servers import attached_or_started, migrate
from myriad.apps.products import migration_locations
from myriad.scale.data.migrations import is_current

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command(epilog="Example:  ./myriad migrate")
def command(ctx: typer.Context) -> None:
    """Bring the database to the newest schema; safe to repeat and to run twice at once."""
    context: CliContext = ctx.obj
    with attached_or_started(context.home) as settings:
        migrate(settings)
        current = is_current(settings.database.owner, migration_locations())
    state = "current" if current else "behind"
    context.show({"schema": state}, [f"The schema is {state}."])
    raise typer.Exit(0 if current else 1)
