"""What a model says when its rows stand by month."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import MetaData, Table

from myriad.kit.errors import MyriadError
from myriad.scale.data.migrations.operations import Executes

_INFO = "monthly"
DEFAULT_LEAVES = 36


class MonthlyError(MyriadError):
    """A table by month is declared with numbers that do not go together."""

    code = "invalid_months"
    title = "Invalid months"


@dataclass(frozen=True)
class Monthly:
    """A table whose rows stand by the month of `column`, a date that never changes.

    `ahead` months stand ready beyond the running one. `keep_months` full months before it stay,
    older ones go to the archive; None keeps them all. With the default partition a table then has at
    most `leaves` partitions: planning costs grow with them (36 leaves: half the reads a second of
    12), so more of them must be asked for, and months of the past are refused beyond it.
    """

    column: str
    ahead: int = 3
    keep_months: int | None = 31
    leaves: int = DEFAULT_LEAVES

    def __post_init__(self) -> None:
        """Refuse what could not be kept."""
        if not 1 <= self.ahead <= 12:
            raise MonthlyError(f"ahead must be 1 to 12 months, not {self.ahead}")
        kept = self.keep_months
        if kept is not None and kept < 1:
            raise MonthlyError(f"keep_months must be 1 or more, or None for all, not {kept}")
        if kept is not None and kept + self.ahead + 2 > self.leaves:
            raise MonthlyError(
                f"{kept} months kept, the running one, {self.ahead} ahead and the default are more "
                f"than {self.leaves} leaves: keep fewer months or declare more leaves"
            )


def by_month(monthly: Monthly, info: Mapping[str, object] = MappingProxyType({})) -> dict[str, Any]:
    """Return the options in `__table_args__` of a model whose rows stand by month."""
    return {
        "postgresql_partition_by": f"RANGE ({monthly.column})",
        "info": {**info, _INFO: monthly},
    }


def find_monthly(table: Table) -> Monthly | None:
    """Return what a model's table says about its months; None for one without."""
    found: Monthly | None = table.info.get(_INFO)
    return found


def list_monthly(metadata: MetaData) -> dict[str, Monthly]:
    """Return what the models of `metadata` say about months, by "schema.name"."""
    found = {table.fullname: find_monthly(table) for table in metadata.tables.values()}
    return {name: monthly for name, monthly in sorted(found.items()) if monthly is not None}


def declare_months(op: Executes, table: str, monthly: Monthly) -> None:
    """Enter `table` ("schema.name", partitioned by range, with a default) into the declared ones.

    Its months from the running one on are made in the same migration. Entering it again changes
    what is declared.
    """
    kept = "NULL" if monthly.keep_months is None else str(monthly.keep_months)
    values = f"'{table}', '{monthly.column}', {monthly.ahead}, {kept}, {monthly.leaves}"
    op.execute(
        "INSERT INTO platform.partitioned_table "  # noqa: S608 - of a migration.
        f"(table_name, key_column, ahead, keep_months, leaves) VALUES ({values}) "
        "ON CONFLICT (table_name) DO UPDATE SET key_column = excluded.key_column, "
        "ahead = excluded.ahead, keep_months = excluded.keep_months, leaves = excluded.leaves"
    )
    op.execute(
        f"SELECT platform.ensure_months('{table}', now()::date, "
        f"(now() + interval '{monthly.ahead} months')::date)"
    )


def forget_months(op: Executes, table: str) -> None:
    """Take `table` out of the declared ones; its partitions stay."""
    op.execute(f"DELETE FROM platform.partitioned_table WHERE table_name = '{table}'")  # noqa: S608 - of a migration.
