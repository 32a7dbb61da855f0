"""What backups and standbys need of the machine that PostgreSQL's programs run on."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol


class ServerTools(Protocol):
    """PostgreSQL's programs, run under the account that owns its folders."""

    def run(self, tool: str, *arguments: str | Path, url: str | None = None) -> str:
        """Run a program to its end and return what it printed.

        `url` is joined to the last argument without its password. Raises a MyriadError with the
        program's last words.
        """
        ...

    def own(self, folder: Path) -> Path:
        """Return `folder`, made when it is missing, private to that account."""
        ...

    def alone(
        self, data: Path, settings: Mapping[str, str], *, timeout_seconds: float
    ) -> AbstractContextManager[str]:
        """Run the server of `data` where nobody else reaches it; give its URL without a role."""
        ...
