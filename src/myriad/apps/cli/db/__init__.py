"""`./myriad db …`: the database behind everything; each command's module is imported when called."""

from __future__ import annotations

import typer

from myriad.apps.cli.frame import LazyGroup

DB_COMMANDS: dict[str, tuple[str, str]] = {
    "backup": ("myriad.apps.cli.db.backup:backup_app", "Take a backup, or list what is there."),
    "migrate": ("myriad.apps.cli.db.migrate:app", "Move a SQLite database here."),
    "restore": ("myriad.apps.cli.db.backup:restore_app", "Restore, to any moment since."),
    "drill": ("myriad.apps.cli.db.backup:drill_app", "Prove that the newest backup restores."),
    "archive": ("myriad.apps.cli.db.archive:app", "Months: made ahead, archived, read back."),
    "lint": ("myriad.apps.cli.db.lint:app", "Look for what is wrong, with what mends it."),
    "slow": ("myriad.apps.cli.db.use:slow_app", "Statements that take longest, without values."),
    "indexes": ("myriad.apps.cli.db.use:indexes_app", "How often each index was read."),
    "sizes": ("myriad.apps.cli.db.use:sizes_app", "How large tables, partitions, accounts are."),
    "rollup": ("myriad.apps.cli.db.rollup:app", "Rollups: list, compare with the rows, rebuild."),
    "quarantine": ("myriad.apps.cli.db.quarantine:app", "Rows refused: look, retry, drop."),
    "standby": ("myriad.apps.cli.db.standby:app", "Standbys: add, run, status, promote, rewind."),
}


class DatabaseGroup(LazyGroup):
    """The commands of the database, by name and summary."""

    known = DB_COMMANDS


app = typer.Typer(
    cls=DatabaseGroup,
    help="The database: what stands beside it, what is kept of it, what ails it.",
    epilog="Example:  ./myriad db backup",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)


@app.callback()
def group() -> None:
    """The database: what stands beside it, what is kept of it, what ails it."""
