"""By which number a row of SQLite is named: in the outbox, in chunks, among the rows kept apart.

An INTEGER PRIMARY KEY is one, and so is the rowid of a table without any key. A table with another
key gets a table of numbers beside it, which its triggers keep and which still knows what is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from myriad.scale.data.migrate.errors import MappingError, PhaseError

Rows = Callable[..., list[Any]]
NUMBER, NUMBERS = "myriad_number", "myriad_numbers_"
_CANARY = "myriad_canary"
_ROWIDS = ("rowid", "_rowid_", "oid")


def quoted(name: str) -> str:
    """Return a name of SQLite's as it stands in a statement."""
    return '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True)
class Naming:
    """How the rows of one table are named.

    `key` is the column with the number, `columns` are those by which the table itself names a row.
    They are the same but where `is_counted`: numbers then stand in a table of their own.
    """

    table: str
    key: str
    columns: tuple[str, ...]
    is_counted: bool = False
    is_rowid: bool = False

    @property
    def numbers(self) -> str:
        """The table of the numbers, as it stands in a statement."""
        return quoted(NUMBERS + self.table)

    @property
    def plain(self) -> str:
        """The table itself, as it stands in a statement."""
        return quoted(self.table)

    @property
    def rows(self) -> str:
        """What rows are read from, each with its number."""
        name = self.plain
        if not self.is_counted:
            return name
        # The first condition finds the row by the table's own index, whose collation may be wider.
        same = " AND ".join(
            f"o.{one} IS n.{one} AND o.{one} IS n.{one} COLLATE BINARY"
            for one in map(quoted, self.columns)
        )
        return f"(SELECT n.{NUMBER}, o.* FROM {self.numbers} n CROSS JOIN {name} o ON {same})"  # noqa: S608 - quoted.

    @property
    def listed(self) -> str:
        """Where the numbers stand, those of rows that are gone with them."""
        return self.numbers if self.is_counted else quoted(self.table)

    def number_of(self, row: str) -> str:
        """Return the number of NEW or OLD within a trigger."""
        if not self.is_counted:
            return f"{row}.{quoted(self.key)}"
        return f"(SELECT {NUMBER} FROM {self.numbers} WHERE {self._is(row)})"  # noqa: S608 - quoted.

    def counting(self, row: str) -> str:
        """Return the statement of a trigger that gives NEW a number, where it has none yet."""
        if not self.is_counted:
            return ""
        # No conflict may arise here: the program's own OR REPLACE would hold for it as well.
        return self._count([f"{row}.{quoted(one)}" for one in self.columns])

    def noting(self) -> str:
        """Return the statement that gives a number to the row of these values; again changes nothing."""
        return self._count([f"?{n + 1}" for n in range(len(self.columns))])

    def _count(self, values: Sequence[str]) -> str:
        names = ", ".join(map(quoted, self.columns))
        pairs = zip(map(quoted, self.columns), values, strict=True)
        there = " AND ".join(f"{one} IS {value}" for one, value in pairs)
        return (
            f"INSERT INTO {self.numbers} ({names}) SELECT {', '.join(values)} "  # noqa: S608 - quoted.
            f"WHERE NOT EXISTS (SELECT 1 FROM {self.numbers} WHERE {there})"
        )

    def _is(self, row: str) -> str:
        return " AND ".join(f"{one} IS {row}.{one}" for one in map(quoted, self.columns))

    @property
    def condition(self) -> str:
        """The condition that finds a row of the table by the values of `columns`."""
        return " AND ".join(f"{one} IS ?" for one in map(quoted, self.columns))

    def find_number(self, rows: Rows, values: Sequence[Any]) -> int | None:
        """Return the number of the row of these values; None where it never had one."""
        if not self.is_counted:
            return int(values[0])
        asked = f"SELECT {NUMBER} FROM {self.numbers} WHERE {self.condition}"  # noqa: S608 - quoted.
        found = rows(asked, list(values))
        return int(found[0][0]) if found else None

    def values_of(self, rows: Rows, number: int) -> dict[str, Any] | None:
        """Return the key's columns of the row of a number, there or gone; None for no number of ours."""
        if not self.is_counted:
            return {self.key: number}
        names = ", ".join(map(quoted, self.columns))
        asked = f"SELECT {names} FROM {self.numbers} WHERE {NUMBER} = ?"  # noqa: S608 - quoted.
        found = rows(asked, [number])
        return dict(zip(self.columns, found[0], strict=True)) if found else None

    def making(self, rows: Rows) -> list[str]:
        """Return what makes the table of numbers, with one for every row that is there."""
        if not self.is_counted:
            return []
        types = {row[1]: row[2] for row in rows(f"PRAGMA table_info({quoted(self.table)})")}
        # The types' affinity decides what is equal; whether letters are is told by their bytes.
        said = ", ".join(f"{quoted(one)} {types[one]} COLLATE BINARY" for one in self.columns)
        names = ", ".join(map(quoted, self.columns))
        return [
            f"CREATE TABLE {self.numbers} ({NUMBER} INTEGER PRIMARY KEY AUTOINCREMENT, {said})",
            f"INSERT INTO {self.numbers} ({names}) SELECT {names} FROM {quoted(self.table)} "  # noqa: S608 - quoted.
            f"ORDER BY {names}",
            f"CREATE INDEX {quoted(NUMBERS + self.table + '_key')} ON {self.numbers} ({names})",
        ]


def find_naming(rows: Rows, table: str) -> Naming:
    """Return how the rows of a table are named; raise MappingError for what no trigger can follow."""
    kind = rows("SELECT type, sql FROM sqlite_master WHERE name = ? COLLATE NOCASE", [table])
    found = rows(f"PRAGMA table_info({quoted(table)})")
    if not found or not kind:
        raise MappingError(f"the SQLite file has no table {table!r}")
    if kind[0][0] != "table" or str(kind[0][1]).upper().startswith("CREATE VIRTUAL"):
        raise MappingError(f"{table!r} is a view or virtual: map the tables that it shows")
    keys = [(row[5], row[1], row[2].upper()) for row in found if row[5]]
    if len(keys) == 1 and keys[0][2] == "INTEGER":
        return Naming(table, keys[0][1], (keys[0][1],))
    if keys:
        return Naming(table, NUMBER, tuple(one for _, one, _ in sorted(keys)), is_counted=True)
    taken = {row[1].lower() for row in found}
    free = next((one for one in _ROWIDS if one not in taken), None)
    if free is None:
        raise MappingError(f"{table!r} has no primary key, and columns that hide its rowid")
    return Naming(table, free, (free,), is_rowid=True)


def make_canary(rows: Rows) -> None:
    """Leave a row at 2 where a VACUUM, which numbers rows without a key anew, would put it at 1."""
    if not _find_canary(rows):
        rows(f"CREATE TABLE IF NOT EXISTS {_CANARY} (lives)")
        rows(f"INSERT INTO {_CANARY} VALUES ('no'), ('yes')")  # noqa: S608 - a constant.
        rows(f"DELETE FROM {_CANARY} WHERE lives = 'no'")  # noqa: S608 - a constant.


def require_canary(rows: Rows, table: str) -> None:
    """Raise PhaseError where rowids are no longer those that the move knows."""
    if _find_canary(rows) not in ([], [(2,)]):
        raise PhaseError(
            f"the SQLite file was vacuumed, which numbers the rows of {table!r} anew, for it has no "
            "primary key: roll back, empty its new table, begin again, and let nobody vacuum meanwhile"
        )


def _find_canary(rows: Rows) -> list[Any]:
    there = rows("SELECT 1 FROM sqlite_master WHERE name = ?", [_CANARY])
    return [tuple(row) for row in rows(f"SELECT rowid FROM {_CANARY}")] if there else []  # noqa: S608 - a constant.


def drop_names(rows: Rows) -> None:
    """Take away the tables of numbers and the canary."""
    made = "SELECT name FROM sqlite_master WHERE type = 'table' AND (name GLOB ? OR name = ?)"
    for (name,) in rows(made, [f"{NUMBERS}*", _CANARY]):
        rows(f"DROP TABLE {quoted(name)}")
