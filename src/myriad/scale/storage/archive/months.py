"""One month of a table on its way out: written as Parquet, read back, compared, then dropped.

Each tenant's rows are files of that tenant, sealed with its key, so that they go when the tenant
goes. The manifest beside them has no personal data. A month that is detached does not change, so
whatever ends this in the middle, doing it again writes the same files.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
from psycopg import AsyncConnection, sql

from myriad.scale.data import Database, NamedQueries, Session
from myriad.scale.data.work import driver_of
from myriad.scale.storage.archive.errors import ArchiveDiffersError, NotArchivedError
from myriad.scale.storage.archive.parquet import Row, join, read_parquet, to_parquet, to_rows
from myriad.scale.storage.errors import FileNotStoredError
from myriad.scale.storage.tenant_files import TenantFiles
from myriad.scale.tenancy import TenantId

if TYPE_CHECKING:
    from polars import DataFrame

QUERIES = NamedQueries.load("myriad.scale.storage.archive")
ROWS_PER_FILE = 50_000
_PLAIN = (
    "SELECT set_config('timezone', 'UTC', true), set_config('datestyle', 'ISO, YMD', true), "
    "set_config('intervalstyle', 'postgres', true), set_config('bytea_output', 'hex', true)"
)
# The digest does not depend on the order of the rows, and is that of every column as text.
_DIGEST = sql.SQL(
    "SELECT count(*), coalesce(sum(hashtextextended(one::text, 0)::numeric), 0)::text "
    "FROM {table} AS one WHERE tenant_id = %s"
)


class Part(msgspec.Struct, frozen=True):
    """One tenant's rows of a month: its files in order, how many rows and their digest."""

    tenant_id: UUID
    names: list[str]
    rows: int
    digest: str
    size_bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """What an archived month consists of; `columns` are names and PostgreSQL's types."""

    table: str
    month: date
    columns: list[tuple[str, str]]
    parts: list[Part]


@dataclass(frozen=True)
class _Source:
    """A detached month on the connection that reads it."""

    driver: AsyncConnection[Any]
    name: str
    columns: list[tuple[str, str]]

    @property
    def table(self) -> sql.Identifier:
        return sql.Identifier(*self.name.split("."))


async def archive_month(
    database: Database, files: TenantFiles, table: str, month: date
) -> Manifest:
    """Write the detached month of `table`, read it back and record that it may be dropped.

    Raises ArchiveDiffersError when what was read back is not what stands in the database.
    """
    key = archive_key(table, month)
    async with database.crossing("a month that is over is archived") as session:
        source = await _open(session, f"{table}_p{month:%Y_%m}")
        parts = [
            await _archive_tenant(source, files, TenantId(tenant), key)
            for tenant in await _tenants(source)
        ]
        manifest = Manifest(table, month, source.columns, parts)
        content = msgspec.json.encode(manifest)
        await files.store.put(f"{key}/manifest.json", content)
        await source.driver.execute(QUERIES["mark_archived"], _record(manifest, key, content))
    return manifest


async def read_manifest(files: TenantFiles, table: str, month: date) -> Manifest:
    """Return what an archived month consists of; raise NotArchivedError when there is none."""
    try:
        content = await files.store.get(f"{archive_key(table, month)}/manifest.json")
    except FileNotStoredError:
        raise NotArchivedError(f"{month:%Y-%m} of {table} is not in the archive") from None
    return msgspec.json.decode(content, type=Manifest)


async def read_month(files: TenantFiles, table: str, month: date, tenant_id: TenantId) -> DataFrame:
    """Return a tenant's rows of an archived month; raise NotArchivedError when there are none."""
    manifest = await read_manifest(files, table, month)
    for part in manifest.parts:
        if part.tenant_id == tenant_id:
            return await _read_part(files, part)
    raise NotArchivedError(f"{month:%Y-%m} of {table} has no rows of this account")


async def _read_part(files: TenantFiles, part: Part) -> DataFrame:
    tenant_id = TenantId(part.tenant_id)
    try:
        return join([read_parquet(await files.get(tenant_id, name)) for name in part.names])
    except FileNotStoredError:
        raise NotArchivedError(
            f"the files of {part.names[0]} are gone: deleted with their account, or lost"
        ) from None


def archive_key(table: str, month: date) -> str:
    """Return where the manifest of a month lies, and where a tenant's files of it lie."""
    return f"archive/{table}/{month:%Y-%m}"


def _record(manifest: Manifest, key: str, content: bytes) -> dict[str, object]:
    parts = manifest.parts
    return {
        "table_name": manifest.table,
        "month": manifest.month,
        "storage_key": key,
        "sha256": hashlib.sha256(content).hexdigest(),
        "row_count": sum(part.rows for part in parts),
        "row_digest": str(sum(int(part.digest) for part in parts)),
        "size_bytes": sum(part.size_bytes for part in parts),
    }


async def _open(session: Session, name: str) -> _Source:
    driver = await driver_of(session)
    await driver.execute(_PLAIN)
    found = await driver.execute(QUERIES["list_columns"], {"table_name": name})
    return _Source(driver, name, [(row[0], row[1]) for row in await found.fetchall()])


async def _tenants(source: _Source) -> list[UUID]:
    found = await source.driver.execute(
        sql.SQL("SELECT DISTINCT tenant_id FROM {} ORDER BY 1").format(source.table)
    )
    return [row[0] for row in await found.fetchall()]


async def _archive_tenant(
    source: _Source, files: TenantFiles, tenant_id: TenantId, key: str
) -> Part:
    names: list[str] = []
    size, sha256 = 0, hashlib.sha256()
    async for rows in _chunks(source, tenant_id):
        content = to_parquet(source.columns, rows)
        names.append(f"{key}/{len(names):05}.parquet")
        await files.put(tenant_id, names[-1], content)
        sha256.update(content)
        size += len(content)
    rows_here, digest = await _digest(source.driver, source.table, tenant_id)
    if await _digest_of_files(source, files, tenant_id, names) != (rows_here, digest):
        raise ArchiveDiffersError(
            f"{source.name}: what was archived is not what was read; nothing was dropped",
            tenant_id=str(tenant_id),
        )
    return Part(tenant_id, names, rows_here, digest, size, sha256.hexdigest())


async def _chunks(source: _Source, tenant_id: TenantId) -> AsyncIterator[list[Row]]:
    """Yield a tenant's rows, by where they lie, as PostgreSQL's text."""
    query = sql.SQL("COPY (SELECT * FROM {} WHERE tenant_id = {} ORDER BY ctid) TO STDOUT").format(
        source.table, sql.Literal(tenant_id)
    )
    rows: list[Row] = []
    async with source.driver.cursor() as cursor, cursor.copy(query) as copy:
        copy.set_types(["text"] * len(source.columns))
        async for row in copy.rows():
            rows.append(row)
            if len(rows) == ROWS_PER_FILE:
                yield rows
                rows = []
    if rows:
        yield rows


async def _digest(
    driver: AsyncConnection[Any], table: sql.Identifier, tenant_id: TenantId
) -> tuple[int, str]:
    found = await driver.execute(_DIGEST.format(table=table), [tenant_id])
    row = await found.fetchone()
    assert row is not None
    return int(row[0]), str(row[1])


async def _digest_of_files(
    source: _Source, files: TenantFiles, tenant_id: TenantId, names: Sequence[str]
) -> tuple[int, str]:
    """Return the digest of rows that were read back into a table of the same columns."""
    back = sql.Identifier("read_back")
    await source.driver.execute(
        sql.SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS SELECT * FROM {} WITH NO DATA").format(
            back, source.table
        )
    )
    copying = sql.SQL("COPY {} FROM STDIN").format(back)
    async with source.driver.cursor() as cursor, cursor.copy(copying) as copy:
        for name in names:
            for row in to_rows(read_parquet(await files.get(tenant_id, name))):
                await copy.write_row(row)
    try:
        return await _digest(source.driver, back, tenant_id)
    finally:
        await source.driver.execute(sql.SQL("DROP TABLE {}").format(back))
