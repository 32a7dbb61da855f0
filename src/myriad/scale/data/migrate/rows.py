"""From rows as SQLite holds them to rows as PostgreSQL takes them, and those that it cannot take."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from myriad.scale.data.migrate.errors import MappingError, ValueRefusedError
from myriad.scale.data.migrate.keys import Keys
from myriad.scale.data.migrate.mapping import Calls, ColumnMap, TableMap
from myriad.scale.data.migrate.source import Source
from myriad.scale.data.migrate.values import Converter

_LONGEST_ROW = 20_000


@dataclass(frozen=True, slots=True)
class Kept:
    """A row kept apart (`is_refused`), or taken over with a loss: its key, why, what it held."""

    row_id: int
    is_refused: bool
    reason: str
    row_json: str


@dataclass(slots=True)
class Batch:
    """What became of some rows: those to write, each behind its key of SQLite, and those kept."""

    keys: list[int] = field(default_factory=list)
    rows: list[Sequence[Any]] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)


class RowConverter:
    """Converts the rows of one table.

    `refused_parents` has, for each table that a column references, the keys that were refused there.
    """

    def __init__(
        self,
        table: TableMap,
        calls: Calls,
        looked_up: Mapping[str, dict[Any, Any]],
        keys: Keys | None = None,
    ) -> None:
        self.table = table
        self.refused_parents: dict[str, set[Any]] = {}
        self._columns: list[tuple[str, ColumnMap, Converter | None]] = [
            (name, column, _made(table, name, lambda one: one.converter(calls, looked_up, keys)))
            if column.source
            else (name, column, None)
            for name, column in table.columns.items()
        ]
        self._fixed = {
            name: _made(table, name, ColumnMap.fixed)
            for name, column in table.columns.items()
            if not column.source
        }
        sources = [column.source for _, column, _ in self._columns if column.source]
        self._sources = [str(name) for name in sources]

    def check(self, source: Source) -> None:
        """Raise MappingError where the source lacks a column."""
        missing = set(self._sources) - source.columns_of(self.table.source)
        if missing:
            raise MappingError(f"{self.table.source!r} has no column {', '.join(sorted(missing))}")

    def convert(self, batch: list[Any]) -> Batch:
        """Convert a batch: the whole of it at once, or row by row where anything is odd."""
        try:
            return self._at_once(batch)
        except (ValueError, TypeError, ArithmeticError, AttributeError, KeyError):
            return self._one_by_one(batch)

    def _at_once(self, batch: list[Any]) -> Batch:
        if not batch:
            return Batch()
        read = list(zip(*batch, strict=True))
        self._require_parents(read)
        given = iter(read[1:])
        made: list[Sequence[Any]] = []
        for name, column, converter in self._columns:
            if converter is None:
                made.append([self._fixed[name]] * len(batch))
                continue
            found = converter.many(next(given))
            if column.default is not None:
                found = [column.default if value is None else value for value in found]
            if column.required and None in found:
                raise ValueError
            made.append(found)
        return Batch(list(read[0]), list(zip(*made, strict=True)))

    def _require_parents(self, read: list[Any]) -> None:
        for there in read[1 + len(self._sources) :]:
            if not all(there):
                raise ValueError
        for _, column, _ in self._columns:
            refused = self.refused_parents.get(column.references or "")
            if refused and not refused.isdisjoint(
                read[1 + self._sources.index(str(column.source))]
            ):
                raise ValueError

    def _one_by_one(self, batch: list[Any]) -> Batch:
        done = Batch()
        for row in batch:
            try:
                made, losses = self._row(row)
            except ValueRefusedError as error:
                done.kept.append(self.kept(row, str(error), is_refused=True))
                continue
            done.keys.append(row[0])
            done.rows.append(made)
            if losses:
                done.kept.append(self.kept(row, "; ".join(losses), is_refused=False))
        return done

    def _row(self, row: Sequence[Any]) -> tuple[Sequence[Any], list[str]]:
        given = iter(row[1 : 1 + len(self._sources)])
        parents = iter(row[1 + len(self._sources) :])
        made, losses = [], []
        for name, column, converter in self._columns:
            if converter is None:
                made.append(self._fixed[name])
                continue
            value = next(given)
            if column.references:
                self._require_parent(column, value, next(parents))
            made.append(self._value(name, column, converter, value))
            if value is not None and converter.is_exact and not converter.is_exact(value):
                losses.append(f"{name}: {value!r} is not exact, taken as {made[-1]}")
        return made, losses

    def _require_parent(self, column: ColumnMap, value: Any, is_there: int) -> None:
        refused = self.refused_parents.get(column.references or "", set())
        if not is_there or value in refused:
            raise ValueRefusedError(
                f"{column.source}: the row of {column.references} that it names is not there"
            )

    def _value(self, name: str, column: ColumnMap, converter: Converter, value: Any) -> Any:
        try:
            made = None if value is None else converter.one(value)
        except ValueRefusedError as error:
            raise ValueRefusedError(f"{name}: {error}") from None
        except (ValueError, TypeError, ArithmeticError, AttributeError, KeyError):
            raise ValueRefusedError(f"{name}: a value that its transform cannot take") from None
        made = column.default if made is None else made
        if made is None and column.required:
            raise ValueRefusedError(f"{name}: nothing where a value is required")
        return made

    def is_alike(self, name: str, old: Any, value: Any) -> bool:
        """Say whether a value of SQLite already is what PostgreSQL holds in a column."""
        for one, column, converter in self._columns:
            if one == name and converter is not None:
                try:
                    made = self._value(name, column, converter, old)
                except ValueRefusedError:
                    return False
                if column.type == "jsonb" and isinstance(made, str):
                    made = json.loads(made)
                return bool(made == value)
        return False

    def identity(self, names: Sequence[str], key: Mapping[str, Any]) -> list[Any] | None:
        """Return the columns `names` of the row whose key is this in SQLite; None where it had none."""
        made = {name: (column, converter) for name, column, converter in self._columns}
        found = []
        try:
            for name in names:
                column, converter = made[name]
                value = key[column.source or ""] if converter else self._fixed[name]
                found.append(converter.one(value) if converter else value)
        except (ValueError, TypeError, ArithmeticError, AttributeError):
            # What no column can take never was in PostgreSQL.
            return None
        return found

    def kept(self, row: Sequence[Any], reason: str, *, is_refused: bool) -> Kept:
        """Return what is kept of a row."""
        facts = dict(zip(self._sources, row[1:], strict=False))
        text = json.dumps(facts, default=_plain, ensure_ascii=True)
        return Kept(row[0], is_refused, reason, text[:_LONGEST_ROW])


def _made(table: TableMap, name: str, make: Callable[[ColumnMap], Any]) -> Any:
    try:
        return make(table.columns[name])
    except MappingError as error:
        raise MappingError(f"{table.target}.{name}: {error.detail}") from None


def _plain(value: Any) -> str:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)
