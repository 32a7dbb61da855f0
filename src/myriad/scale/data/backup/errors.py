"""What can go wrong with backups; every message says what to do."""

from __future__ import annotations

from myriad.kit.errors import ConflictError, InvalidInputError, NotFoundError, UnavailableError


class BackupMissingError(NotFoundError):
    """There is no finished backup, or none of that name or before that time."""

    code = "backup_missing"
    title = "No such backup"


class BackupDamagedError(ConflictError):
    """A file of a backup is missing, or is not what was written; `file` is its path."""

    code = "backup_damaged"
    title = "Backup damaged"


class BackupBusyError(ConflictError):
    """Another process writes to this folder of backups."""

    code = "backup_busy"
    title = "Backups busy"


class BackupRoomError(UnavailableError):
    """The disk of the folder has less room than a backup may take."""

    code = "backup_room"
    title = "No room for a backup"


class ArchiveError(UnavailableError):
    """The write-ahead log does not reach the folder of backups."""

    code = "wal_archive_unavailable"
    title = "Write-ahead log not kept"


class RestoreTargetError(InvalidInputError):
    """A backup cannot be restored to that place or time."""

    code = "restore_target"
    title = "Cannot be restored there"


class RestoreError(UnavailableError):
    """What was restored does not come up, or not to the wanted point."""

    code = "restore_failed"
    title = "Not restored"


class DrillError(ConflictError):
    """What was restored is not what the source holds; `tables` names the difference."""

    code = "drill_differs"
    title = "The restored copy differs"
