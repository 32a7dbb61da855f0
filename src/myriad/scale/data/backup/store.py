"""A folder of backups: what lies in it, who writes to it, what is old enough to go.

    <folder>/<node>/backups/<id>/data        as pg_basebackup wrote it
    <folder>/<node>/backups/<id>/backup.json what it is, written last
    <folder>/<node>/wal/<segment>            the write-ahead log of that node alone

Each node has its own part: two servers that write to one archive spoil it, for a copy that was
promoted goes on with a timeline of its own.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from myriad.kit.errors import InvalidInputError
from myriad.scale.data.backup.errors import BackupBusyError, BackupMissingError
from myriad.scale.data.backup.manifest import Manifest, damaged

FACTS = "backup.json"
PARTIAL = ".partial-"
NODE = re.compile(r"^[a-z0-9][a-z0-9_-]{0,40}$")
_SEGMENT = re.compile(r"[0-9A-F]{24}")


@dataclass(frozen=True)
class Backup:
    """One finished backup; `parent` is the one that an incremental one builds on.

    `wal` are the digests of the log files that came with it, which no manifest lists.
    """

    id: str
    kind: str
    parent: str | None
    began_at: datetime
    ended_at: datetime
    system_identifier: int
    timeline: int
    start: str
    end: str
    first_segment: str
    size_bytes: int
    manifest_digest: str
    wal: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        """Return it as the text of its file."""
        return json.dumps(asdict(self), indent=1, default=datetime.isoformat)

    @classmethod
    def from_json(cls, text: str) -> Backup:
        """Read the text of its file."""
        facts: dict[str, Any] = json.loads(text)
        times = {key: datetime.fromisoformat(facts[key]) for key in ("began_at", "ended_at")}
        return cls(**{**facts, **times})


@dataclass(frozen=True)
class BackupStore:
    """The part of a folder of backups that belongs to one node."""

    root: Path
    node: str = "primary"

    def __post_init__(self) -> None:
        if not NODE.fullmatch(self.node):
            raise InvalidInputError(
                f"{self.node!r} is no name of a node: small letters, digits, - and _, up to 41"
            )

    @property
    def backups(self) -> Path:
        """Where the backups lie."""
        return self.root / self.node / "backups"

    @property
    def wal(self) -> Path:
        """Where the node's write-ahead log goes."""
        return self.root / self.node / "wal"

    def folder_of(self, backup_id: str) -> Path:
        """Return the folder of one backup."""
        return self.backups / backup_id

    def data_of(self, backup_id: str) -> Path:
        """Return the copied data folder of one backup."""
        return self.folder_of(backup_id) / "data"

    def list_backups(self) -> list[Backup]:
        """Return the finished backups, oldest first; those under way or broken off are not in."""
        if not self.backups.is_dir():
            return []
        found = sorted(self.backups.glob(f"[!.]*/{FACTS}"))
        return sorted((_read(path) for path in found), key=lambda one: one.ended_at)

    def get(self, backup_id: str | None = None, before: datetime | None = None) -> Backup:
        """Return the backup named, else the newest that ended before `before`."""
        known = self.list_backups()
        if backup_id is not None:
            known = [one for one in known if one.id == backup_id]
        if before is not None:
            known = [one for one in known if one.ended_at <= before]
        if not known:
            raise BackupMissingError(self._missing(backup_id, before))
        return known[-1]

    def _missing(self, backup_id: str | None, before: datetime | None) -> str:
        wanted = backup_id or (f"before {before.isoformat()}" if before else "any")
        message = f"there is no finished backup ({wanted}) in {self.backups}"
        there = self.list_backups()
        if not there:
            return f"{message}; take one by ./myriad db backup"
        first = f"{there[0].ended_at:%Y-%m-%d %H:%M:%S} UTC"
        return f"{message}; ./myriad db backup --list shows those there are, the first of {first}"

    def find_reach(self) -> datetime | None:
        """Return the last moment that comes back should the server's disk be gone, if any does.

        It is that at which the newest segment of the log was kept, or the newest backup's end.
        """
        known = self.list_backups()
        if not known:
            return None
        ended_at = known[-1].ended_at
        names = os.listdir(self.wal) if self.wal.is_dir() else []
        newest = max(filter(_SEGMENT.match, names), default=None)
        if newest is None:
            return ended_at
        kept = (self.wal / newest).stat().st_mtime
        return max(ended_at, datetime.fromtimestamp(kept, UTC))

    def chain_of(self, backup: Backup) -> list[Backup]:
        """Return what `backup` needs to be restored, the full one first, itself last."""
        chain = [backup]
        while (parent := chain[0].parent) is not None:
            chain.insert(0, self.get(parent))
        return chain

    def verify(self, backup: Backup) -> int:
        """Read every file of a backup and of what it builds on; return their bytes.

        Raises BackupDamagedError with the first file that is missing or not what was written.
        """
        return sum(self._verify_one(one) for one in self.chain_of(backup))

    def _verify_one(self, backup: Backup) -> int:
        data = self.data_of(backup.id)
        manifest = Manifest.read(data)
        if manifest.stated["Manifest-Checksum"] != backup.manifest_digest:
            raise damaged(data / "backup_manifest", "is that of another backup")
        for name, digest in backup.wal.items():
            path = data / "pg_wal" / name
            if not path.is_file() or digest_of(path) != digest:
                raise damaged(path, "is missing or not what was written")
        return manifest.verify()

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Hold this node's part for one writer, and clear away what another left half-made."""
        self.backups.mkdir(parents=True, exist_ok=True)
        with (self.root / self.node / ".lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                message = f"another backup or drill works in {self.backups}; wait for its end"
                raise BackupBusyError(message) from None
            for leftover in self.backups.glob(f"{PARTIAL}*"):
                shutil.rmtree(leftover)
            yield

    def prune(self, *, keep: int, not_before: datetime) -> list[str]:
        """Remove chains that are neither among the `keep` newest nor younger than `not_before`.

        A chain is a full backup with the incremental ones on it; the log that no kept backup needs
        goes with it. Returns the ids that are gone. The newest chain always stays.
        """
        known = self.list_backups()
        roots = [one for one in known if one.parent is None]
        last = {root.id: max(_of_chain(known, root), key=lambda o: o.ended_at) for root in roots}
        kept = {root.id for root in roots[-max(1, keep) :]}
        gone = [
            root for root in roots if root.id not in kept and last[root.id].ended_at < not_before
        ]
        removed = [one.id for root in gone for one in reversed(_of_chain(known, root))]
        with self.writing():
            for backup_id in removed:
                self._remove(backup_id)
            self._prune_wal()
        return removed

    def _remove(self, backup_id: str) -> None:
        """Take one backup away: invisible first, so that nobody finds half of it."""
        hidden = self.backups / f"{PARTIAL}{backup_id}"
        self.folder_of(backup_id).rename(hidden)
        shutil.rmtree(hidden)

    def _prune_wal(self) -> None:
        """Remove the log that lies before the oldest backup, whatever its timeline."""
        known = self.list_backups()
        if not known or not self.wal.is_dir():
            return
        oldest = min(one.first_segment[8:] for one in known)
        for path in self.wal.iterdir():
            if _SEGMENT.match(path.name) and path.name[8:24] < oldest:
                path.unlink()


def _of_chain(known: list[Backup], root: Backup) -> list[Backup]:
    """Return `root` and what builds on it, in the order in which they were taken."""
    chain = [root]
    for one in known:
        if one.parent in {link.id for link in chain}:
            chain.append(one)
    return chain


def _read(path: Path) -> Backup:
    try:
        return Backup.from_json(path.read_text())
    except (ValueError, TypeError, KeyError) as error:
        raise damaged(path, f"cannot be read: {error}") from None


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_durably(path: Path, text: str) -> None:
    """Write a new file so that it is on the disk, and its name as well, when this returns."""
    with path.open("x") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)


def replace_durably(path: Path, text: str) -> None:
    """Write a file in place of the one that is there; a reader finds the old or the new one."""
    new = path.with_name(f"{PARTIAL}{path.name}")
    new.unlink(missing_ok=True)
    write_durably(new, text)
    new.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
