"""One worker's hands: chunks copied and compared, writes carried over; each step one transaction.

A step that dies leaves nothing behind, and is done again by whoever comes next.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg

from myriad.scale.data.migrate.checking import check_keys, check_table
from myriad.scale.data.migrate.closing import read_keys
from myriad.scale.data.migrate.errors import MappingError
from myriad.scale.data.migrate.keys import Keys
from myriad.scale.data.migrate.mapping import MigrationMap
from myriad.scale.data.migrate.rows import Kept, RowConverter
from myriad.scale.data.migrate.source import Source
from myriad.scale.data.migrate.state import State, connect
from myriad.scale.data.migrate.target import Target

Pair = tuple[int, Sequence[Any]]


@dataclass(slots=True)
class Change:
    """What has to happen to one table: rows to write, keys to remove, rows kept apart."""

    pairs: list[Pair] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    keys: list[int] = field(default_factory=list)


class Carrier:
    """Both databases, open, and everything that the mapping says between them."""

    def __init__(
        self, mapping: MigrationMap, file: Path, url: str, kind: type[Source] = Source
    ) -> None:
        self.mapping = mapping
        self.source = kind(file)
        self.connection = connect(url)
        self.state = State(self.connection, mapping.name)
        answers = {query: self._answers(query) for query in _lookups(mapping)}
        self.answers = answers
        self.keys = Keys({})
        self._keys_version: int | None = None
        self.read_keys()
        self.converters = [
            RowConverter(one, mapping.calls, answers, self.keys) for one in mapping.tables
        ]
        self.targets = [
            Target(self.connection, one, self.source.naming(one.source)) for one in mapping.tables
        ]
        self._staged: Target | None = None

    def close(self) -> None:
        """Close both."""
        self.source.close()
        self.connection.close()

    @property
    def goes_back(self) -> bool:
        """Whether PostgreSQL takes the writes, and rows are carried back."""
        return bool(self.state.get()["phase"] == "pg_primary")

    def read_keys(self) -> None:
        """Read which rows were born in PostgreSQL, where another process has written to the file since."""
        version = self.source.rows("PRAGMA data_version")[0][0]
        if version != self._keys_version:
            self.keys.read_again(read_keys(self.source))
            self._keys_version = version

    def check(self) -> None:
        """Raise MappingError where the mapping names what a database has not."""
        for converter in self.converters:
            converter.check(self.source)
        check_keys(self.mapping, self.source)
        for target in self.targets:
            check_table(self.source, target)

    def _answers(self, query: str) -> dict[Any, Any]:
        try:
            return dict(self.connection.execute(query.encode()).fetchall())
        except (psycopg.Error, ValueError) as error:
            raise MappingError(f"a lookup does not give pairs: {error}") from None

    @contextmanager
    def holding(self, *, alone: bool) -> Iterator[None]:
        """One transaction of PostgreSQL under the move's lock, around one view of SQLite."""
        with self.connection.transaction():
            self.state.rows("hold_migration" if alone else "hold_migration_shared")
            self.source.connection.execute("BEGIN")
            try:
                # The view of SQLite begins with the first read, which must lie behind the lock.
                self.source.rows("SELECT count(*) FROM sqlite_master")
                self.source.require_numbers(self.mapping)
                yield
            finally:
                self.source.connection.execute("ROLLBACK")

    def load_refused_parents(self, part: int) -> None:
        """Read which rows of the tables that a part references were refused."""
        converter = self.converters[part]
        for column in converter.table.columns.values():
            if column.references:
                converter.refused_parents[column.references] = self._refused(column.references)

    def _refused(self, source: str) -> set[Any]:
        naming, column = self.source.naming(source), self.source.reference_of(source)
        found = (
            naming.values_of(self.source.rows, row["row_id"])
            for part, table in enumerate(self.mapping.tables)
            if table.source == source
            for row in self.state.rows("list_refused_keys", part=part)
        )
        return {values[column] for values in found if values}

    def list_kept_in_source(self) -> None:
        """Let the sums leave out rows kept apart or not taken exactly: table `myriad_kept` of SQLite."""
        old = self.source.connection
        old.execute(
            "CREATE TEMP TABLE IF NOT EXISTS myriad_kept "
            "(source TEXT, row_id INTEGER, is_refused INTEGER, PRIMARY KEY (source, row_id, is_refused))"
        )
        old.execute("DELETE FROM temp.myriad_kept")
        tables = self.mapping.tables
        old.executemany(
            "INSERT OR IGNORE INTO temp.myriad_kept VALUES (?, ?, ?)",
            [
                (tables[row["part"]].source, row["row_id"], row["is_refused"])
                for row in self.state.rows("list_kept_keys")
                if not tables[row["part"]].collapse
            ],
        )

    def waiting_keys(self, source: str) -> set[int]:
        """Return the rows of a table of SQLite whose last write is not carried over yet."""
        seq = self.state.get()["applied_seq"]
        return {key for _, name, key in self.source.waiting(seq) if name == source}

    def copy_chunk(self, part: int, before: datetime) -> int | None:
        """Copy the next chunk of a part that waits; return its rows, None where none waits."""
        with self.holding(alone=False):
            chunk = self.state.claim(part, ["waiting"], before)
            if chunk is None:
                return None
            self.load_refused_parents(part)
            low, high = chunk["low"], chunk["high"]
            change, digest = self._copy(part, low, high)
            self.state.rows("clear_migration_rows_between", part=part, low=low, high=high)
            self.state.keep(part, change.kept)
            refused = sum(one.is_refused for one in change.kept)
            self.state.rows(
                "end_migration_chunk",
                part=part,
                low=low,
                state="copied",
                rows_read=len(change.keys),
                rows_refused=refused,
                source_digest=digest,
                target_digest=None,
            )
            return len(change.keys)

    def _copy(self, part: int, low: int, high: int) -> tuple[Change, bytes | None]:
        target = self.targets[part]
        ways = ["copy", "stage"] if target.takes_copy() else ["stage"]
        for way in ways:
            change = Change()
            try:
                with self.connection.transaction():
                    batches = self._read(part, low, high, change, keep_rows=False)
                    self.use_stage(target)
                    digest = target.copy_in(batches, stage=way == "stage")
                    if way == "stage":
                        target.merge()
                return change, digest
            except (psycopg.IntegrityError, psycopg.DataError):
                # The rows are known already, or one of them is refused: the slower way finds out.
                target.drop_stage()
        change = Change()
        for _ in self._read(part, low, high, change, keep_rows=True):
            pass
        self.write(part, change)
        return change, None

    def _read(
        self, part: int, low: int, high: int, change: Change, *, keep_rows: bool
    ) -> Iterator[list[Sequence[Any]]]:
        converter = self.converters[part]
        for batch in self.source.between(self.mapping.tables[part], low, high):
            done = converter.convert(batch)
            change.kept.extend(done.kept)
            change.keys.extend(row[0] for row in batch)
            if keep_rows:
                change.pairs.extend(zip(done.keys, done.rows, strict=True))
            yield done.rows

    def use_stage(self, target: Target) -> None:
        """Give the staging table to another target, where it stands for one."""
        if self._staged is not target:
            target.drop_stage()
            self._staged = target

    def write(self, part: int, change: Change) -> None:
        """Write rows, halving what PostgreSQL refuses until the refused row stands alone."""
        self._write(part, change.pairs, change)

    def _write(self, part: int, pairs: list[Pair], change: Change) -> None:
        if not pairs:
            return
        try:
            self.write_all(part, pairs)
        except (psycopg.IntegrityError, psycopg.DataError) as error:
            self.targets[part].drop_stage()
            if len(pairs) == 1:
                change.kept.append(_refused_by_server(pairs[0], error))
                return
            half = len(pairs) // 2
            self._write(part, pairs[:half], change)
            self._write(part, pairs[half:], change)

    def write_all(self, part: int, pairs: list[Pair]) -> None:
        """Write rows in one savepoint."""
        if not pairs:
            return
        target = self.targets[part]
        with self.connection.transaction():
            self.use_stage(target)
            target.copy_in([[row for _, row in pairs]], stage=True)
            target.merge()

    def change_of(self, part: int, keys: Sequence[int]) -> Change:
        """Return what has to happen so that these rows are in PostgreSQL as they are in SQLite."""
        self.load_refused_parents(part)
        change = Change(keys=list(keys))
        for batch in self.source.these(self.mapping.tables[part], keys):
            done = self.converters[part].convert(batch)
            change.kept.extend(done.kept)
            change.pairs.extend(zip(done.keys, done.rows, strict=True))
        there = {key for key, _ in change.pairs}
        change.gone = [key for key in keys if key not in there]
        return change

    def remove(self, part: int, keys: Sequence[int]) -> None:
        """Remove the rows of these keys; rows that share a collapsed one leave it standing."""
        target, converter = self.targets[part], self.converters[part]
        if keys and not converter.table.collapse:
            with self.connection.transaction():
                naming, rows = target.naming, self.source.rows
                known = filter(None, (naming.values_of(rows, key) for key in keys))
                target.remove(
                    [one for row in known if (one := converter.identity(target.identity, row))]
                )


def _lookups(mapping: MigrationMap) -> set[str]:
    return {
        column.lookup
        for table in mapping.tables
        for column in table.columns.values()
        if column.lookup
    }


def _refused_by_server(pair: Pair, error: psycopg.Error) -> Kept:
    reason = error.diag.message_primary or type(error).__name__
    text = json.dumps(list(pair[1]), default=str)
    return Kept(pair[0], True, f"PostgreSQL refuses it: {reason}", text[:20_000])
