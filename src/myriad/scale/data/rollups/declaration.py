"""What a model says when counts and sums of its rows are kept beside them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from sqlalchemy import MetaData

from myriad.kit.errors import InvalidInputError, MyriadError

_INFO = "rollups"
_TABLE = re.compile(r"[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*")
_COLUMN = re.compile(r"[a-z_][a-z0-9_]*")


class RollupError(MyriadError):
    """A rollup is declared in a way that cannot be kept."""

    code = "invalid_rollup"
    title = "Invalid rollup"


class UnknownRollupError(InvalidInputError):
    """No rollup has that name."""

    code = "unknown_rollup"
    title = "Unknown rollup"


@dataclass(frozen=True)
class Rollup:
    """Counts and sums of `source`, one row in `target` for each combination of `keys`.

    `keys` and `sums` map columns of the target to SQL expressions of the source's columns; the
    first key is `tenant_id`, no key may be NULL, and sums are of whole or exact decimal numbers,
    never of floats, whose sum would depend on the order. `count` is the column that counts rows and
    `where` says which rows count. `month_key` names the key that tells a row's month where months
    of the source go to the archive: what stands of those months is left as it is.
    """

    target: str
    source: str
    keys: Mapping[str, str]
    count: str
    sums: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    where: str = "true"
    month_key: str | None = None

    def __post_init__(self) -> None:
        """Refuse names that are none, and keys that tenants would share."""
        for table in (self.target, self.source):
            if not _TABLE.fullmatch(table):
                raise RollupError(f"{table!r} must be a table as schema.name")
        for column in (*self.keys, *self.sums, self.count):
            if not _COLUMN.fullmatch(column):
                raise RollupError(f"{column!r} of {self.target} is no name of a column")
        if next(iter(self.keys.items()), None) != ("tenant_id", "tenant_id"):
            raise RollupError(f"the first key of {self.target} must be tenant_id")
        if self.month_key is not None and self.month_key not in self.keys:
            raise RollupError(f"{self.month_key!r} is no key of {self.target}")

    @property
    def measures(self) -> tuple[str, ...]:
        """The columns that change: the count, then the sums."""
        return (self.count, *self.sums)


def with_rollups(*rollups: Rollup) -> dict[str, object]:
    """Return the `info` of a model whose rows are counted by `rollups`."""
    return {_INFO: rollups}


def list_rollups(metadata: MetaData) -> list[Rollup]:
    """Return every rollup that a model of `metadata` declares, by target."""
    found = [one for table in metadata.tables.values() for one in table.info.get(_INFO, ())]
    return sorted(found, key=lambda rollup: rollup.target)


def get_rollup(rollups: Iterable[Rollup], target: str) -> Rollup:
    """Return the rollup of that target, "schema.name"; raise UnknownRollupError for another."""
    known = {rollup.target: rollup for rollup in rollups}
    if target not in known:
        names = ", ".join(known) or "none"
        raise UnknownRollupError(f"no rollup is named {target!r}; there are: {names}")
    return known[target]
