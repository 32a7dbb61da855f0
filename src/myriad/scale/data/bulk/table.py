"""What a table takes in: its columns, and the natural key by which a row is known again."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal, get_args
from uuid import UUID

from myriad.scale.data.database import Session

Type = Literal[
    "uuid", "text", "bigint", "smallint", "integer", "numeric", "double precision", "boolean",
    "date", "timestamptz", "jsonb", "bytea",
]  # fmt: skip
Values = Sequence[Any]

_WHOLE = {"smallint": 15, "integer": 31, "bigint": 63}
_KINDS: dict[str, tuple[type, ...]] = {
    "uuid": (UUID,),
    "text": (str,),
    "numeric": (Decimal, int),
    "double precision": (float, int),
    "boolean": (bool,),
    "jsonb": (dict, list, str, int, float, bool),
    "bytea": (bytes,),
}
_PLAIN: dict[str, set[type]] = {
    **{name: {int} for name in _WHOLE},
    **{name: set(kinds) for name, kinds in _KINDS.items()},
    "date": {dt.date},
    "timestamptz": {dt.datetime},
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column that rows fill: its type in PostgreSQL's words, and whether it must hold something."""

    name: str
    type: Type
    is_required: bool = True

    def __post_init__(self) -> None:
        if self.type not in get_args(Type):
            raise ValueError(f"column {self.name}: unknown type {self.type!r}")

    def is_plain(self, values: Sequence[Any]) -> bool:
        """Whether all values are of the column's very type."""
        types = set(map(type, values))
        if not self.is_required:
            types.discard(type(None))
        if self.type == "timestamptz" and types:
            return types == {dt.datetime} and None not in {
                value.tzinfo for value in values if value is not None
            }
        return types <= _PLAIN[self.type]

    def find_fault(self, value: Any) -> str | None:
        """Return what is wrong with a value, without saying the value."""
        if value is None:
            return f"{self.name} is missing" if self.is_required else None
        if bits := _WHOLE.get(self.type):
            return self._find_fault_in_whole(value, bits)
        if self.type == "date":
            fits = isinstance(value, dt.date) and not isinstance(value, dt.datetime)
        elif self.type == "timestamptz":
            fits = isinstance(value, dt.datetime) and value.tzinfo is not None
        else:
            fits = isinstance(value, _KINDS[self.type])
        if not fits:
            return f"{self.name} is no {self.type}"
        return self._find_fault_in_text(value) if self.type == "text" else None

    def _find_fault_in_text(self, value: str) -> str | None:
        if "\0" in value:
            return f"{self.name} holds the character NUL, which PostgreSQL cannot store"
        try:
            value.encode()
        except UnicodeEncodeError:
            return f"{self.name} holds half of a character, which PostgreSQL cannot store"
        return None

    def _find_fault_in_whole(self, value: Any, bits: int) -> str | None:
        if not isinstance(value, int) or isinstance(value, bool):
            return f"{self.name} is no whole number"
        if not -(1 << bits) <= value < 1 << bits:
            return f"{self.name} is out of the range of {self.type}"
        return None


@dataclass(frozen=True)
class BulkTable:
    """A tenant's table that takes rows in.

    `columns` are those that rows fill, in their order, without `tenant_id`, which is the session's.
    `key` is the natural key: the table must have a unique index on (tenant_id, *key), in any order.
    `check` says what is wrong with a row whose values have the right types, or None; it is asked
    only of rows of a batch that was refused, so what it finds the table must refuse as well.
    `follow_up` does what an intake has to do after rows that come in from quarantine, in their
    transaction.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    check: Callable[[Values], str | None] | None = None
    follow_up: Callable[[Session, Sequence[Values]], Awaitable[None]] | None = None

    def __post_init__(self) -> None:
        unknown = set(self.key) - {column.name for column in self.columns}
        if unknown or not self.key:
            raise ValueError(f"{self.name}: the natural key names {sorted(unknown) or 'nothing'}")

    @cached_property
    def staging(self) -> str:
        """The name of the temporary table in which rows of this form wait."""
        form = repr([(column.name, column.type) for column in self.columns])
        return f"intake_{hashlib.blake2b(form.encode(), digest_size=8).hexdigest()}"

    @property
    def names(self) -> str:
        """The columns as SQL lists them."""
        return ", ".join(column.name for column in self.columns)

    @property
    def types(self) -> list[str]:
        """The types of the columns in their order."""
        return [column.type for column in self.columns]

    def is_plain(self, batch: Sequence[Values]) -> bool:
        """Whether every value of a batch is of its column's very type, as far as types can tell.

        Drivers are more lenient than that: a time without a zone would be taken for the session's.
        """
        by_column = zip(*batch, strict=True)
        return len(batch[0]) == len(self.columns) and all(
            column.is_plain(values) for column, values in zip(self.columns, by_column, strict=True)
        )

    def find_fault(self, row: Values) -> str | None:
        """Return what is wrong with a row, or None; no value of the row is in the words."""
        if len(row) != len(self.columns):
            return f"it has {len(row)} values, and {self.name} takes {len(self.columns)}"
        for column, value in zip(self.columns, row, strict=True):
            if fault := column.find_fault(value):
                return fault
        return self.check(row) if self.check else None
