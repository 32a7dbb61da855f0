"""When backups are taken, where they lie and how long they stay: MYRIAD_BACKUP__<NAME>."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from myriad.scale.data.backup.store import NODE, BackupStore


class BackupSettings(BaseModel):
    """When backups are taken, where they lie and how long they stay.

    With `is_scheduled` one is taken each night at 17 minutes past `hour` (UTC), and what was missed
    is made up. `./myriad up` sets it for the server that it runs itself; for a server of your own it
    is off until you say so, see docs/how-to/backups.md. `folder` is `backups` in MYRIAD_HOME unless
    it is given, `node` the part of it that belongs to this server. Of the full ones `keep` stay
    however old they are, and all that is younger than `keep_days`, each with what builds on it.
    `binaries` names the folder of PostgreSQL's programs when they are not those that come along.
    With a `metrics_port` the process that takes them serves its metrics there.
    """

    model_config = ConfigDict(frozen=True)

    is_scheduled: bool = False
    hour: int = Field(default=2, ge=0, le=23)
    folder: Path | None = None
    node: str = Field(default="primary", pattern=NODE.pattern)
    keep: int = Field(default=2, ge=1)
    keep_days: int = Field(default=30, ge=0)
    binaries: Path | None = None
    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = Field(default=None, ge=1, le=65535)

    def store_within(self, home: Path) -> BackupStore:
        """Return the folder of backups, which `home` gives where none is named."""
        folder = self.folder or home / "backups"
        return BackupStore(folder.expanduser().absolute(), self.node)

    def within(self, home: Path) -> BackupSettings:
        """Return these settings with the folder that `home` gives them."""
        return self.model_copy(update={"folder": self.store_within(home).root})
