"""Remembers which schema an embedded database has, so that a later start need not ask it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import myriad
from myriad.scale.embedded import EmbeddedPostgres

_SOURCE = Path(myriad.__file__).parent


def digest_of_migrations(source: Path = _SOURCE) -> str:
    """Return a digest of every migration's name and content."""
    digest = hashlib.sha256()
    for path in sorted(source.glob("**/migrations/versions/*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


@dataclass(frozen=True)
class SchemaStamp:
    """A file beside the data, which a copy or a restored backup of it brings along."""

    path: Path

    @classmethod
    def of(cls, postgres: EmbeddedPostgres | None) -> SchemaStamp | None:
        """Return the stamp of an embedded server; None for a user's own, which others change."""
        return cls(postgres.folder / "schema") if postgres else None

    def is_current(self) -> bool:
        """Say whether the database was prepared by exactly these migrations."""
        return self.path.exists() and self.path.read_text() == digest_of_migrations()

    def write(self) -> None:
        """Note that these migrations are in place."""
        self.path.write_text(digest_of_migrations())
