"""The old database: its rows by key, and the outbox that its own triggers write.

The triggers stand in the SQLite file, so the old program needs no change, and a write and its entry
are one transaction. An entry names the row and not its content: who carries it over reads the row
as it is by then, which makes every entry safe to carry over twice.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from myriad.scale.data.migrate.errors import MappingError, PhaseError
from myriad.scale.data.migrate.mapping import MigrationMap, TableMap
from myriad.scale.data.migrate.naming import (
    NUMBERS,
    Naming,
    drop_names,
    find_naming,
    make_canary,
    quoted,
    require_canary,
)

OUTBOX, OWNER = "myriad_outbox", "myriad_move"
_PREFIX = "myriad_outbox_"
OUTBOX_TRIGGERS = f"{_PREFIX}*"
BUSY_SECONDS = 30.0
_BATCH = 5_000
# So many are read, converted and written while they are in the processor's cache.
_ROWS_IN_CACHE = 1_000
LOWEST, HIGHEST = -(2**63), 2**63 - 1


class Source:
    """One connection to the SQLite file."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise MappingError(f"there is no SQLite file {path}")
        self.path = path
        self.connection = self._open(path)
        try:
            self.rows("SELECT 1 FROM sqlite_master LIMIT 1")
        except sqlite3.DatabaseError as error:
            raise MappingError(f"{path} cannot be read as a SQLite database: {error}") from None
        self._namings: dict[str, Naming] = {}

    def _open(self, path: Path) -> sqlite3.Connection:
        # Transactions are our own: the module would begin them where it thinks fit.
        opened = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        opened.text_factory = _text
        return opened

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    def rows(self, statement: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """Return the rows of one statement."""
        return self.connection.execute(statement, parameters).fetchall()

    def naming(self, table: str) -> Naming:
        """Return by which number rows of a table are named; raise MappingError where none can be."""
        if table not in self._namings:
            self._namings[table] = find_naming(self.rows, table)
        return self._namings[table]

    def columns_of(self, table: str) -> set[str]:
        """Return the names of a table's columns, generated ones and the rowid of no key among them."""
        listed = {row[1] for row in self.rows(f"PRAGMA table_xinfo({quoted(table)})")}
        return listed | set(self.naming(table).columns)

    def generated_of(self, table: str) -> set[str]:
        """Return the names of the columns that SQLite reckons itself, which nobody writes."""
        listed = self.rows(f"PRAGMA table_xinfo({quoted(table)})")
        return {row[1] for row in listed if row[6] in (2, 3)}

    def reference_of(self, table: str) -> str:
        """Return the column by which other tables name rows of this one."""
        naming = self.naming(table)
        if len(naming.columns) != 1 or naming.is_rowid:
            raise MappingError(
                f"`references` to {table!r}, which has no key of one column: leave it out, "
                "a foreign key of PostgreSQL's keeps such rows apart too"
            )
        return naming.columns[0]

    def require_numbers(self, mapping: MigrationMap) -> None:
        """Raise PhaseError where rows bear other numbers than those that were noted."""
        for one in mapping.tables:
            if self.naming(one.source).is_rowid:
                require_canary(self.rows, one.source)

    def count(self, table: TableMap) -> int:
        """Return how many rows of the source belong to a table."""
        counted = f"SELECT count(*) FROM {quoted(table.source)} t WHERE {table.where or 'true'}"  # noqa: S608 - quoted.
        return int(self.rows(counted)[0][0])

    def bounds(self, table: str, chunk_rows: int, low: int = LOWEST) -> Iterator[tuple[int, int]]:
        """Yield the chunks of a table from a key on, both ends inclusive; the last is open."""
        naming = self.naming(table)
        key, name = quoted(naming.key), naming.listed
        step = f"SELECT {key} FROM {name} WHERE {key} >= ? ORDER BY {key} LIMIT 1 OFFSET ?"  # noqa: S608 - names are quoted.
        while found := self.connection.execute(step, (low, chunk_rows)).fetchone():
            yield low, found[0] - 1
            low = found[0]
        yield low, HIGHEST

    def select(self, table: TableMap, where: str) -> str:
        """Return the statement that reads rows for `table`: the key, its columns, what is orphaned.

        For every column that `references` another table one more says whether the row is there.
        """
        naming = self.naming(table.source)
        key = naming.key
        names = [key, *(one.source for one in table.columns.values() if one.source)]
        parts = [f"t.{quoted(str(name))}" for name in names]
        for column in table.columns.values():
            if column.references and column.source:
                other = quoted(self.reference_of(column.references))
                parts.append(
                    f"t.{quoted(column.source)} IS NULL OR EXISTS (SELECT 1 FROM "  # noqa: S608 - quoted.
                    f"{quoted(column.references)} r WHERE r.{other} = t.{quoted(column.source)})"
                )
        return (
            f"SELECT {', '.join(parts)} FROM {naming.rows} t "  # noqa: S608 - quoted.
            f"WHERE ({table.where or 'true'}) AND t.{quoted(key)} {where} ORDER BY t.{quoted(key)}"
        )

    def between(self, table: TableMap, low: int, high: int) -> Iterator[list[Any]]:
        """Yield the rows of a chunk, in batches."""
        statement, first, is_tolerant = self.select(table, "BETWEEN ? AND ?"), low, False
        while True:
            # A call for every text would halve the speed: only a chunk that needs it pays for it.
            self.connection.text_factory = _text if is_tolerant else str
            try:
                cursor = self.connection.execute(statement, (first, high))
                while batch := cursor.fetchmany(_ROWS_IN_CACHE):
                    yield batch
                    first = batch[-1][0] + 1
                return
            except sqlite3.OperationalError as error:
                if is_tolerant or "decode" not in str(error):
                    raise
                is_tolerant = True
            finally:
                self.connection.text_factory = _text

    def these(self, table: TableMap, keys: Iterable[int]) -> Iterator[list[Any]]:
        """Yield the rows of these keys that are there, in batches."""
        wanted = sorted(keys)
        for start in range(0, len(wanted), 500):
            some = wanted[start : start + 500]
            marks = ",".join("?" * len(some))
            yield self.connection.execute(self.select(table, f"IN ({marks})"), some).fetchall()

    def install(self, mapping: MigrationMap) -> None:
        """Make the outbox and its triggers, in one transaction; again changes nothing.

        Raises PhaseError where the file is another move's, which would drop this one's entries.
        """
        names = [self.naming(one) for one in sorted({one.source for one in mapping.tables})]
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            self.connection.execute(f"CREATE TABLE IF NOT EXISTS {OWNER} (name TEXT NOT NULL)")
            self.require_owner(mapping.name)
            if self.find_owner() is None:
                self.connection.execute(f"INSERT INTO {OWNER} VALUES (?)", [mapping.name])  # noqa: S608 - a constant.
            if any(one.is_rowid for one in names):
                make_canary(self.rows)
            for statement in self._statements(names):
                self.connection.execute(statement)
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def _statements(self, names: Iterable[Naming]) -> Iterator[str]:
        yield (
            f"CREATE TABLE IF NOT EXISTS {OUTBOX} (seq INTEGER PRIMARY KEY AUTOINCREMENT, "
            "source TEXT NOT NULL, row_id INTEGER NOT NULL, "
            "at REAL NOT NULL DEFAULT ((julianday('now') - 2440587.5) * 86400.0))"
        )
        for naming in names:
            if not self.has_table(NUMBERS + naming.table):
                yield from naming.making(self.rows)
            yield from self._triggers(naming)

    def _triggers(self, naming: Naming) -> Iterator[str]:
        table, literal = naming.table, naming.table.replace("'", "''")
        enter = f"INSERT INTO {OUTBOX} (source, row_id) "
        new, old, counted = naming.number_of("NEW"), naming.number_of("OLD"), naming.counting("NEW")
        bodies = {
            "INSERT": [counted, f"{enter} VALUES ('{literal}', {new})"],
            "DELETE": [f"{enter} VALUES ('{literal}', {old})"],
            "UPDATE": [
                f"{enter} VALUES ('{literal}', {old})",
                counted,
                f"{enter} SELECT '{literal}', {new} WHERE {new} <> {old}",
            ],
        }
        for event, body in bodies.items():
            yield self._trigger(table, event, "AFTER", "; ".join(filter(None, body)))
        # INSERT OR REPLACE removes the rows in its way without a word to the triggers above.
        if lost := self._displaced(table):
            key = quoted(naming.key)
            inner = f"{enter} SELECT '{literal}', {key} FROM {naming.rows} WHERE {lost}"  # noqa: S608 - quoted.
            yield self._trigger(table, "INSERT", "BEFORE", inner)
            yield self._trigger(table, "UPDATE", "BEFORE", f"{inner} AND {key} <> {old}")

    def _trigger(self, table: str, event: str, when: str, body: str) -> str:
        name = quoted(f"{_PREFIX}{table}_{when}_{event}".lower())
        return (
            f"CREATE TRIGGER IF NOT EXISTS {name} {when} {event} ON {quoted(table)} "
            f"BEGIN {body}; END"
        )

    def _displaced(self, table: str) -> str:
        """Return the condition under which a row stands in the way of NEW by a unique index."""
        found = []
        for _, index, is_unique, origin, is_partial in self.rows(
            f"PRAGMA index_list({quoted(table)})"
        ):
            if not is_unique or origin == "pk" or is_partial:
                continue
            names = [row[2] for row in self.rows(f"PRAGMA index_info({quoted(index)})")]
            if all(names):
                same = (f"{quoted(name)} = NEW.{quoted(name)}" for name in names)
                found.append(f"({' AND '.join(same)})")
        return f"({' OR '.join(found)})" if found else ""

    def is_installed(self, mapping: MigrationMap) -> bool:
        """Say whether every trigger stands; a program that rebuilds a table takes them with it."""
        listed = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        there = {row[0] for row in self.rows(listed)}
        return all(
            f"{_PREFIX}{one.source}_after_{event}".lower() in there
            for one in mapping.tables
            for event in ("insert", "update", "delete")
        )

    def has_table(self, name: str) -> bool:
        """Say whether a table of this name stands in the file."""
        return bool(self.rows("SELECT 1 FROM sqlite_master WHERE name = ?", [name]))

    def find_owner(self) -> str | None:
        """Return the name of the move to which the outbox belongs; None where there is none."""
        found = self.rows(f"SELECT name FROM {OWNER}") if self.has_table(OWNER) else []  # noqa: S608 - a constant.
        return str(found[0][0]) if found else None

    def require_owner(self, name: str) -> None:
        """Raise PhaseError where the outbox belongs to another move than `name`."""
        owner = self.find_owner()
        if owner not in (None, name):
            raise PhaseError(f"this file is being moved as {owner!r} already: roll that back first")

    def remove(self) -> None:
        """Drop the triggers and the outbox."""
        listed = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name GLOB ?"
        self.connection.execute("BEGIN IMMEDIATE")
        for (name,) in self.rows(listed, [OUTBOX_TRIGGERS]):
            self.connection.execute(f"DROP TRIGGER {quoted(name)}")
        for name in (OUTBOX, OWNER):
            self.connection.execute(f"DROP TABLE IF EXISTS {name}")
        drop_names(self.rows)
        self.connection.execute("COMMIT")

    def waiting(self, after: int, most: int = -1) -> list[tuple[int, str, int]]:
        """Return the entries behind `after`, at most `most` where it is no -1: number, table, row."""
        return self.rows(
            f"SELECT seq, source, row_id FROM {OUTBOX} WHERE seq > ? ORDER BY seq LIMIT ?",  # noqa: S608 - a constant.
            [after, most],
        )

    def oldest_wait_seconds(self, after: int) -> float:
        """Return for how long the first entry behind `after` has waited; 0 where there is none."""
        found = self.rows(
            f"SELECT at FROM {OUTBOX} WHERE seq > ? ORDER BY seq LIMIT 1",  # noqa: S608 - a constant.
            [after],
        )
        return max(0.0, time.time() - found[0][0]) if found else 0.0

    def prune(self, applied: int) -> None:
        """Drop entries that PostgreSQL has; AUTOINCREMENT sees to it that no number comes again.

        Some at a time, for the old program cannot write meanwhile.
        """
        some = f"SELECT seq FROM {OUTBOX} WHERE seq <= ? LIMIT ?"  # noqa: S608 - a constant.
        drop = f"DELETE FROM {OUTBOX} WHERE seq IN ({some})"  # noqa: S608 - a constant.
        while self.connection.execute(drop, [applied, _BATCH]).rowcount == _BATCH:
            pass


def _text(raw: bytes) -> str | bytes:
    # What is no UTF-8 stays bytes, and is refused as such with its row instead of ending the read.
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw
