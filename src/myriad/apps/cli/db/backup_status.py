"""`./myriad db backup status` and `serve`: how backups go, and the process that takes them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import typer

from myriad.apps.cli.context import CliContext
from myriad.apps.cli.db.places import backup_settings, find_live_url
from myriad.apps.cli.environment import backs_up
from myriad.apps.copying import load_copy_settings
from myriad.kit.clock import utc_now
from myriad.kit.errors import UnavailableError
from myriad.scale.data.backup import BackupHealth, BackupStore, LogState, read_health
from myriad.scale.data.backup.archive import control, read_state
from myriad.scale.data.lint import size_text
from myriad.scale.manifest import load
from myriad.scale.observe import logs

_SERVE = "myriad.apps.backups:serve"
STATUS = """
Exit code 0 when all is well, 1 when something is not; then it says what to do.

Example:

  ./myriad db backup status --json
"""
SERVE = """
What `./myriad up` starts for the server that it runs itself. Beside a server of your own start it
on the machine of that server, as the account that owns the folder of backups.

Example:

  ./myriad db backup serve --url postgresql://backup@db.internal/myriad --folder /mnt/backups
"""


def status(context: CliContext, folder: Path | None, node: str | None, url: str | None) -> None:
    """Show how backups go; exit code 1 when something is wrong."""
    _, store = backup_settings(context, folder, node)
    log = _look_at_log(find_live_url(context, url), store)
    health = read_health(store, is_scheduled=backs_up(), now=utc_now(), log=log)
    context.show(_facts(health), _lines(health))
    raise typer.Exit(1 if health.troubles else 0)


def serve_here(
    context: CliContext,
    folder: Path | None,
    node: str | None,
    url: str | None,
    binaries: Path | None,
) -> None:
    """Take a backup each night until Ctrl-C."""
    chosen, _ = backup_settings(context, folder, node)
    if binaries is not None:
        chosen = chosen.model_copy(update={"binaries": binaries})
    source = find_live_url(context, url)
    if source is None:
        raise UnavailableError(
            "no server to take backups of is known: name a login with REPLICATION by --url or "
            "MYRIAD_DATABASE__BACKUP_URL; ./myriad up takes those of its own server by itself"
        )
    settings = load_copy_settings(home=context.home)
    logs.configure("backups")
    load(_SERVE)(settings.model_copy(update={"backup": chosen}), source)


def _look_at_log(url: str | None, store: BackupStore) -> LogState | None:
    """Ask the server itself; None where it does not answer, for then others say so."""
    if url is None:
        return None
    try:
        with control(url) as connection:
            return LogState.of(read_state(connection), store)
    except psycopg.Error:
        return None


def _facts(health: BackupHealth) -> dict[str, Any]:
    newest, note = health.newest, health.note
    return {
        "healthy": not health.troubles,
        "folder": health.folder,
        "is_scheduled": health.is_scheduled,
        "newest": newest.id if newest else None,
        "newest_ended_at": newest.ended_at if newest else None,
        "backups": len(health.backups),
        "size_bytes": health.size_bytes,
        "restores_to": health.reach,
        "segments_waiting": health.log.waiting if health.log else None,
        "next_at": note.next_at if note and health.is_awake else None,
        "troubles": [{"said": one.said, "remedy": one.remedy} for one in health.troubles],
    }


def _lines(health: BackupHealth) -> Iterator[str]:
    newest, note = health.newest, health.note
    if newest is None:
        yield f"No good backup in {health.folder} yet: ./myriad db backup takes one."
    else:
        yield f"Newest good backup: {newest.id}, ended {newest.ended_at:%Y-%m-%d %H:%M} UTC."
        yield f"Comes back up to {health.reach:%Y-%m-%d %H:%M:%S} UTC, were the disk gone now."
        count = len(health.backups)
        noun = "backup takes" if count == 1 else "backups take"
        yield f"{count} {noun} {size_text(health.size_bytes)} in {health.folder}, without the log."
    if note is not None and health.is_awake:
        running = (
            f", one is taken since {note.running_since:%H:%M} UTC" if note.running_since else ""
        )
        yield f"The next one: {note.next_at:%Y-%m-%d %H:%M} UTC{running}."
    elif not health.is_scheduled:
        yield "None are scheduled: MYRIAD_BACKUP__IS_SCHEDULED=true, docs/how-to/backups.md."
    for one in health.troubles:
        yield f"BAD {one.said}"
        yield f"    {one.remedy}"
