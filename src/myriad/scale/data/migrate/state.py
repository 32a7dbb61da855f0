"""What PostgreSQL knows of a move, and the lock between those who carry rows over.

Chunks take the lock shared from before they look at SQLite until they commit, the one who carries
writes over takes it alone: so no change can fall between a chunk's look and its rows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from psycopg.rows import dict_row

from myriad.scale.data.migrate.errors import MigrationMissingError
from myriad.scale.data.migrate.rows import Kept
from myriad.scale.data.migrate.target import Connection
from myriad.scale.data.queries import NamedQueries

_sql = NamedQueries.load("myriad.scale.data.migrate")


def connect(url: str) -> Connection:
    """Return a connection whose transactions are opened explicitly."""
    connection = psycopg.connect(url, autocommit=True, application_name="myriad-migrate")
    connection.execute("SET TIME ZONE 'UTC'")
    # What the move itself writes is not noted as a write of the new program.
    connection.execute("SET myriad.migrating = 'on'")
    return connection


class State:
    """The rows of one move in the tables of schema platform."""

    def __init__(self, connection: Connection, name: str) -> None:
        self.connection = connection
        self.name = name

    def rows(self, query: str, **parameters: Any) -> list[dict[str, Any]]:
        """Return the rows of a named query."""
        with self.connection.cursor(row_factory=dict_row) as cursor:
            cursor.execute(_sql[query].encode(), {"name": self.name, **parameters})
            return cursor.fetchall() if cursor.description else []

    def each(self, query: str, facts: Iterable[dict[str, Any]]) -> None:
        """Run a named query for each of `facts`."""
        with self.connection.cursor() as cursor:
            cursor.executemany(_sql[query].encode(), [{"name": self.name, **one} for one in facts])

    def get(self) -> dict[str, Any]:
        """Return the move; raise MigrationMissingError where there is none."""
        found = self.rows("find_migration")
        if not found:
            raise MigrationMissingError(f"no move {self.name!r} has begun; start it by `begin`")
        return found[0]

    def now(self) -> dt.datetime:
        """Return PostgreSQL's time, by which it is told when a chunk was last in hand."""
        found: dt.datetime = self.rows("get_migration_clock")[0]["now"]
        return found

    def claim(self, part: int, states: Sequence[str], before: dt.datetime) -> dict[str, Any] | None:
        """Return a chunk that nobody has in hand, locked for this transaction."""
        found = self.rows("claim_migration_chunk", part=part, states=list(states), before=before)
        return found[0] if found else None

    def keep(self, part: int, kept: Iterable[Kept]) -> None:
        """Keep rows apart, with their reasons."""
        facts = [
            {
                "part": part,
                "row_id": one.row_id,
                "is_refused": one.is_refused,
                "reason": one.reason,
                "row_json": one.row_json,
            }
            for one in kept
        ]
        if facts:
            self.each("insert_migration_row", facts)
