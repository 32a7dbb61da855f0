"""PostgreSQL's side: rows in by binary COPY with a digest on the way, out again with the same digest.

What COPY takes in and gives out in binary is the same bytes for the same rows in the same order, so
a chunk is proven equal without a row of it being read by Python a second time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import psycopg
from psycopg import sql
from psycopg.copy import Copy, LibpqWriter, Writer
from psycopg.rows import dict_row

from myriad.scale.data.migrate.collapsing import collapsing, uncovered
from myriad.scale.data.migrate.errors import MappingError
from myriad.scale.data.migrate.mapping import TableMap
from myriad.scale.data.migrate.naming import Naming

Connection = psycopg.Connection[Any]
STAGE = sql.Identifier("pg_temp", "myriad_stage")


class _Digesting(LibpqWriter):
    """Sends what is copied, and digests it on the way."""

    def __init__(self, cursor: psycopg.Cursor[Any]) -> None:
        super().__init__(cursor)
        self.digest = hashlib.blake2b(digest_size=16)

    def write(self, data: Any) -> None:
        """Digest and send a block."""
        self.digest.update(data)
        super().write(data)


class _Digest(Writer):
    """Digests what is written, and sends nothing."""

    def __init__(self) -> None:
        self.digest = hashlib.blake2b(digest_size=16)

    def write(self, data: Any) -> None:
        """Digest a block."""
        self.digest.update(data)


def digest_rows(
    connection: Connection, types: Sequence[str], rows: Iterable[Sequence[Any]]
) -> bytes:
    """Return the digest that PostgreSQL's COPY would give for these rows."""
    writer = _Digest()
    with connection.cursor() as cursor, Copy(cursor, binary=True, writer=writer) as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)
    return writer.digest.digest()


class Target:
    """One table of PostgreSQL, by one connection; the caller ends the transactions."""

    def __init__(self, connection: Connection, table: TableMap, naming: Naming) -> None:
        self.connection = connection
        self.table = table
        self.naming = naming
        schema, _, name = table.target.rpartition(".")
        self.name = sql.Identifier(*([schema, name] if schema else [name]))
        self.columns = sql.SQL(", ").join(map(sql.Identifier, table.names))
        self.types = [column.type for column in table.columns.values()]
        # The column that holds SQLite's key unchanged: chunks are then ranges of it.
        plain = {"bigint", "integer"}
        self.ordered = next(
            (
                name
                for name, column in table.columns.items()
                if column.source == naming.key and column.type in plain and not column.transform
            ),
            None,
        )
        # The part of the key that says which row it is, whatever else of the row changes.
        self.identity = [
            name
            for name in table.key
            if table.columns[name].source in (None, *naming.columns) or table.collapse
        ]
        self._has_stage = False

    def check(self) -> None:
        """Raise MappingError where the table, a column, the unique key is not there or does not fit."""
        held = {self.table.columns[name].source for name in self.identity}
        missing = [one for one in self.naming.columns if one not in held]
        if missing and not self.table.collapse:
            raise MappingError(
                f"`key` of {self.table.target} must hold what names a row of "
                f"{self.table.source!r}: map {', '.join(missing)} and list it there"
            )
        try:
            with self.connection.transaction():
                self.connection.execute(
                    sql.SQL("SELECT {} FROM {} LIMIT 0").format(self.columns, self.name)
                )
                self.connection.execute(
                    sql.SQL(
                        "EXPLAIN INSERT INTO {} ({}) SELECT {} FROM {} ON CONFLICT ({}) DO NOTHING"
                    ).format(self.name, self.columns, self.columns, self.name, self._key)
                )
        except psycopg.Error as error:
            said = error.diag.message_primary or error
            raise MappingError(f"{self.table.target} does not fit the mapping: {said}") from None

    @property
    def _key(self) -> sql.Composed:
        return sql.SQL(", ").join(map(sql.Identifier, self.table.key))

    def takes_copy(self) -> bool:
        """Say whether rows may be copied straight in: row security would forbid it."""
        found = self.connection.execute(
            "SELECT row_security_active(%s::regclass)", [self.table.target]
        ).fetchone()
        return not (found and found[0]) and not self.table.collapse

    def copy_in(self, batches: Iterable[Sequence[Sequence[Any]]], *, stage: bool) -> bytes:
        """Copy rows into the table, or beside it; return the digest of what went."""
        place = STAGE if stage else self.name
        if stage:
            self._make_stage()
        statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(place, self.columns)
        with self.connection.cursor() as cursor:
            writer = _Digesting(cursor)
            with cursor.copy(statement, writer=writer) as copy:
                copy.set_types(self.types)
                # The formatter itself: between it and `copy.write_row` every row costs a call.
                write_row = copy.formatter.write_row
                for rows in batches:
                    for row in rows:
                        if written := write_row(row):
                            writer.write(written)
        return writer.digest.digest()

    def _make_stage(self) -> None:
        if not self._has_stage:
            self.connection.execute("DROP TABLE IF EXISTS pg_temp.myriad_stage")
            self.connection.execute(
                sql.SQL(
                    "CREATE TEMPORARY TABLE myriad_stage ON COMMIT DELETE ROWS AS "
                    "SELECT {} FROM {} WITH NO DATA"
                ).format(self.columns, self.name)
            )
            self.connection.execute(
                "ALTER TABLE pg_temp.myriad_stage ADD COLUMN myriad_place bigint GENERATED ALWAYS AS IDENTITY"
            )
            self._has_stage = True
        else:
            self.connection.execute("TRUNCATE pg_temp.myriad_stage RESTART IDENTITY")

    def drop_stage(self) -> None:
        """Forget the staging table: another table is next on this connection."""
        self._has_stage = False

    def merge(self) -> None:
        """Write what stands beside the table into it: new rows, and known ones as they are now."""
        if self.table.collapse:
            self.connection.execute(collapsing(self.table, self.name, STAGE))
            return
        if set(self.identity) != set(self.table.key):
            # The key holds more than the row's own name, a day perhaps, and that may have changed.
            self.connection.execute(
                sql.SQL(
                    "DELETE FROM {} t USING {} s WHERE {} AND ({}) IS DISTINCT FROM ({})"
                ).format(
                    self.name,
                    STAGE,
                    self._same(self.identity),
                    _prefixed("t", self.table.key),
                    _prefixed("s", self.table.key),
                )
            )
        rest = [name for name in self.table.names if name not in self.table.key]
        excluded = sql.SQL(", ").join(
            sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in rest
        )
        then = sql.SQL("UPDATE SET {}").format(excluded) if rest else sql.SQL("NOTHING")
        self.connection.execute(
            sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {} ON CONFLICT ({}) DO {}").format(
                self.name, self.columns, self.columns, STAGE, self._key, then
            )
        )

    def _same(self, names: Iterable[str]) -> sql.Composed:
        return sql.SQL(" AND ").join(
            sql.SQL("t.{0} = s.{0}").format(sql.Identifier(name)) for name in names
        )

    def remove(self, identities: Sequence[Sequence[Any]]) -> None:
        """Remove the rows of these identities."""
        statement = sql.SQL("DELETE FROM {} WHERE {}").format(
            self.name,
            sql.SQL(" AND ").join(
                sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder())
                for name in self.identity
            ),
        )
        with self.connection.cursor() as cursor:
            cursor.executemany(statement, list(identities))

    def range_out(self, low: int, high: int) -> sql.Composed:
        """Return the rows between two keys, in order; needs `ordered`."""
        key = sql.Identifier(str(self.ordered))
        fixed = [
            sql.SQL("{} = {}").format(sql.Identifier(name), sql.Literal(column.fixed()))
            for name, column in self.table.columns.items()
            if not column.source and name in self.table.key
        ]
        where = [sql.SQL("{} BETWEEN {} AND {}").format(key, sql.Literal(low), sql.Literal(high))]
        return sql.SQL("SELECT {} FROM {} WHERE {} ORDER BY {}").format(
            self.columns, self.name, sql.SQL(" AND ").join([*fixed, *where]), key
        )

    def staged_out(self) -> sql.Composed:
        """Return the rows of the table whose identities stand beside it, in their order there."""
        return sql.SQL("SELECT {} FROM {} s JOIN {} t ON {} ORDER BY s.myriad_place").format(
            _prefixed("t", self.table.names), STAGE, self.name, self._same(self.table.key)
        )

    def these(self, identities: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return the rows of these identities that are there, by column."""
        names = self.identity
        arrays = [
            sql.SQL("{}::text[]::{}[]").format(
                sql.Placeholder(), sql.SQL(self.table.columns[name].type)
            )
            for name in names
        ]
        statement = sql.SQL("SELECT {} FROM {} t JOIN unnest({}) AS s({}) ON {}").format(
            _prefixed("t", self.table.names),
            self.name,
            sql.SQL(", ").join(arrays),
            sql.SQL(", ").join(map(sql.Identifier, names)),
            self._same(names),
        )
        values = [[str(one[name]) for one in identities] for name in names]
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(statement, values).fetchall()

    def uncovered(self) -> int:
        """Return how many rows beside a collapsed table have no key in it, or a better value."""
        found = self.connection.execute(uncovered(self.table, self.name, STAGE)).fetchone()
        return int(found[0]) if found else 0

    def digest_of(self, query: sql.Composed) -> bytes:
        """Return the digest of a query's rows as COPY gives them out."""
        digest = hashlib.blake2b(digest_size=16)
        for block in self._blocks(query):
            digest.update(block)
        return digest.digest()

    def _blocks(self, query: sql.Composed) -> Iterator[Any]:
        statement = sql.SQL("COPY ({}) TO STDOUT (FORMAT BINARY)").format(query)
        with self.connection.cursor() as cursor, cursor.copy(statement) as copy:
            yield from copy

    def rows_of(self, query: sql.Composed) -> list[tuple[Any, ...]]:
        """Return a query's rows as Python's values."""
        return self.connection.execute(query).fetchall()

    def set_sequence(self) -> None:
        """Let the sequence of the key go on behind its highest value."""
        name = str(self.ordered)
        with self.connection.transaction():
            found = self.connection.execute(
                "SELECT pg_get_serial_sequence(%s, %s)", [self.table.target, name]
            ).fetchone()
            if found and found[0]:
                self.connection.execute(
                    sql.SQL("SELECT setval({}, coalesce(max({}), 0) + 1, false) FROM {}").format(
                        sql.Literal(found[0]), sql.Identifier(name), self.name
                    )
                )

    def count(self) -> int:
        """Return how many rows the table has, of those with the mapping's constants in their key."""
        fixed = [
            sql.SQL("{} = {}").format(sql.Identifier(name), sql.Literal(column.fixed()))
            for name, column in self.table.columns.items()
            if not column.source and name in self.table.key
        ]
        where = sql.SQL(" WHERE ") + sql.SQL(" AND ").join(fixed) if fixed else sql.SQL("")
        found = self.connection.execute(
            sql.SQL("SELECT count(*) FROM {}").format(self.name) + where
        ).fetchone()
        return int(found[0]) if found else 0


def _prefixed(alias: str, names: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(alias, name) for name in names)
