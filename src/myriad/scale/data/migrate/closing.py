"""The SQLite file while PostgreSQL takes the writes: closed to the old program, open to what comes back.

The gate is a row of the file. A guard before every write asks it; who carries rows back opens it and
shuts it in one transaction, so nobody else ever sees it open.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from myriad.scale.data.migrate.mapping import MigrationMap
from myriad.scale.data.migrate.naming import quoted
from myriad.scale.data.migrate.source import OUTBOX_TRIGGERS, Source

GATE, KEYS = "myriad_gate", "myriad_key"
CLOSED = "this file was moved to PostgreSQL and takes no more writes"
_GUARDS = "myriad_closed_"


@contextmanager
def writing(source: Source) -> Iterator[sqlite3.Connection]:
    """One transaction that writes to the file; nobody else writes meanwhile."""
    source.connection.execute("BEGIN IMMEDIATE")
    try:
        yield source.connection
    except BaseException:
        source.connection.execute("ROLLBACK")
        raise
    source.connection.execute("COMMIT")


def is_closed(source: Source) -> bool:
    """Say whether the file refuses the old program's writes."""
    return source.has_table(GATE)


def close(source: Source, mapping: MigrationMap) -> None:
    """Refuse every further write of the old program; again changes nothing.

    What the outbox holds by then is all that there will be.
    """
    if is_closed(source):
        return
    with writing(source) as file:
        file.execute(f"CREATE TABLE {GATE} (is_open INTEGER NOT NULL)")
        file.execute(f"INSERT INTO {GATE} VALUES (0)")  # noqa: S608 - a constant.
        file.execute(
            f"CREATE TABLE IF NOT EXISTS {KEYS} (salt TEXT NOT NULL, row_id INTEGER NOT NULL, "
            "uuid BLOB NOT NULL, PRIMARY KEY (salt, row_id)) WITHOUT ROWID"
        )
        for table in sorted({one.source for one in mapping.tables}):
            for event in ("INSERT", "UPDATE", "DELETE"):
                name = quoted(f"{_GUARDS}{table}_{event}".lower())
                file.execute(
                    f"CREATE TRIGGER {name} BEFORE {event} ON {quoted(table)} "  # noqa: S608 - quoted.
                    f"WHEN (SELECT is_open FROM {GATE}) = 0 "
                    f"BEGIN SELECT RAISE(ABORT, '{CLOSED}'); END"
                )
        _drop_triggers(source, OUTBOX_TRIGGERS)


def reopen(source: Source) -> None:
    """Let the old program write again; which rows were born in PostgreSQL stays known."""
    with writing(source) as file:
        _drop_triggers(source, f"{_GUARDS}*")
        file.execute(f"DROP TABLE IF EXISTS {GATE}")
        if source.has_table(KEYS) and not source.rows(f"SELECT 1 FROM {KEYS} LIMIT 1"):  # noqa: S608 - a constant.
            file.execute(f"DROP TABLE {KEYS}")


def _drop_triggers(source: Source, pattern: str) -> None:
    listed = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name GLOB ?"
    for (name,) in source.rows(listed, [pattern]):
        source.connection.execute(f"DROP TRIGGER {quoted(name)}")


@contextmanager
def carrying_back(source: Source) -> Iterator[sqlite3.Connection]:
    """One transaction in which the gate stands open for this connection alone."""
    with writing(source) as file:
        file.execute(f"UPDATE {GATE} SET is_open = 1")  # noqa: S608 - a constant.
        yield file
        file.execute(f"UPDATE {GATE} SET is_open = 0")  # noqa: S608 - a constant.


def read_keys(source: Source) -> dict[tuple[str, int], UUID]:
    """Return the rows that were born in PostgreSQL: salt and key, and their UUID."""
    if not source.has_table(KEYS):
        return {}
    found = source.rows(f"SELECT salt, row_id, uuid FROM {KEYS}")  # noqa: S608 - a constant.
    return {(salt, key): UUID(bytes=made) for salt, key, made in found}
