"""How the rows of one part go back from PostgreSQL into the SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from myriad.scale.data.migrate.back import Back, find_back
from myriad.scale.data.migrate.carrying import Carrier
from myriad.scale.data.migrate.closing import KEYS
from myriad.scale.data.migrate.mapping import ColumnMap, TableMap
from myriad.scale.data.migrate.naming import Naming, quoted

# Of these SQLite holds what PostgreSQL holds, so that a key of the one is found by the other's.
_PLAIN_KEYS = {"smallint", "integer", "bigint", "text"}


class WayBack:
    """How the rows of one part go back; `is_main` where the part decides whether a row exists."""

    def __init__(self, carrier: Carrier, part: int, *, is_main: bool) -> None:
        self.part, self.is_main = part, is_main
        self.carrier, self.target = carrier, carrier.targets[part]
        table = self.target.table
        self.naming = self.target.naming
        self.key = self.naming.key
        self.key_name = next(n for n in table.key if table.columns[n].source in self.naming.columns)
        self.source = quoted(table.source)
        self.columns: dict[str, tuple[str, Back]] = {}
        self.one_way: list[str] = []
        generated = carrier.source.generated_of(table.source)
        for name, column in table.columns.items():
            if column.source in generated:
                self.one_way.append(name)
            elif column.source and column.source not in self.naming.columns:
                self._add(name, column, column.source)

    def _add(self, name: str, column: ColumnMap, source: str) -> None:
        is_key = column.type == "uuid" and not column.transform
        mapping = self.carrier.mapping
        back = (
            self._key_back(column.salt or "")
            if is_key
            else find_back(column, mapping.calls, self.carrier.answers)
        )
        known = {one for one, _ in self.columns.values()}
        if back is None or source in known:
            self.one_way.append(name)
        else:
            self.columns[name] = (source, back)

    def _key_back(self, salt: str) -> Back:
        def back(value: UUID) -> int:
            found = self.carrier.keys.find_key(salt, value)
            if found is None:
                raise LookupError("it names a row that SQLite does not have")
            return found

        return back

    @property
    def salt(self) -> str | None:
        """The salt of its key, where that is a UUID."""
        column = self.target.table.columns[self.key_name]
        return (column.salt or "") if column.type == "uuid" else None

    def find_key(self, row: Mapping[str, Any]) -> int | None:
        """Return the number of SQLite for a row or an identity; None where it never had one."""
        if self.naming.is_counted:
            return self.naming.find_number(self.carrier.source.rows, self._named(row))
        value = row[self.key_name]
        if self.salt is None:
            return int(value)
        made = value if isinstance(value, UUID) else UUID(value)
        return self.carrier.keys.find_key(self.salt, made)

    def _named(self, row: Mapping[str, Any]) -> list[Any]:
        """Return the values by which SQLite's own key names a row or an identity."""
        if not self.naming.is_counted:
            key = self.find_key(row)
            return [] if key is None else [key]
        table = self.target.table
        names = {table.columns[name].source: name for name in table.key}
        return [row[names[one]] for one in self.naming.columns]

    def put(self, file: sqlite3.Connection, row: Mapping[str, Any]) -> None:
        """Make one row of SQLite as it is in PostgreSQL."""
        named = self._named(row)
        names = [quoted(source) for source, _ in self.columns.values()]
        found = None
        if named:
            listed = ", ".join([quoted(self.naming.columns[0]), *names])
            found = file.execute(
                f"SELECT {listed} FROM {self.source} WHERE {self.naming.condition}",  # noqa: S608 - quoted.
                named,
            ).fetchone()
        if found is None:
            if self.is_main:
                self._insert(file, named, row)
            return
        converter = self.carrier.converters[self.part]
        changes = {
            source: _turned(back, row[name])
            for (name, (source, back)), old in zip(self.columns.items(), found[1:], strict=True)
            if not converter.is_alike(name, old, row[name])
        }
        if changes:
            sets = ", ".join(f"{quoted(source)} = ?" for source in changes)
            file.execute(
                f"UPDATE {self.source} SET {sets} WHERE {self.naming.condition}",  # noqa: S608 - quoted.
                [*changes.values(), *named],
            )

    def _insert(
        self, file: sqlite3.Connection, named: Sequence[Any], row: Mapping[str, Any]
    ) -> None:
        values = {src: _turned(back, row[name]) for name, (src, back) in self.columns.items()}
        values |= dict(zip(self.naming.columns, named, strict=False))
        names = ", ".join(map(quoted, values))
        marks = ", ".join("?" * len(values))
        cursor = file.execute(
            f"INSERT INTO {self.source} ({names}) VALUES ({marks})",  # noqa: S608 - quoted.
            list(values.values()),
        )
        if self.naming.is_counted:
            file.execute(self.naming.noting(), named)
        elif not named and self.salt is not None and cursor.lastrowid is not None:
            self.remember(file, cursor.lastrowid, row[self.key_name])

    def remember(self, file: sqlite3.Connection, key: int, made: UUID) -> None:
        """Note which UUID stands for a key in which it is not to be read."""
        salt = self.salt or ""
        noted = f"INSERT OR REPLACE INTO {KEYS} VALUES (?, ?, ?)"  # noqa: S608 - a constant.
        file.execute(noted, [salt, key, made.bytes])
        self.carrier.keys.add(salt, key, made)

    def drop(self, file: sqlite3.Connection, identity: Mapping[str, Any]) -> None:
        """Remove the row of an identity that PostgreSQL no longer has.

        Its UUID stays known: a row of another table may bear it too, or it may come back.
        """
        named = self._named(identity)
        if named and self.is_main:
            file.execute(f"DELETE FROM {self.source} WHERE {self.naming.condition}", named)  # noqa: S608 - quoted.


def _turned(back: Back, value: Any) -> Any:
    return None if value is None else back(value)


def ways_back(carrier: Carrier) -> list[WayBack]:
    """Return the parts whose rows go back, in order; collapsed ones and those without a key do not."""
    found: list[WayBack] = []
    for part, table in enumerate(carrier.mapping.tables):
        if table.collapse or not _can_be_named(carrier.source.naming(table.source), table):
            continue
        is_main = all(way.target.table.source != table.source for way in found)
        found.append(WayBack(carrier, part, is_main=is_main))
    return found


def _can_be_named(naming: Naming, table: TableMap) -> bool:
    """Say whether the row of SQLite can be told from that of PostgreSQL."""
    held = {table.columns[name].source: table.columns[name] for name in table.key}
    if not naming.is_counted:
        return naming.key in held
    return all(
        one in held and held[one].type in _PLAIN_KEYS and not held[one].transform
        for one in naming.columns
    )


def list_one_way(carrier: Carrier) -> list[str]:
    """Return the columns, and whole tables as `name.*`, whose changes in PostgreSQL do not go back."""
    ways = {way.part: way for way in ways_back(carrier)}
    found = []
    for part, target in enumerate(carrier.targets):
        if part in ways:
            found += [f"{target.table.target}.{name}" for name in ways[part].one_way]
        elif not target.table.collapse:
            found.append(f"{target.table.target}.*")
    return found
