"""Room on a disk: asked for before anything is written."""

from __future__ import annotations

import shutil
from pathlib import Path

from myriad.scale.data.backup.errors import BackupRoomError


def refuse_without_room(folder: Path, needed_bytes: int, *, is_restore: bool = False) -> None:
    """Raise BackupRoomError when the disk of `folder` has less than `needed_bytes` free.

    A disk that fills up on the way may be that of the server, which then stops.
    """
    free = shutil.disk_usage(folder).free
    if free < needed_bytes:
        what, other = (
            ("what is restored takes", "name a folder on another disk")
            if is_restore
            else (
                "a backup may take the size of the database,",
                "name another folder by --folder or MYRIAD_BACKUP__FOLDER",
            )
        )
        raise BackupRoomError(
            f"{folder} has {free / 1e9:.1f} GB free, and {what} {needed_bytes / 1e9:.1f} GB: make "
            f"room, or {other}"
        )
