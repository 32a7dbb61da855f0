"""Applying an update: all deletes, then all inserts, in one transaction, numbers strictly in order.

An update repeats the whole set of rows of each entity that it touches, file by file.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from myriad.products.upswitch.registry.kbo.cleaning import Cleaned, Cleaner, Refusal
from myriad.products.upswitch.registry.kbo.entities import Everybody
from myriad.products.upswitch.registry.kbo.errors import ExtractError, ExtractOrderError
from myriad.products.upswitch.registry.kbo.extract import Extract
from myriad.products.upswitch.registry.kbo.files import CODE, FILES, File
from myriad.products.upswitch.registry.kbo.loading import (
    Loaded,
    note_extract,
    registry_connection,
)
from myriad.products.upswitch.registry.kbo.noting import Told, noted
from myriad.products.upswitch.registry.kbo.records import iter_blocks
from myriad.products.upswitch.registry.sql import QUERIES
from myriad.scale.data import Database

_CHOSEN = {
    "next": "",
    "chosen_number": "WHERE number = ANY (%(numbers)s)",
    "and_chosen_entity": "AND entity = ANY (%(numbers)s)",
    "chosen_family": """WHERE m.entity IN (
        SELECT unnest(%(numbers)s::bigint[])
        UNION ALL SELECT number FROM upswitch.kbo_establishment
                  WHERE enterprise = ANY (%(numbers)s)
        UNION ALL SELECT number FROM upswitch.kbo_branch WHERE enterprise = ANY (%(numbers)s))""",
}
_DELETE = sql.SQL("DELETE FROM {table} WHERE {key} = ANY (%s)")
_STAGE = sql.SQL("CREATE TEMP TABLE staged ON COMMIT DROP AS SELECT {columns} FROM {table} LIMIT 0")
_COPY = sql.SQL("COPY staged ({columns}) FROM STDIN (FORMAT csv, FORCE_NULL *, ENCODING 'UTF8')")
_INSERT = sql.SQL("INSERT INTO {table} ({columns}) SELECT {columns} FROM staged")
_INSERT_OF_KNOWN = sql.SQL("""
INSERT INTO {table} ({columns}) SELECT {columns} FROM staged s
WHERE EXISTS (SELECT 1 FROM upswitch.kbo_enterprise e WHERE e.number = s.{owner})
   OR EXISTS (SELECT 1 FROM upswitch.kbo_establishment t WHERE t.number = s.{owner})
   OR EXISTS (SELECT 1 FROM upswitch.kbo_branch b WHERE b.number = s.{owner})
""")
_STAGED_KEYS = sql.SQL("SELECT DISTINCT {key} FROM staged")
_Connection = psycopg.AsyncConnection[Any]
# Deletes, inserts, and making the companies anew.
_STEPS = 2 * len(FILES) + 1


async def apply_update(database: Database, path: Path, tell: Told | None = None) -> Loaded:
    """Apply the update at `path`; raises ExtractOrderError unless it is the very next one.

    Nothing is changed by an update that fails. `tell` hears how many files' steps are done.
    """
    with Extract.open(path) as extract:
        if extract.meta.is_full:
            raise ExtractError("this is a full extract, no update")
        async with (
            registry_connection(database) as connection,
            noted(database, extract, path.name, tell) as told,
        ):
            return await _apply(connection, extract, told)


async def _apply(connection: _Connection, extract: Extract, tell: Told) -> Loaded:
    meta = extract.meta
    loaded = Loaded(meta.number, meta.snapshot_date)
    refusals: list[tuple[str, Refusal]] = []
    async with connection.transaction():
        natural_persons = await _require_order(connection, meta.number)
        touched: set[int] = set()
        # Before the rows are gone that say to which enterprise an establishment belongs.
        for place, file in enumerate(FILES):
            tell("index", place, _STEPS)
            touched |= await _delete(connection, extract, file)
        for place, file in enumerate(FILES, start=len(FILES)):
            tell("index", place, _STEPS)
            touched |= await _insert(connection, extract, file, natural_persons, loaded, refusals)
        await _remake(connection, extract, touched, loaded)
        await note_extract(connection, extract, natural_persons, loaded, refusals)
    return loaded


async def _require_order(connection: _Connection, number: int) -> bool:
    """Return whether natural persons are kept; raises ExtractOrderError for a wrong number."""
    cursor = await connection.execute(QUERIES["last_kbo_extract"])
    row = await cursor.fetchone()
    last = row[0] if row else None
    if last is None or number != last + 1:
        raise ExtractOrderError(number, last)
    return bool(row and row[6])


async def _delete(connection: _Connection, extract: Extract, file: File) -> set[int]:
    """Delete the rows of the entities that the update names; return their enterprises."""
    name = f"{file.stem}_delete.csv"
    if not extract.has(name) or file is CODE:
        return set()
    keys = _read_keys(extract, name, file)
    families = await _families(connection, keys)
    await connection.execute(_DELETE.format(**_identifiers(file)), [keys])
    return families


def _read_keys(extract: Extract, name: str, file: File) -> list[int]:
    column = File(file.stem, file.table, (file.key,))
    keys: list[int] = []
    cleaner = Cleaner(column, Everybody())
    with extract.open_rows(name, file, keys_only=True) as stream:
        for block in iter_blocks(stream):
            cleaned = cleaner.clean(block)
            if cleaned.refusals:
                first = cleaned.refusals[0]
                raise ExtractError(f"{name}, line {first.line}: {first.reason}")
            keys.extend(int(line) for line in cleaned.data.split())
    return keys


async def _insert(
    connection: _Connection,
    extract: Extract,
    file: File,
    natural_persons: bool,
    loaded: Loaded,
    refusals: list[tuple[str, Refusal]],
) -> set[int]:
    """Insert the update's rows of entities that are kept; return their enterprises."""
    name = f"{file.stem}_insert.csv"
    if not extract.has(name):
        return set()
    await _stage(connection, file, _cleaned(extract, name, file, natural_persons), loaded, refusals)
    if file is CODE:
        await connection.execute("DELETE FROM upswitch.kbo_code")
    statement = _INSERT_OF_KNOWN if file.owner else _INSERT
    cursor = await connection.execute(statement.format(**_identifiers(file)))
    loaded.rows[file.stem] = cursor.rowcount
    if file is CODE:
        return set()
    keys = await connection.execute(_STAGED_KEYS.format(**_identifiers(file)))
    return await _families(connection, [row[0] for row in await keys.fetchall()])


def _identifiers(file: File) -> dict[str, sql.Composable]:
    owners = [each.name for each in file.columns if each.heading == file.owner]
    return {
        "table": sql.Identifier("upswitch", file.table),
        "columns": sql.SQL(", ").join(sql.Identifier(each.name) for each in file.columns),
        "key": sql.Identifier(file.key.name),
        "owner": sql.Identifier(owners[0] if owners else file.key.name),
    }


def _cleaned(extract: Extract, name: str, file: File, natural_persons: bool) -> Iterator[Cleaned]:
    # Whether an entity is kept is asked of the database, which knows them all.
    cleaner = Cleaner(file, Everybody(), natural_persons=natural_persons)
    with extract.open_rows(name, file) as stream:
        for block in iter_blocks(stream):
            yield cleaner.clean(block)


async def _stage(
    connection: _Connection,
    file: File,
    parts: Iterator[Cleaned],
    loaded: Loaded,
    refusals: list[tuple[str, Refusal]],
) -> None:
    """Copy rows into a temporary table: COPY refuses tables under row security."""
    await connection.execute("DROP TABLE IF EXISTS pg_temp.staged")
    await connection.execute(_STAGE.format(**_identifiers(file)))
    statement = _COPY.format(**_identifiers(file))
    async with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for cleaned in parts:
            await copy.write(cleaned.data)
            loaded.skipped += cleaned.skipped
            loaded.refused += len(cleaned.refusals)
            refusals.extend((f"{file.stem}_insert", each) for each in cleaned.refusals)


async def _families(connection: _Connection, numbers: list[int]) -> set[int]:
    cursor = await connection.execute(QUERIES["families_of"], {"numbers": numbers})
    return {row[0] for row in await cursor.fetchall()}


async def _remake(
    connection: _Connection, extract: Extract, touched: set[int], loaded: Loaded
) -> None:
    """Make the companies anew that the update touched."""
    numbers = {"numbers": sorted(touched), "snapshot_date": extract.meta.snapshot_date}
    await connection.execute(QUERIES["forget_companies"], numbers)
    await connection.execute(QUERIES["forget_terms"], numbers)
    made = await connection.execute(QUERIES["make_companies"].format(**_CHOSEN), numbers)
    await connection.execute(QUERIES["make_terms"].format(**_CHOSEN), numbers)
    loaded.companies = made.rowcount
