"""The SQL of an intake. Names come from a declared `BulkTable`, never from outside."""

from __future__ import annotations

from functools import lru_cache

from myriad.scale.data.bulk.table import BulkTable


@lru_cache(maxsize=256)
def make_staging(table: BulkTable) -> bytes:
    """Make the temporary table that a connection keeps; its rows go with the transaction."""
    columns = ", ".join(f"{column.name} {column.type}" for column in table.columns)
    return (
        f"CREATE TEMPORARY TABLE IF NOT EXISTS {table.staging} ({columns}) ON COMMIT DELETE ROWS"
    ).encode()


@lru_cache(maxsize=256)
def copy_in(table: BulkTable) -> bytes:
    """Fill the temporary table."""
    return f"COPY pg_temp.{table.staging} ({table.names}) FROM STDIN (FORMAT BINARY)".encode()


@lru_cache(maxsize=256)
def is_staging_used(table: BulkTable) -> bytes:
    """Tell whether an earlier batch of this transaction left its rows in the temporary table."""
    return f"SELECT EXISTS (SELECT FROM pg_temp.{table.staging})".encode()  # noqa: S608 - declared.


@lru_cache(maxsize=256)
def empty_staging(table: BulkTable) -> bytes:
    """Empty the temporary table for the next batch of the same transaction."""
    return f"TRUNCATE pg_temp.{table.staging}".encode()


@lru_cache(maxsize=256)
def find_known(table: BulkTable) -> bytes:
    """Tell whether the table holds any of the natural keys that come as one array a column."""
    types = {column.name: column.type for column in table.columns}
    arrays = ", ".join(f"${place}::{types[name]}[]" for place, name in enumerate(table.key, 2))
    return (
        f"SELECT EXISTS (SELECT FROM unnest({arrays}) AS staged ({', '.join(table.key)}) "  # noqa: S608
        f"WHERE {_is_known(table)})"
    ).encode()


@lru_cache(maxsize=256)
def insert_all(table: BulkTable) -> bytes:
    """Insert everything; fails when the table holds any of it.

    The order lets two intakes of the same rows wait for each other instead of locking each other
    out.
    """
    return (
        f"INSERT INTO {table.name} (tenant_id, {table.names}) "  # noqa: S608 - declared names.
        f"SELECT $1, {table.names} FROM pg_temp.{table.staging} ORDER BY {', '.join(table.key)}"
    ).encode()


@lru_cache(maxsize=256)
def insert_unknown(table: BulkTable) -> bytes:
    """Insert what the table does not hold yet; fails when a batch or another session doubles a row."""
    return (
        f"INSERT INTO {table.name} (tenant_id, {table.names}) "  # noqa: S608 - declared names.
        f"SELECT $1, {table.names} FROM pg_temp.{table.staging} AS staged "
        f"WHERE NOT {_is_known(table)} ORDER BY {', '.join(table.key)}"
    ).encode()


def _is_known(table: BulkTable) -> str:
    """Return the look for a known row.

    OFFSET 0 keeps it a look into the index for each row, whatever the planner believes of a
    temporary table without statistics.
    """
    same = " AND ".join(f"known.{name} = staged.{name}" for name in table.key)
    return (
        f"EXISTS (SELECT FROM {table.name} AS known WHERE known.tenant_id = $1 AND {same} OFFSET 0)"
    )


@lru_cache(maxsize=256)
def insert_unless_known(table: BulkTable) -> bytes:
    """Insert what the table does not hold yet, whoever else is writing."""
    return (
        f"INSERT INTO {table.name} (tenant_id, {table.names}) "  # noqa: S608 - declared names.
        f"SELECT $1, {table.names} FROM pg_temp.{table.staging} ORDER BY {', '.join(table.key)} "
        f"ON CONFLICT (tenant_id, {', '.join(table.key)}) DO NOTHING"
    ).encode()


@lru_cache(maxsize=256)
def insert_few(table: BulkTable) -> bytes:
    """Insert rows that come as one array a column: one round trip, no temporary table."""
    arrays = ", ".join(
        f"${place}::{column.type}[]" for place, column in enumerate(table.columns, start=2)
    )
    return (
        f"INSERT INTO {table.name} (tenant_id, {table.names}) "  # noqa: S608 - declared names.
        f"SELECT $1, {table.names} FROM unnest({arrays}) AS staged ({table.names}) "
        f"ORDER BY {', '.join(table.key)} "
        f"ON CONFLICT (tenant_id, {', '.join(table.key)}) DO NOTHING"
    ).encode()
