"""Rows carried back: what PostgreSQL's own outbox names is made in SQLite as it is in PostgreSQL.

A value of SQLite that already means what PostgreSQL holds is left as it is written; only what
changed is written anew. Entries go once the file has them: killed between, the next call does the
same again.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from myriad.scale.data.migrate.carrying import Carrier
from myriad.scale.data.migrate.closing import carrying_back, read_keys, writing
from myriad.scale.data.migrate.keys import KEYS_IN_UUIDS
from myriad.scale.data.migrate.naming import quoted
from myriad.scale.data.migrate.rows import Kept
from myriad.scale.data.migrate.ways import WayBack, ways_back

MOST_ENTRIES = 5_000
_Found = tuple[WayBack, dict[str, Any]]


def remember_keys(carrier: Carrier) -> None:
    """Let the file remember the UUIDs of keys that do not stand in them: negative ones, and huge ones."""
    ways = [one for one in ways_back(carrier) if one.salt is not None and not one.naming.is_counted]
    with writing(carrier.source) as file:
        for way in ways:
            key = quoted(way.key)
            odd = f"SELECT {key} FROM {way.source} WHERE {key} < 0 OR {key} >= ?"  # noqa: S608 - quoted.
            for (found,) in file.execute(odd, [KEYS_IN_UUIDS]).fetchall():
                made = carrier.converters[way.part].identity([way.key_name], {way.key: found})
                if made:
                    way.remember(file, found, made[0])


def waiting_back(carrier: Carrier, part: int) -> set[int]:
    """Return the keys of a part's rows that wait to be carried back."""
    way = next(one for one in ways_back(carrier) if one.part == part)
    entries = carrier.state.rows("list_migration_back", most=None)
    keys = [way.find_key(one["identity"]) for one in entries if one["part"] == part]
    return {key for key in keys if key is not None}


def apply_back(carrier: Carrier) -> int:
    """Carry back what PostgreSQL has written since the last time; return how many entries."""
    # The lock comes before the transaction, for its one view begins with its first statement.
    carrier.state.rows("hold_migration_session")
    try:
        with carrier.connection.transaction():
            carrier.connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            return carry_back(carrier)
    finally:
        carrier.state.rows("release_migration_session")


@contextmanager
def writers_waiting(carrier: Carrier) -> Iterator[None]:
    """One transaction under the move's lock in which nobody else writes to the moved tables."""
    with carrier.connection.transaction():
        carrier.state.rows("hold_migration")
        carrier.connection.execute("SET LOCAL lock_timeout = '10s'")
        for way in ways_back(carrier):
            carrier.connection.execute(
                b"LOCK TABLE " + way.target.name.as_bytes(None) + b" IN SHARE MODE"
            )
        while carry_back(carrier):
            pass
        yield


def carry_back(carrier: Carrier) -> int:
    """Do what `apply_back` does, within the caller's transaction."""
    entries = carrier.state.rows("list_migration_back", most=MOST_ENTRIES)
    # Whoever waited for the lock may find the move turned back, and the file the old program's.
    if not entries or not carrier.goes_back:
        return 0
    named: dict[int, dict[str, dict[str, Any]]] = {}
    for one in entries:
        same = json.dumps(one["identity"], sort_keys=True)
        named.setdefault(one["part"], {})[same] = one["identity"]
    ways = [way for way in ways_back(carrier) if way.part in named]
    kept = _write(carrier, ways, named)
    for way in ways:
        keys = [key for one in named[way.part].values() for key in _numbers(way, one)]
        carrier.state.rows("clear_migration_back_notes", part=way.part, keys=keys)
    for part, note in kept:
        carrier.state.keep(part, [note])
    carrier.state.rows("delete_migration_back", seqs=[one["seq"] for one in entries])
    carrier.state.rows("note_carried_back", entries=len(entries))
    return len(entries)


def _write(
    carrier: Carrier, ways: Sequence[WayBack], named: Mapping[int, Mapping[str, dict[str, Any]]]
) -> list[tuple[int, Kept]]:
    try:
        with carrying_back(carrier.source) as file:
            carrier.read_keys()
            rows, gone = _found(ways, named)
            left = _put_all(file, rows)
            for way, identity in reversed(gone):
                way.drop(file, identity)
            # What must be unique may have moved from one of these rows to another.
            while left and len(again := _put_all(file, [(way, row) for way, row, _ in left])) < len(
                left
            ):
                left = again
    except BaseException:
        carrier.keys.read_again(read_keys(carrier.source))
        raise
    return [(way.part, _not_back(way, row, error)) for way, row, error in left]


def _found(
    ways: Sequence[WayBack], named: Mapping[int, Mapping[str, dict[str, Any]]]
) -> tuple[list[_Found], list[_Found]]:
    """Return the rows that PostgreSQL has of those named, and the identities of those that it has not."""
    rows: list[_Found] = []
    gone: list[_Found] = []
    for way in ways:
        wanted = {_name(way, one): one for one in named[way.part].values()}
        for row in way.target.these(list(wanted.values())):
            wanted.pop(_name(way, row), None)
            rows.append((way, row))
        gone += [(way, one) for one in wanted.values()]
    return rows, gone


def _put_all(
    file: sqlite3.Connection, rows: Sequence[_Found]
) -> list[tuple[WayBack, dict[str, Any], Exception]]:
    left: list[tuple[WayBack, dict[str, Any], Exception]] = []
    for way, row in rows:
        try:
            way.put(file, row)
        except (sqlite3.IntegrityError, LookupError) as error:
            left.append((way, row, error))
    return left


def _name(way: WayBack, row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in way.target.identity)


def _not_back(way: WayBack, row: Mapping[str, Any], error: Exception) -> Kept:
    facts = json.dumps(dict(row), default=str)
    return Kept(_numbers(way, row)[-1], False, f"not carried back: {error}", facts)


def _numbers(way: WayBack, row: Mapping[str, Any]) -> list[int]:
    """Return by which numbers a row may be kept here: one that no row of SQLite has, then its key."""
    digest = hashlib.blake2b(repr(_name(way, row)).encode(), digest_size=7).digest()
    key = way.find_key(row)
    return [-1 - int.from_bytes(digest), *([] if key is None else [key])]
