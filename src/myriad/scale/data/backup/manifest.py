"""Every file of a backup against the digest that was taken while it was written.

`pg_verifybackup` would do the same, but does not start in the wheel of PostgreSQL 18. The manifest
is described in PostgreSQL's documentation, "Backup Manifest Format".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from myriad.scale.data.backup.errors import BackupDamagedError

MANIFEST = "backup_manifest"
CHECKSUMS = "SHA256"
_READ_BYTES = 1 << 20
_THREADS = 2


@dataclass(frozen=True)
class WalRange:
    """What of the write-ahead log a backup needs: from `start` to `end`, positions as hex text."""

    timeline: int
    start: str
    end: str


@dataclass(frozen=True)
class Manifest:
    """The list of a backup's files, and which write-ahead log makes them whole."""

    folder: Path
    stated: dict[str, Any]

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read the manifest in `folder` and check its own digest, or raise BackupDamagedError."""
        path = folder / MANIFEST
        try:
            content = path.read_bytes()
            stated = json.loads(content)
            body, digest = content[: content.rindex(b'"Manifest-Checksum"')], stated[_OWN]
        except (OSError, ValueError, KeyError) as error:
            raise damaged(path, f"cannot be read: {error}") from None
        if hashlib.sha256(body).hexdigest() != digest:
            raise damaged(path, "is not what was written")
        return cls(folder, stated)

    @property
    def wal(self) -> WalRange:
        """The range of the newest timeline."""
        last = self.stated["WAL-Ranges"][-1]
        return WalRange(last["Timeline"], last["Start-LSN"], last["End-LSN"])

    @property
    def system_identifier(self) -> int:
        """The cluster that was copied; standbys share it with their primary."""
        return int(self.stated["System-Identifier"])

    def verify(self) -> int:
        """Read every file; return their bytes, or raise BackupDamagedError at the first fault."""
        self._refuse_missing()
        with ThreadPoolExecutor(_THREADS) as pool:
            return sum(pool.map(self._verify_file, self.stated["Files"]))

    def _refuse_missing(self) -> None:
        for entry in self.stated["Files"]:
            path = self.folder / _name(entry)
            if not path.is_file():
                raise damaged(path, "is missing")
            if path.stat().st_size != entry["Size"]:
                raise damaged(path, f"has {path.stat().st_size} bytes, not {entry['Size']}")

    def _verify_file(self, entry: dict[str, Any]) -> int:
        path, digest = self.folder / _name(entry), hashlib.sha256()
        for part in _parts(path):
            digest.update(part)
        if entry.get("Checksum-Algorithm") != CHECKSUMS or digest.hexdigest() != entry["Checksum"]:
            raise damaged(path, "is not what was written")
        return int(entry["Size"])


_OWN = "Manifest-Checksum"


def _name(entry: dict[str, Any]) -> str:
    """Return the file's path; a name that is no UTF-8 stands in hexadecimal."""
    encoded = entry.get("Encoded-Path")
    return bytes.fromhex(encoded).decode(errors="surrogateescape") if encoded else entry["Path"]


def _parts(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while part := file.read(_READ_BYTES):
            yield part


def damaged(path: Path, fault: str) -> BackupDamagedError:
    """Return the error for one file of a backup."""
    message = f"{path} {fault}: use an earlier backup, and take a new one (./myriad db backup)"
    return BackupDamagedError(message, file=str(path))
