"""Counts and digests of every table, the same on a source and on its restored copy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from myriad.scale.data.backup.archive import QUERIES, control
from myriad.scale.data.backup.errors import ArchiveError

# What a row looks like as text must not depend on how a server or a login is set.
_FORM = (
    "SET timezone = 'UTC'; SET datestyle = 'ISO, YMD'; SET intervalstyle = 'postgres'; "
    "SET extra_float_digits = 1; SET bytea_output = 'hex'; SET xmloption = 'content'; "
    "SET search_path = 'pg_catalog'; SET statement_timeout = 0"
)
_LOCK_TIMEOUT_SECONDS = 5
_TRIES = 5
# The sum of 64-bit hashes does not depend on the order of rows.
_DIGEST: LiteralString = (
    "SELECT count(*), coalesce(sum(hashtextextended(given::text, 0)::numeric), 0)::text "
    "FROM ONLY {} AS given"
)


@dataclass(frozen=True)
class TableDigest:
    """How many rows a table has, and the sum of their 64-bit hashes."""

    rows: int
    digest: str


Digests = dict[str, TableDigest]


def read_digests(connection: psycopg.Connection[Any]) -> Digests:
    """Return the digest of every permanent table that the login may read, by its quoted name."""
    names = [row[0] for row in connection.execute(QUERIES["list_compared_tables"].encode())]
    return {name: _digest_of(connection, name) for name in names}


def _digest_of(connection: psycopg.Connection[Any], quoted: str) -> TableDigest:
    row = connection.execute(sql.SQL(_DIGEST).format(_as_written(quoted))).fetchone()
    assert row is not None
    return TableDigest(*row)


def _as_written(quoted: str) -> sql.SQL:
    """Return a name that the server itself has quoted."""
    return sql.SQL(quoted)


def set_form(connection: psycopg.Connection[Any]) -> None:
    """Let rows look alike on every server."""
    connection.execute(_FORM.encode())


def mark_snapshot(url: str, point: str) -> tuple[psycopg.Connection[Any], str]:
    """Return a transaction whose snapshot is exactly the point of recovery `point`.

    Writers wait for the moment between both, some milliseconds, and go on. The caller closes the
    connection. Also returns the log file that holds the point. Raises ArchiveError when a
    transaction holds a table for longer than five seconds, again and again.
    """
    reader = psycopg.connect(url)
    try:
        set_form(reader)
        reader.execute(b"COMMIT")
        reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        reader.read_only = True
        for _ in range(_TRIES):
            try:
                return reader, _stand_still(url, reader, point)
            except psycopg.errors.LockNotAvailable:
                reader.rollback()
        message = "tables are held by long transactions; try again when they ended"
        raise ArchiveError(message)
    except BaseException:
        reader.close()
        raise


def _stand_still(url: str, reader: psycopg.Connection[Any], point: str) -> str:
    with (
        psycopg.connect(url) as holder,
        control(url) as marker,
    ):
        holder.execute(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT_SECONDS}s'".encode())
        names = [row[0] for row in holder.execute(QUERIES["list_compared_tables"].encode())]
        if names:
            tables = sql.SQL(", ").join(map(_as_written, names))
            holder.execute(sql.SQL("LOCK TABLE {} IN SHARE MODE").format(tables))
        reader.execute(b"SELECT count(*) FROM pg_class")
        row = marker.execute(QUERIES["mark_point"], {"name": point}).fetchone()
        holder.rollback()
        marker.execute(QUERIES["switch_segment"].encode())
    assert row is not None
    return str(row[0])
