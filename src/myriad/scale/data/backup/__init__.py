"""Backups: full and incremental, the write-ahead log, any time since, and drills that prove it."""

from myriad.scale.data.backup.archive import archive_command, keep_log, restore_command
from myriad.scale.data.backup.drilling import Drill, drill
from myriad.scale.data.backup.health import BackupHealth, Trouble, read_health
from myriad.scale.data.backup.note import LogState, NightlyNote, find_note
from myriad.scale.data.backup.port import ServerTools
from myriad.scale.data.backup.restoring import Restored, restore
from myriad.scale.data.backup.settings import BackupSettings
from myriad.scale.data.backup.store import Backup, BackupStore
from myriad.scale.data.backup.taking import mark_and_archive, take_backup

__all__ = [
    "Backup",
    "BackupHealth",
    "BackupSettings",
    "BackupStore",
    "Drill",
    "LogState",
    "NightlyNote",
    "Restored",
    "ServerTools",
    "Trouble",
    "archive_command",
    "drill",
    "find_note",
    "keep_log",
    "mark_and_archive",
    "read_health",
    "restore",
    "restore_command",
    "take_backup",
]
