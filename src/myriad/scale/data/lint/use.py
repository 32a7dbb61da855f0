"""How large tables are, whose rows they hold, and which indexes are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.errors import InsufficientPrivilege

from myriad.kit.errors import InvalidInputError
from myriad.scale.data.lint.examining import QUERIES, Ask
from myriad.scale.data.settings import CROSSING_ROLE

# So many bytes of a table are read to say whose it is: a second of a slow disk.
_READ_BYTES = 32 << 20
_SHARES = (
    "SELECT tenant_id, count(*) AS rows, sum(count(*)) OVER ()::bigint AS of_rows "
    "FROM {name} TABLESAMPLE SYSTEM (%(percent)s::float4) "
    "GROUP BY tenant_id ORDER BY 2 DESC, 1 LIMIT %(limit)s::int"
)


@dataclass(frozen=True)
class TableSize:
    """A table with its partitions; rows as PostgreSQL estimates them."""

    name: str
    rows: int
    table_bytes: int
    index_bytes: int
    partitions: int = 0
    has_tenant: bool = False

    @property
    def bytes(self) -> int:
        """Rows, what is kept outside them, and indexes."""
        return self.table_bytes + self.index_bytes


@dataclass(frozen=True)
class TenantShare:
    """What share of a table's rows one tenant holds, of the `of_rows` rows that were looked at."""

    tenant_id: UUID
    share: float
    of_rows: int


@dataclass(frozen=True)
class IndexUse:
    """How often an index was read, since `statistics_since`."""

    name: str
    table_name: str
    is_unique: bool
    scans: int
    last_scan_at: datetime | None
    bytes: int


def size_text(size: int) -> str:
    """Return bytes in the largest unit that they fill."""
    value = float(size)
    for unit in ("B", "KB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:,.1f} {unit}"
        value /= 1000
    return f"{value:,.1f} TB"


async def list_sizes(ask: Ask) -> list[TableSize]:
    """Return every table with its size, the largest first."""
    return [TableSize(**row) for row in await ask(QUERIES["list_table_sizes"], {})]


async def list_partition_sizes(ask: Ask, name: str) -> list[TableSize]:
    """Return the partitions of the table `name`; none when it has none."""
    return [TableSize(**row) for row in await ask(QUERIES["list_partition_sizes"], {"name": name})]


async def get_size(ask: Ask, name: str) -> TableSize:
    """Return the size of the table `name` ("schema.name"). Raises InvalidInputError."""
    for one in await list_sizes(ask):
        if one.name == name:
            return one
    raise InvalidInputError(f"there is no table {name}; ./myriad db sizes lists them")


async def list_shares(ask: Ask, table: TableSize, *, limit: int = 10) -> list[TenantShare]:
    """Return the tenants with most rows of `table`, from a sample of its pages when it is large.

    `ask` must see every tenant. Raises InvalidInputError for a table that it may not read.
    """
    if not table.has_tenant:
        return []
    percent = min(100.0, 100 * _READ_BYTES / max(table.table_bytes, 1))
    # The name comes from the catalog, quoted where it has to be.
    try:
        rows = await ask(_SHARES.format(name=table.name), {"percent": percent, "limit": limit})
    except InsufficientPrivilege:
        raise InvalidInputError(
            f"{table.name} takes {size_text(table.bytes)}; whose rows it holds cannot be read: GRANT "
            f"USAGE on its schema and SELECT on it to {CROSSING_ROLE}"
        ) from None
    return [
        TenantShare(row["tenant_id"], row["rows"] / row["of_rows"], row["of_rows"]) for row in rows
    ]


async def list_index_use(ask: Ask) -> tuple[Sequence[IndexUse], datetime | None]:
    """Return every index, the largest first, and since when reads are counted."""
    rows = await ask(QUERIES["list_index_use"], {})
    since = await ask(QUERIES["statistics_since"], {})
    return [IndexUse(**row) for row in rows], since[0]["at"]
