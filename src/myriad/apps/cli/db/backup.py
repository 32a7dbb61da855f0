"""`./myriad db backup`, `restore` and `drill`."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import typer

from myriad.apps.cli.context import CliContext
from myriad.apps.cli.db import backup_status
from myriad.apps.cli.db.places import (
    backup_settings,
    login_of,
    restoring_login,
    source_url,
    tools_for,
    writable,
)
from myriad.kit.clock import utc_now
from myriad.kit.errors import InvalidInputError
from myriad.scale.data.backup import Backup, BackupStore, drill, restore, take_backup
from myriad.scale.data.backup.archive import find_log_folder

_PLAIN: dict[str, Any] = {"rich_markup_mode": None, "add_completion": False}
backup_app = typer.Typer(**_PLAIN)
restore_app = typer.Typer(**_PLAIN)
drill_app = typer.Typer(**_PLAIN)

Folder = typer.Option(None, "--folder", help="The folder of backups [default: HOME/backups].")
Node = typer.Option(
    None, "--node", help="Whose part of the folder; one for each server [default: primary]."
)
Url = typer.Option(None, "--url", help="A login with REPLICATION on a server of your own.")
Binaries = typer.Option(None, "--binaries", help="The folder of PostgreSQL's programs.")
_BACKUP = """
Incremental on the newest backup of the week, else full; read back before it counts. The server
keeps its write-ahead log in the same folder from the first backup on, so that any later moment can
be restored. Never written over another backup.

Examples:

  ./myriad db backup

  ./myriad db backup status

  ./myriad db backup --url postgresql://backup@db.internal/myriad --folder /mnt/backups
"""
_RESTORE = """
Into a folder that is empty or not there yet; a server is never restored over. What comes out is a
stopped cluster that archives nothing.

Examples:

  ./myriad db restore /srv/restored

  ./myriad db restore /srv/restored --at 2026-11-21T13:59:00+01:00
"""
_DRILL = """
Restores the newest backup into a scratch folder, compares every table with its source by count and
digest at one marked moment, and throws the copy away. Exit code 0 says that the backup is good.

Example:

  ./myriad db drill --json
"""


@backup_app.callback(epilog=_BACKUP, invoke_without_command=True)
def backup_command(
    ctx: typer.Context,
    folder: Path | None = Folder,
    node: str | None = Node,
    url: str | None = Url,
    binaries: Path | None = Binaries,
    full: bool = typer.Option(False, "--full", help="Full, even where less would do."),
    log: bool = typer.Option(True, "--log/--no-log", help="Let the server keep its log there."),
    keep: int | None = typer.Option(
        None, min=1, help="So many full ones stay, however old [default: 2]."
    ),
    keep_days: int | None = typer.Option(
        None, min=0, help="What is younger, in days, stays [default: 30]."
    ),
    show: bool = typer.Option(False, "--list", help="Only list what is there."),
) -> None:
    """Take a backup of the database, verify it, and remove what is too old."""
    if ctx.invoked_subcommand is not None:
        return
    context: CliContext = ctx.obj
    settings, store = backup_settings(context, folder, node)
    if show:
        known = store.list_backups()
        lines = [_line(one) for one in known] or ["No backup yet: ./myriad db backup takes one."]
        context.show({"backups": [_facts(one) for one in known]}, lines)
        return
    with source_url(context, url) as source, writable():
        tools = tools_for(context, binaries or settings.binaries, store.root)
        before = find_log_folder(source)
        taken = take_backup(tools, source, store, full=full, with_log=log)
    days = settings.keep_days if keep_days is None else keep_days
    oldest = utc_now() - timedelta(days=days)
    removed = store.prune(keep=keep or settings.keep, not_before=oldest)
    gone = [f"{len(removed)} old ones removed."] if removed else []
    moved = _moved_log(before, store) if log else []
    context.show({"backup": _facts(taken), "removed": removed}, [_line(taken), *gone, *moved])


@backup_app.command("status", epilog=backup_status.STATUS)
def status_command(
    ctx: typer.Context,
    folder: Path | None = Folder,
    node: str | None = Node,
    url: str | None = Url,
) -> None:
    """Say how old the newest good backup is, whether the log is kept, and what to do."""
    backup_status.status(ctx.obj, folder, node, url)


@backup_app.command("serve", epilog=backup_status.SERVE)
def serve_command(
    ctx: typer.Context,
    folder: Path | None = Folder,
    node: str | None = Node,
    url: str | None = Url,
    binaries: Path | None = Binaries,
) -> None:
    """Take a backup each night, at MYRIAD_BACKUP__HOUR, until Ctrl-C."""
    backup_status.serve_here(ctx.obj, folder, node, url, binaries)


@restore_app.command(epilog=_RESTORE)
def restore_command(
    ctx: typer.Context,
    target: Path = typer.Argument(metavar="FOLDER", help="Where the restored cluster goes."),
    folder: Path | None = Folder,
    node: str | None = Node,
    binaries: Path | None = Binaries,
    at: str | None = typer.Option(
        None, "--at", help="The moment, with its zone [default: newest]."
    ),
    backup: str | None = typer.Option(None, "--backup", help="From this backup on."),
    login: str | None = typer.Option(
        None, help="A role of the copied cluster [default: that which takes backups]."
    ),
) -> None:
    """Restore the database, as it was last or at any moment since the first backup."""
    context: CliContext = ctx.obj
    settings, store = backup_settings(context, folder, node)
    place = target.expanduser().absolute()
    tools = tools_for(context, binaries or settings.binaries, store.root, place)
    with writable():
        role = login or restoring_login(context.home)
        done = restore(tools, store, place, login=role, at=_moment(at), backup_id=backup)
    last = done.recovered_to.isoformat() if done.recovered_to else "the end of the backup"
    lines = [
        f"Restored {done.backup.id} and the log after it, up to {last}, in {done.seconds:.1f} s.",
        f"Start it by: {shlex.quote(str(tools.binaries / 'postgres'))} -D {shlex.quote(str(place))} "
        "-p PORT, as the account that owns it (nothing is archived until you say so).",
    ]
    facts = {"folder": place, "recovered_to": done.recovered_to, "seconds": done.seconds}
    context.show({**facts, "backup": _facts(done.backup)}, lines)


@drill_app.command(epilog=_DRILL)
def drill_command(
    ctx: typer.Context,
    folder: Path | None = Folder,
    node: str | None = Node,
    url: str | None = Url,
    binaries: Path | None = Binaries,
) -> None:
    """Prove the newest backup: restore it beside its source and compare every table."""
    context: CliContext = ctx.obj
    settings, store = backup_settings(context, folder, node)
    with source_url(context, url) as source, writable():
        tools = tools_for(context, binaries or settings.binaries, store.root)
        done = drill(tools, source, store, login=login_of(source))
    lines = [
        f"{done.tables} tables with {done.rows:,} rows are the same in the restored copy.",
        f"Recovery point: {done.recovered_to or done.backup.ended_at}; before the drill the disk "
        f"could have taken at most the last {done.exposed_seconds:.0f} s.",
        f"Recovery time: {done.restore_seconds:.1f} s from the backup to a server that answers.",
    ]
    context.show({**asdict(done), "backup": _facts(done.backup)}, lines)


def _moved_log(before: Path | None, store: BackupStore) -> list[str]:
    """Say so where the log left another folder, whose backups come back to no later moment."""
    if before in (None, store.wal):
        return []
    return [
        f"The server's log goes here from now on, and no longer to {before}: what is there comes "
        "back up to now. A backup taken there again brings it back; --no-log leaves it where it is."
    ]


def _moment(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        raise InvalidInputError(
            f"{text!r} is no moment; write it as 2026-11-21T13:59:00+01:00"
        ) from None


def _facts(backup: Backup) -> dict[str, Any]:
    facts = asdict(backup)
    del facts["wal"]
    return facts


def _line(backup: Backup) -> str:
    size = backup.size_bytes / 1e6
    return f"{backup.id}  {size:,.1f} MB, to {backup.ended_at:%Y-%m-%d %H:%M:%S} UTC, verified"
