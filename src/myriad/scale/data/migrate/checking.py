"""What a mapping must say before anything is written: asked of both databases, told by its place."""

from __future__ import annotations

import sqlite3
from typing import Any

import psycopg

from myriad.scale.data.migrate.errors import MappingError
from myriad.scale.data.migrate.mapping import MigrationMap, TableMap
from myriad.scale.data.migrate.source import Source
from myriad.scale.data.migrate.target import Connection, Target, digest_rows

# COPY in binary moves bytes and asks no questions: a column of another type would take some bytes
# for a value of its own. These hold the same bytes as the mapping's types.
_SAME_BYTES = {
    "smallint": {"int2"},
    "integer": {"int4"},
    "bigint": {"int8"},
    "boolean": {"bool"},
    "text": {"text", "varchar", "bpchar", "citext"},
    "timestamptz": {"timestamptz"},
    "date": {"date"},
    "numeric": {"numeric"},
    "real": {"float4"},
    "double precision": {"float8"},
    "bytea": {"bytea"},
    "jsonb": {"jsonb"},
    "uuid": {"uuid"},
}
_COLUMNS = """
WITH RECURSIVE plain AS (
    SELECT a.attname::text AS name, a.atttypid AS type, a.atttypid AS said, a.atttypmod AS mod,
        a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AS is_needed
    FROM pg_attribute a WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT p.name, t.typbasetype, p.said, p.mod, p.is_needed
    FROM plain p JOIN pg_type t ON t.oid = p.type WHERE t.typtype = 'd'
)
SELECT p.name, t.typname::text, t.typtype = 'e', format_type(p.said, p.mod), p.is_needed
FROM plain p JOIN pg_type t ON t.oid = p.type WHERE t.typtype <> 'd'
"""


def check_table(source: Source, target: Target) -> None:
    """Raise MappingError where rows of a table could not be read, or would not be what they were."""
    target.check()
    _check_types(target)
    _check_constants(target)
    _check_reading(source, target.table)


def check_keys(mapping: MigrationMap, source: Source) -> None:
    """Rows of two tables without a salt could not be told apart on the way back."""
    sources = {
        table.source
        for table in mapping.tables
        for column in (table.columns[name] for name in table.key)
        if column.type == "uuid" and not (column.transform or column.salt)
        if column.source in source.naming(table.source).columns
    }
    if len(sources) > 1:
        raise MappingError(
            f"keys of {', '.join(sorted(sources))} become UUIDs without a `salt`: name one for "
            "each, the same only where a row of the one is a row of the other"
        )


def _check_types(target: Target) -> None:
    table = target.table
    found = {row[0]: row[1:] for row in target.connection.execute(_COLUMNS, [table.target])}
    for name, column in table.columns.items():
        kind, is_enum, said, _ = found[name]
        if kind in _SAME_BYTES.get(column.type, ()) or (is_enum and column.type == "text"):
            continue
        wanted = [one for one, kinds in _SAME_BYTES.items() if kind in kinds]
        advice = f'write type = "{wanted[0]}"' if wanted else "no mapping fills such a column"
        raise MappingError(
            f"{table.target}.{name} is {said}, the mapping says {column.type}: {advice}"
        )
    needed = [name for name, (*_, is_needed) in found.items() if is_needed]
    if missing := [name for name in needed if name not in table.columns]:
        raise MappingError(
            f"{table.target} has columns that may not be empty and have no default: map "
            f"{', '.join(missing)}, by `from` or `constant`"
        )


def _check_constants(target: Target) -> None:
    for name, column in target.table.columns.items():
        given = {"default": column.default, "constant": None if column.source else column.fixed()}
        for word, value in given.items():
            if value is not None and not _fits(target.connection, column.type, value):
                raise MappingError(
                    f"{target.table.target}.{name}: `{word}` {value!r} is no {column.type}"
                )


def _fits(connection: Connection, type_name: str, value: Any) -> bool:
    try:
        digest_rows(connection, [type_name], [[value]])
    except (psycopg.Error, ValueError, TypeError, ArithmeticError, AttributeError):
        return False
    return True


def _check_reading(source: Source, table: TableMap) -> None:
    for name, column in table.columns.items():
        if column.references:
            try:
                source.reference_of(column.references)
            except MappingError as error:
                raise MappingError(f"{table.target}.{name}: {error.detail}") from None
    asked = f"SELECT 1 FROM {source.naming(table.source).plain} t WHERE {table.where or 'true'}"  # noqa: S608 - quoted.
    try:
        source.rows(f"EXPLAIN {asked}")
    except sqlite3.Error as error:
        raise MappingError(f"{table.source!r}: `where` cannot be asked: {error}") from None
