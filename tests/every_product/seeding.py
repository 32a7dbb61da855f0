"""One row in every table of a tenant, made from what the catalog says about its columns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from myriad.kit.ids import new_id
from tests.every_product.catalog import Table
from tests.every_product.exceptions import SAMPLES

_SET_TENANT = "SELECT set_config('app.tenant_id', %s, true)"
_BY_TYPE = {
    "uuid": new_id,
    "text": lambda: f"s{new_id().hex[-10:]}",
    "boolean": lambda: True,
    "date": lambda: "2026-05-01",
    "timestamp with time zone": lambda: "2026-05-01T12:00:00Z",
    "jsonb": lambda: Jsonb({}),
    "bytea": lambda: new_id().bytes * 2,
    "inet": lambda: "127.0.0.1",
    "interval": lambda: "1 hour",
}
_FIRST_LITERAL = re.compile(r"'((?:[^']|'')*)'::text")


class SeedError(AssertionError):
    """The suite cannot make a row; the message says what to add to `exceptions.SAMPLES`."""


@dataclass
class Seeded:
    """The rows of one tenant, by table."""

    tenant_id: Any
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)


def in_order(tables: dict[str, Table]) -> list[Table]:
    """Return the tables so that each stands after those that its rows must point to."""
    by_oid = {table.oid: table for table in tables.values()}
    ordered: list[Table] = []

    def visit(table: Table, above: tuple[str, ...]) -> None:
        if table in ordered:
            return
        assert table.name not in above, f"tables require each other: {above}"
        for constraint in _required_references(table):
            visit(by_oid[constraint["target"]], (*above, table.name))
        ordered.append(table)

    for table in tables.values():
        visit(table, ())
    return ordered


def _required_references(table: Table) -> Iterator[dict[str, Any]]:
    required = {column["name"] for column in table.columns if column["is_required"]}
    for constraint in table.constraints:
        is_elsewhere = constraint["target"] != table.oid
        if constraint["kind"] == "f" and is_elsewhere and set(constraint["columns"]) <= required:
            yield constraint


def seed_tenant(
    app_url: str, crossing_url: str, tables: dict[str, Table], tenant_id: Any, user_id: Any
) -> Seeded:
    """Write one row into every table that has a tenant, and return them all."""
    known = {"platform.tenant": {"id": tenant_id}, "platform.user_account": {"id": user_id}}
    seeded = Seeded(tenant_id, dict(known))
    wanted = _wanted(tables)
    for table in in_order(tables):
        if table.is_stored and table.oid in wanted and table.name not in known:
            values = _values_for(table, tables, seeded)
            seeded.rows[table.name] = _insert(app_url, crossing_url, table, values, tenant_id)
    return seeded


def _wanted(tables: dict[str, Table]) -> set[int]:
    """Return the tables of tenants, and those of the world that their rows must point to."""
    by_oid = {table.oid: table for table in tables.values()}
    found = {table.oid for table in tables.values() if table.is_of_tenants}
    waiting = list(found)
    while waiting:
        targets = {one["target"] for one in _required_references(by_oid[waiting.pop()])}
        waiting += targets - found
        found |= targets
    return found


def _values_for(table: Table, tables: dict[str, Table], seeded: Seeded) -> dict[str, Any]:
    values: dict[str, Any] = {"tenant_id": seeded.tenant_id} if table.is_of_tenants else {}
    names = {other.oid: other.name for other in tables.values()}
    for constraint in _required_references(table):
        target = seeded.rows[names[constraint["target"]]]
        pairs = zip(constraint["columns"], constraint["target_columns"], strict=True)
        values |= {mine: target[theirs] for mine, theirs in pairs}
    for column in table.columns:
        given = SAMPLES.get(f"{table.name}.{column['name']}")
        if given is not None:
            values[column["name"]] = given
        elif column["is_required"] and not column["has_default"]:
            values.setdefault(column["name"], _guess(table, column))
    return values


def _guess(table: Table, column: dict[str, Any]) -> Any:
    for constraint in table.constraints:
        if constraint["kind"] == "c" and constraint["columns"] == [column["name"]]:
            literal = _FIRST_LITERAL.search(constraint["definition"])
            if literal and "~" not in constraint["definition"]:
                found = literal.group(1)
                return [found] if column["type"].endswith("[]") else found
    if column["type"].endswith("[]"):
        return []
    maker = _BY_TYPE.get(column["type"].split("(")[0])
    return maker() if maker else 1


def _insert(
    app_url: str, crossing_url: str, table: Table, values: dict[str, Any], tenant_id: Any
) -> dict[str, Any]:
    statement = insert_statement(table, values, returning=True)
    reasons = []
    for url in (app_url, crossing_url):
        try:
            with psycopg.connect(url, row_factory=dict_row) as connection:
                connection.execute(_SET_TENANT, [str(tenant_id)])
                row = connection.execute(statement, list(values.values())).fetchone()
                assert row is not None
                return row
        except psycopg.Error as error:
            reasons.append(str(error).strip())
    raise SeedError(
        f"cannot make a sample row of {table.name}; add values to exceptions.SAMPLES: {reasons}"
    )


def insert_statement(
    table: Table, values: dict[str, Any], *, returning: bool = False
) -> sql.Composed:
    """Return the INSERT of `values` into the table."""
    return sql.SQL("INSERT INTO {} ({}) VALUES ({}){}").format(
        sql.Identifier(*table.name.split(".")),
        sql.SQL(", ").join(map(sql.Identifier, values)),
        sql.SQL(", ").join([sql.Placeholder()] * len(values)),
        sql.SQL(" RETURNING *" if returning else ""),
    )
