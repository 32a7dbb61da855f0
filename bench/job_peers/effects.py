"""Where the effects of jobs are counted: a file of numbers, or a table of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import psycopg

from job_peers.harness import size_of

LINE_BYTES = 8


class Effects(Protocol):
    """The numbers of the jobs that had their effect, once for each time."""

    def count(self) -> int:
        """Return how many effects there are; cheap enough to be asked all the time."""

    def numbers(self) -> list[int]:
        """Return the number of each effect."""


@dataclass
class FileEffects:
    """Numbers that peers append to a file, eight bytes each."""

    path: Path

    def count(self) -> int:
        """Return how many effects there are."""
        return size_of(self.path) // LINE_BYTES

    def numbers(self) -> list[int]:
        """Return the number of each effect."""
        return [int(line) for line in self.path.read_bytes().split()]


@dataclass
class TableEffects:
    """Numbers in a table; the connection is opened at the first question."""

    url: str
    table: str
    _connection: psycopg.Connection[Any] | None = None

    def count(self) -> int:
        """Return how many effects there are."""
        return int(self._rows("count(*)")[0][0])

    def numbers(self) -> list[int]:
        """Return the number of each effect."""
        return [int(row[0]) for row in self._rows("number")]

    def _rows(self, what: str) -> list[Any]:
        if self._connection is None:
            self._connection = psycopg.connect(self.url, autocommit=True)
        return self._connection.execute(f"SELECT {what} FROM {self.table}").fetchall()
