"""Backups that were never taken, for tests of what is kept and told of them."""

from __future__ import annotations

from datetime import datetime

from myriad.scale.data.backup import Backup, BackupStore


def made_up(store: BackupStore, number: int, parent: str | None, ended_at: datetime) -> Backup:
    """Put a backup with nothing in it into the folder, and return it."""
    backup = Backup(
        id=f"b{number}",
        kind="incremental" if parent else "full",
        parent=parent,
        began_at=ended_at,
        ended_at=ended_at,
        system_identifier=1,
        timeline=1,
        start="0/0",
        end="0/0",
        first_segment=f"{1:08X}{0:08X}{number:08X}",
        size_bytes=0,
        manifest_digest="",
    )
    store.folder_of(backup.id).mkdir(parents=True)
    (store.folder_of(backup.id) / "backup.json").write_text(backup.to_json())
    return backup
