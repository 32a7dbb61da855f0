"""The mapping file: which table of SQLite becomes which of PostgreSQL, column by column.

[migration]
name = "shop"
zone = "Europe/Berlin"            # of dates and times that name no offset

[[table]]
source = "orders"                 # rows of no key are named by "rowid"
target = "public.orders"
key = ["id"]                      # a unique key of the target

[table.columns]
id = { from = "id", type = "bigint" }
paid = { from = "paid", type = "boolean" }
total_minor = { from = "total", type = "bigint", transform = "minor", digits = 2 }
customer_id = { from = "customer_id", type = "bigint", references = "customers" }
source = { constant = "old shop", type = "text" }

[[sum]]                           # what the business counts; both must give the same. SQLite has a
                                  # table myriad_kept (source, row_id, is_refused) for the asking
name = "paid orders"
sqlite = "SELECT count(*) FROM orders WHERE paid = 1"
postgres = "SELECT count(*) FROM public.orders WHERE paid"
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from myriad.scale.data.migrate import dates, values
from myriad.scale.data.migrate.errors import MappingError
from myriad.scale.data.migrate.keys import Keys
from myriad.scale.data.migrate.values import Converter

Calls = Mapping[str, Callable[[Any], Any]]
_MAKERS: dict[str, Callable[[ColumnMap], Converter]] = {
    "smallint": lambda column: values.integers("smallint"),
    "integer": lambda column: values.integers("integer"),
    "bigint": lambda column: values.integers("bigint"),
    "boolean": lambda column: values.booleans(),
    "text": lambda column: values.texts(empty_is_null=column.empty == "null"),
    "timestamptz": lambda column: dates.moments(column.zone or "UTC"),
    "date": lambda column: dates.days(),
    "numeric": lambda column: values.numerics(column.digits),
    "real": lambda column: values.floats(),
    "double precision": lambda column: values.floats(),
    "bytea": lambda column: values.binaries(),
    "jsonb": lambda column: values.documents(),
    "uuid": lambda column: values.derived_ids(column.salt or ""),
}


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class ColumnMap(_Part):
    """One column of the target: from a column of the source, or a constant.

    `transform` is "minor" (money to integer minor units), "lookup" (a word to what the query
    `lookup` gives for it), of dates that are counted "epoch", "epoch_ms", "epoch_us" (since 1970) or
    "julian", or the name of a function that the caller of the tool offers. `form` is that of dates
    in texts that are not ISO's, as "%d.%m.%Y". `fold` belongs to collapsed tables: which of the
    values of one key stays. Under one `salt` equal keys become equal UUIDs: a column that names
    another table's row has that table's. `back` names a function that turns values back, where a
    named `transform` does not say how. `collation = "accepted"` says that a text's other order or
    equality in PostgreSQL is known and meant.
    """

    source: str | None = Field(None, alias="from")
    constant: Any = None
    type: str
    transform: str | None = None
    lookup: str | None = None
    digits: int = 2
    zone: str | None = None
    form: str | None = None
    salt: str | None = None
    empty: str = Field("keep", pattern="^(keep|null)$")
    required: bool = False
    default: Any = None
    references: str | None = None
    fold: str | None = Field(None, pattern="^(min|max)$")
    back: str | None = None
    collation: str = Field("check", pattern="^(check|accepted)$")

    def converter(
        self, calls: Calls, looked_up: Mapping[str, dict[Any, Any]], keys: Keys | None = None
    ) -> Converter:
        """Return what converts its values; `looked_up` has the answers of each `lookup`."""
        if self.transform == "minor":
            return values.minor_units(self.digits)
        if self.transform == "lookup" and self.lookup:
            return values.looked_up(looked_up[self.lookup], self.source or "word")
        if self.type in ("timestamptz", "date") and (self.transform in dates.COUNTED or self.form):
            return self._date()
        plain = _MAKERS.get(self.type)
        if self.type == "uuid" and keys and not self.transform:
            return values.derived_ids(self.salt or "", keys.find_uuid)
        if self.transform:
            if self.transform not in calls:
                known = ", ".join(["minor", "lookup", *dates.COUNTED, *sorted(calls)])
                raise MappingError(f"there is no transform {self.transform!r}; there are {known}")
            return values.called(calls[self.transform], plain(self) if plain else None)
        if plain is None:
            raise MappingError(
                f"no column can become {self.type!r}; types are {', '.join(_MAKERS)}"
            )
        return plain(self)

    def _date(self) -> Converter:
        zone, is_day = self.zone or "UTC", self.type == "date"
        if self.transform:
            return dates.counted_moments(self.transform, zone, is_day=is_day)
        return dates.written_moments(self.form or "", zone, is_day=is_day)

    @model_validator(mode="after")
    def _has_one_origin(self) -> ColumnMap:
        if (self.source is None) == (self.constant is None):
            raise ValueError("a column needs either `from` or `constant`")
        _require_zone(self.zone)
        return self

    def fixed(self) -> Any:
        """Return the constant, as its type wants it."""
        if self.type != "uuid" or not self.constant:
            return self.constant
        try:
            return UUID(str(self.constant))
        except ValueError:
            raise MappingError(f"the constant {self.constant!r} is no UUID") from None


class TableMap(_Part):
    """One table. Where `collapse` is set, many rows of the source become one of each key.

    A collapsed table folds each column by itself, or keeps the whole row that has most in the column
    `best`. `where` is a condition of SQLite's; rows that do not meet it are no rows of this table.
    """

    source: str
    target: str
    key: tuple[str, ...]
    columns: dict[str, ColumnMap]
    collapse: bool = False
    best: str | None = None
    where: str | None = None

    @model_validator(mode="after")
    def _key_is_mapped(self) -> TableMap:
        missing = [name for name in self.key if name not in self.columns]
        if self.best and (not self.collapse or self.best not in self.columns):
            raise ValueError(f"{self.target}: `best` names a column of a collapsed table")
        if missing or not self.key:
            raise ValueError(
                f"{self.target}: key names {missing or 'nothing'}, which is not mapped"
            )
        return self

    @property
    def names(self) -> list[str]:
        """The columns of the target, in order."""
        return list(self.columns)


class SumMap(_Part):
    """A question that both databases must answer alike; rows are compared in their order."""

    name: str
    sqlite: str
    postgres: str


class _Head(_Part):
    name: str = Field(pattern="^[a-z][a-z0-9_]{0,40}$")
    zone: str = "UTC"
    chunk_rows: int = Field(50_000, ge=100, le=1_000_000)
    shadow_seconds: int = Field(86_400, ge=0)

    @model_validator(mode="after")
    def _zone_is_known(self) -> _Head:
        _require_zone(self.zone)
        return self


def _require_zone(name: str | None) -> None:
    try:
        ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is no time zone; write it as Europe/Berlin") from None


class _File(_Part):
    migration: _Head
    tables: list[TableMap] = Field(alias="table", min_length=1)
    sums: list[SumMap] = Field(alias="sum", default=[])
    shadows: list[SumMap] = Field(alias="shadow", default=[])


@dataclass(frozen=True)
class MigrationMap:
    """A whole mapping file; `sha256` tells whether it changed under a move that runs."""

    name: str
    chunk_rows: int
    shadow_seconds: int
    tables: tuple[TableMap, ...]
    sums: tuple[SumMap, ...]
    shadows: tuple[SumMap, ...]
    sha256: str
    calls: Calls = field(default_factory=dict, compare=False)

    @classmethod
    def read(
        cls, path: Path, *, calls: Calls | None = None, words: Mapping[str, str] | None = None
    ) -> MigrationMap:
        """Read a mapping file; `{{word}}` in it stands for what `words` has (a tenant's id).

        Raises MappingError where it cannot be read, naming the place.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise MappingError(f"the mapping file cannot be read: {error}") from None
        for word, value in (words or {}).items():
            text = text.replace("{{" + word + "}}", value)
        return cls.parse(text, calls=calls)

    @classmethod
    def parse(cls, text: str, *, calls: Calls | None = None) -> MigrationMap:
        """Read the text of a mapping file."""
        try:
            document = tomllib.loads(text)
            file = _File.model_validate(document)
        except tomllib.TOMLDecodeError as error:
            raise MappingError(f"the mapping file is no TOML: {error}") from None
        except ValidationError as error:
            raise MappingError(f"the mapping file is wrong {_told(document, error)}") from None
        tables = tuple(_with_zone(table, file.migration.zone) for table in file.tables)
        return cls(
            name=file.migration.name,
            chunk_rows=file.migration.chunk_rows,
            shadow_seconds=file.migration.shadow_seconds,
            tables=tables,
            sums=tuple(file.sums),
            shadows=tuple(file.shadows),
            sha256=hashlib.sha256(text.encode()).hexdigest(),
            calls=calls or {},
        )


def _told(document: Mapping[str, Any], error: ValidationError) -> str:
    """Return where a document is wrong, tables by their names, and what may stand there."""
    first = error.errors(include_url=False)[0]
    place = [str(one) for one in first["loc"]]
    if place[:1] == ["table"] and len(place) > 1:
        found = document["table"][int(place[1])]
        place[1] = repr(found.get("source", f"number {int(place[1]) + 1}"))
    said = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        kind = ColumnMap if "columns" in place else TableMap if place[0] == "table" else None
        known = [one.alias or name for name, one in kind.model_fields.items()] if kind else []
        said = "no such word" + (f"; there are {', '.join(known)}" if known else "")
    return f"at {' '.join(place)}: {said}"


def _with_zone(table: TableMap, zone: str) -> TableMap:
    columns = {
        name: column if column.zone else column.model_copy(update={"zone": zone})
        for name, column in table.columns.items()
    }
    return table.model_copy(update={"columns": columns})
