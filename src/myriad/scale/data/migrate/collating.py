"""Whether text is equal, and ordered, in PostgreSQL as it is in SQLite; asked of both, not of names.

SQLite compares bytes unless a column says NOCASE; PostgreSQL compares by the rules of a language
unless a column says otherwise. Where they part, a unique key lets in another row, a look-up misses,
a page of a list repeats itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from psycopg import sql

from myriad.scale.data.migrate.carrying import Carrier
from myriad.scale.data.migrate.mapping import TableMap
from myriad.scale.data.migrate.naming import quoted
from myriad.scale.data.migrate.source import Source
from myriad.scale.data.migrate.target import Target

_SAMPLE = 500
# Behind the bracket that opens the table's columns: a name that stands for itself, then its words.
_COLLATE = r'(?<!\w)["\[`]?{name}["\]`]?\s[^,]*?COLLATE\s+["\[`]?(\w+)'
_KNOWN = {"BINARY", "NOCASE", "RTRIM"}


def list_differences(carrier: Carrier) -> list[str]:
    """Return a sentence for each text column that the old program looks up or orders by."""
    found = [*_database(carrier)]
    for target in carrier.targets:
        if not target.table.collapse:
            found += _of_table(carrier.source, target)
    return found


def _database(carrier: Carrier) -> Iterator[str]:
    row = carrier.connection.execute(
        "SELECT datcollversion, pg_database_collation_actual_version(oid) FROM pg_database "
        "WHERE datname = current_database()"
    ).fetchone()
    if row and row[0] and row[0] != row[1]:
        yield (
            f"the database was made under version {row[0]} of its collation and runs under {row[1]}"
            ", so its indexes may be in a wrong order: reindex it"
        )


def _of_table(source: Source, target: Target) -> Iterator[str]:
    table = target.table
    looked_up = _looked_up(source, table)
    for name, column in table.columns.items():
        is_plain = column.type == "text" and not column.transform and column.collation == "check"
        if is_plain and column.source and (column.source in looked_up or name in table.key):
            theirs = _of_source(source, table.source, column.source)
            place = f"{table.target}.{name}"
            collation = _of_target(target, name)
            if theirs not in _KNOWN:
                yield f"{place}: SQLite compares it by its program's own {theirs}, unknown here"
            elif theirs == "NOCASE" and not _is_equal(target, collation):
                yield f"{place}: SQLite finds 'a' where 'A' is asked for, PostgreSQL does not"
            elif not _is_ordered_alike(source, target, name, theirs, collation):
                yield f"{place}: PostgreSQL orders it otherwise than SQLite"


def _looked_up(source: Source, table: TableMap) -> set[str]:
    """Return the columns that stand in an index of SQLite."""
    return {
        str(column[2])
        for index in source.rows(f"PRAGMA index_list({quoted(table.source)})")
        for column in source.rows(f"PRAGMA index_info({quoted(index[1])})")
    }


def _of_source(source: Source, table: str, column: str) -> str:
    """Return a column's collation, by its index or else by the table's own statement."""
    for index in source.rows(f"PRAGMA index_list({quoted(table)})"):
        for part in source.rows(f"PRAGMA index_xinfo({quoted(index[1])})"):
            if part[2] == column and str(part[4]).upper() != "BINARY":
                return str(part[4]).upper()
    made = source.rows(
        "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ? COLLATE NOCASE", [table]
    )
    listed = str(made[0][0]).partition("(")[2]
    said = re.search(_COLLATE.format(name=re.escape(column)), listed, re.IGNORECASE)
    return said.group(1).upper() if said else "BINARY"


def _of_target(target: Target, column: str) -> sql.Identifier:
    found = target.connection.execute(
        "SELECT n.nspname, c.collname FROM pg_attribute a JOIN pg_collation c ON c.oid = a.attcollation "
        "JOIN pg_namespace n ON n.oid = c.collnamespace "
        "WHERE a.attrelid = %s::regclass AND a.attname = %s",
        [target.table.target, column],
    ).fetchone()
    return sql.Identifier(*(found or ("pg_catalog", "default")))


def _is_equal(target: Target, collation: sql.Identifier) -> bool:
    found = target.connection.execute(
        sql.SQL("SELECT 'a' COLLATE {0} = 'A' COLLATE {0}").format(collation)
    ).fetchone()
    return bool(found and found[0])


def _is_ordered_alike(
    source: Source, target: Target, name: str, theirs: str, collation: sql.Identifier
) -> bool:
    column = quoted(str(target.table.columns[name].source))
    key, table = quoted(target.naming.key), target.naming.rows
    parts = [
        f"SELECT {column} AS v FROM {table} WHERE typeof({column}) = 'text' "  # noqa: S608 - quoted.
        f"ORDER BY {key} {way} LIMIT {_SAMPLE}"
        for way in ("ASC", "DESC")
    ]
    union = " UNION ".join(f"SELECT v FROM ({part})" for part in parts)  # noqa: S608 - quoted.
    listed = f"SELECT v FROM ({union}) ORDER BY v COLLATE {quoted(theirs)}, v"  # noqa: S608 - quoted.
    # What is no text to PostgreSQL (a zero character, bytes that are no UTF-8) does not get there.
    found = [value for (value,) in source.rows(listed) if type(value) is str]
    values = [value for value in found if "\x00" not in value]
    ordered = target.connection.execute(
        sql.SQL('SELECT v FROM unnest(%s::text[]) v ORDER BY v COLLATE {}, v COLLATE "C"').format(
            collation
        ),
        [values],
    ).fetchall()
    return values == [row[0] for row in ordered]
