"""What the process of nightly backups says of itself, in the folder that it writes to.

Whoever tells how backups go reads it there: a page of another process, a command, or a person.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from myriad.scale.data.backup.archive import ArchiveState
from myriad.scale.data.backup.store import BackupStore, replace_durably

_NOTE = "nightly.json"
_MOMENTS = ("looked_at", "next_at", "running_since", "failed_at")


@dataclass(frozen=True)
class LogState:
    """How the write-ahead log reaches the folder: `waiting` segments do not yet, the oldest `since`."""

    is_kept: bool
    waiting: int = 0
    since: datetime | None = None

    @classmethod
    def of(cls, state: ArchiveState, store: BackupStore) -> Self:
        """Return what the server's own words mean for this folder."""
        return cls(state.goes_to(store), state.ready, state.ready_since)


@dataclass(frozen=True)
class NightlyNote:
    """What the process saw last.

    `failures` is how many backups failed since the last good one, the newest of them at `failed_at`
    by `error`. `log` is None while the server does not answer.
    """

    looked_at: datetime
    next_at: datetime
    running_since: datetime | None = None
    failures: int = 0
    failed_at: datetime | None = None
    error: str = ""
    log: LogState | None = None

    def write(self, store: BackupStore) -> None:
        """Put it into the node's part of the folder, which is there."""
        replace_durably(
            _path(store), json.dumps(asdict(self), indent=1, default=datetime.isoformat)
        )


def find_note(store: BackupStore) -> NightlyNote | None:
    """Return the newest note, or None where no such process ever ran or its note is not readable."""
    try:
        facts: dict[str, Any] = json.loads(_path(store).read_text())
        moments = {key: _moment(facts[key]) for key in _MOMENTS}
        log = facts["log"]
        told = LogState(**{**log, "since": _moment(log["since"])}) if log else None
        return NightlyNote(**{**facts, **moments, "log": told})
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _path(store: BackupStore) -> Path:
    return store.root / store.node / _NOTE
