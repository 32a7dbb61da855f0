"""The process of backups: `python -m myriad.apps.backups` takes one each night and keeps what is due.

It runs on the machine of the server, as whoever may write its folder, and alone has the login that
copies the cluster. Decision 0028 says why it is neither a job nor a part of another process.
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import UTC, datetime
from types import FrameType
from zoneinfo import ZoneInfo

from prometheus_client import start_http_server

from myriad.apps.copying import CopySettings, load_copy_settings
from myriad.kit.errors import MyriadError
from myriad.scale.data.backup.nightly import NightlyBackups
from myriad.scale.embedded.tools import PostgresTools
from myriad.scale.observe import logs
from myriad.scale.schedule.cron import next_cron_fire

_MINUTE = 17
# What people wait for goes before what nobody waits for.
_NICENESS = 10


def nightly_backups(settings: CopySettings, url: str) -> NightlyBackups:
    """Return the backups of the server of `url`, a login with REPLICATION."""
    chosen = settings.backup
    store = chosen.store_within(settings.home)
    own = (settings.home / "postgres").absolute()
    folders = [own, store.root] if own.exists() else [store.root]
    tools = PostgresTools.for_folders(*folders, binaries=chosen.binaries)
    cron = f"{_MINUTE} {chosen.hour} * * *"

    def next_fire(after: datetime) -> datetime:
        return next_cron_fire(cron, ZoneInfo("UTC"), after.astimezone(UTC))

    return NightlyBackups(tools, url, store, chosen, next_fire)


def serve(settings: CopySettings, url: str) -> None:
    """Take backups until SIGTERM or Ctrl-C; one that is under way is broken off and counts as none."""
    chosen = settings.backup
    if chosen.metrics_port is not None:
        start_http_server(chosen.metrics_port, chosen.metrics_host)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    os.nice(_NICENESS)
    nightly_backups(settings, url).serve()


def main() -> int:
    """Serve until a signal and return the exit code; settings come from the environment."""
    logs.configure("backups")
    try:
        settings = load_copy_settings()
    except MyriadError as error:
        sys.exit(f"no backups can be taken: {error.detail}")
    if settings.database.backup_url is None:
        sys.exit("no backups can be taken: set MYRIAD_DATABASE__BACKUP_URL to a login for it")
    serve(settings, settings.database.backup_url.get_secret_value())
    return 0


def _leave(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


if __name__ == "__main__":
    sys.exit(main())
