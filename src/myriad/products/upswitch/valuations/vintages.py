"""Vintages of parameters as this installation keeps them: of no tenant, each under its checksum.

What ships is there from the first valuation on; further vintages are published from a terminal.
A vintage never changes, so a process reads each only once.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from myriad.products.upswitch.engine.parameters import Parameters, Provenance
from myriad.products.upswitch.errors import NoParametersError
from myriad.products.upswitch.parameters.defaults import DEFAULTS
from myriad.products.upswitch.valuations.sql import QUERIES, Row
from myriad.products.upswitch.views.valuations import ParameterSetView
from myriad.scale.data import Database
from myriad.scale.data.database import NOBODY

_TABLES = (
    "industries_us",
    "industries_global",
    "countries",
    "ratings",
    "capital_costs",
    "failures",
    "taxes",
)
_COUNTED = ("rows", "countries", "large", "by_rating", "over_riskfree", "rates")
_MOST_HELD = 16
_held: dict[UUID, Vintage] = {}


@dataclass(frozen=True, slots=True)
class Vintage:
    """Parameters under the id and checksum that they are kept with."""

    id: UUID
    parameters: Parameters
    sha256: str
    valid_from: date


def checksum(parameters: Parameters) -> str:
    """Return the SHA-256 of the parameters' JSON, in hexadecimal."""
    return hashlib.sha256(msgspec.json.encode(parameters)).hexdigest()


def vintage_id(sha256: str) -> UUID:
    """Return the id of the parameters with that checksum: a UUIDv8 of it (RFC 9562)."""
    return UUID(hex=f"{sha256[:12]}8{sha256[13:16]}8{sha256[17:32]}")


def provenances(parameters: Parameters) -> list[tuple[str, Any, Provenance]]:
    """Return every table with its name and where it comes from."""
    tables = [(name, getattr(parameters, name)) for name in _TABLES]
    tables += [("multiples", table) for table in parameters.multiples]
    return [(name, table, table.provenance) for name, table in tables if table is not None]


_SHIPPED = vintage_id(checksum(DEFAULTS))


async def publish(
    database: Database, parameters: Parameters, valid_from: date | None = None
) -> Vintage:
    """Keep a vintage for every account and return it; the same one again changes nothing.

    Without a day it is in force from that of its newest table on.
    """
    origins = [origin for _, _, origin in provenances(parameters)]
    newest = max((origin.as_of for origin in origins), default="1970-01-01")
    sha256 = checksum(parameters)
    row = {
        "id": vintage_id(sha256),
        "vintage": parameters.name,
        "source": "; ".join(dict.fromkeys(origin.source for origin in origins)),
        "valid_from": valid_from or date.fromisoformat(newest),
        "rows": msgspec.json.encode(parameters).decode(),
        "sha256": sha256,
    }
    async with database.crossing("a vintage of parameters is published") as session:
        connection = await session.connection()
        await connection.exec_driver_sql(QUERIES["store_parameter_set"], row)
    found = await _read(database, "find_parameter_set_by_sha", sha256=sha256)
    return _remember(found[0])


async def get_vintage(database: Database, asked: UUID) -> Vintage:
    """Return a vintage by its id; raises NoParametersError."""
    if asked in _held:
        return _held[asked]
    rows = await _read(database, "find_parameter_set", id=asked)
    if not rows and asked == _SHIPPED:
        return await publish(database, DEFAULTS)
    if not rows:
        raise NoParametersError("these parameters are not kept here any more")
    return _remember(rows[0])


async def get_in_force(database: Database, as_of: date) -> Vintage:
    """Return the newest vintage that was in force on a day; raises NoParametersError."""
    asked = {"as_of": as_of, "shipped": checksum(DEFAULTS)}
    rows = await _read(database, "find_parameter_set_in_force", **asked)
    if not rows or not rows[0]["has_shipped"]:
        await publish(database, DEFAULTS)
        rows = await _read(database, "find_parameter_set_in_force", **asked)
    if rows[0]["id"] is None:
        raise NoParametersError(
            f"no parameters were in force on {as_of}; the oldest begin on {rows[0]['oldest']}",
            as_of=as_of.isoformat(),
        )
    return await get_vintage(database, rows[0]["id"])


async def list_vintages(database: Database) -> list[ParameterSetView]:
    """Return every vintage, the newest first."""
    return [_view(row) for row in await _read(database, "list_parameter_sets")]


async def _read(database: Database, name: str, **parameters: Any) -> list[Row]:
    # They are public, so nobody in particular reads them.
    return await database.reader.rows(NOBODY, QUERIES[name], parameters)


def _remember(row: Row) -> Vintage:
    parameters = msgspec.convert(row["rows"], Parameters)
    found = Vintage(row["id"], parameters, row["sha256"], row["valid_from"])
    if len(_held) >= _MOST_HELD:
        _held.pop(next(iter(_held)))
    _held[found.id] = found
    return found


def _view(row: Row) -> ParameterSetView:
    parameters = msgspec.convert(row["rows"], Parameters)
    return ParameterSetView(
        id=row["id"],
        vintage=row["vintage"],
        source=row["source"],
        valid_from=row["valid_from"],
        sha256=row["sha256"],
        stored_at=row["stored_at"],
        tables=tuple(
            {
                "table": name,
                "rows": size_of(table),
                "source": origin.source,
                "as_of": origin.as_of,
                "licence": origin.licence,
            }
            for name, table, origin in provenances(parameters)
        ),
    )


def size_of(table: Any) -> int:
    """Return how many rows a table of parameters has."""
    return next((len(getattr(table, name)) for name in _COUNTED if hasattr(table, name)), 0)
