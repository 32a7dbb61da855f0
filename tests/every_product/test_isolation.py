"""With rows of two tenants in every table, neither sees nor touches the other's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from psycopg import errors, sql
from psycopg.types.json import Jsonb

from myriad.scale.embedded.servers import ServerUrls
from tests.every_product.catalog import Table
from tests.every_product.conftest import Peopled
from tests.every_product.seeding import insert_statement

Both = tuple[Peopled, Peopled]


@contextmanager
def acting(url: str, tenant_id: Any | None) -> Iterator[psycopg.Connection]:
    """A transaction of the application for one tenant, rolled back at the end."""
    with psycopg.connect(url) as connection:
        if tenant_id is not None:
            connection.execute("SELECT set_config('app.tenant_id', %s, true)", [str(tenant_id)])
        yield connection
        connection.rollback()


def _name(table: Table) -> sql.Identifier:
    return sql.Identifier(*table.name.split("."))


def _affected(connection: psycopg.Connection, statement: Any, parameters: list[Any]) -> int:
    """Return how many rows the statement touched; what is not granted touches none."""
    try:
        with connection.transaction():
            return connection.execute(statement, parameters).rowcount
    except errors.InsufficientPrivilege:
        return 0


@pytest.fixture
def readable(catalog: dict[str, Table]) -> list[Table]:
    """Every table and view with a tenant."""
    return [table for table in catalog.values() if table.is_of_tenants]


@pytest.fixture
def names(database_urls: ServerUrls, both: Both) -> tuple[str, Any, Any]:
    return database_urls.app_url, both[0].seeded.tenant_id, both[1].seeded.tenant_id


def test_each_tenant_has_a_row_in_every_table(both: Both, tenant_tables: list[Table]) -> None:
    for peopled in both:
        assert {table.name for table in tenant_tables} <= set(peopled.seeded.rows)


def test_a_tenant_reads_its_own_rows_and_no_others(
    names: tuple[str, Any, Any], readable: list[Table]
) -> None:
    url, mine, theirs = names
    with acting(url, mine) as connection:
        for table in readable:
            query = sql.SQL("SELECT 1 FROM {} WHERE tenant_id = %s").format(_name(table))
            assert _affected(connection, query, [theirs]) == 0, table.name
            assert not table.is_stored or _affected(connection, query, [mine]) > 0, table.name


def test_without_a_tenant_there_are_no_rows(
    names: tuple[str, Any, Any], readable: list[Table]
) -> None:
    with acting(names[0], None) as connection:
        for table in readable:
            query = sql.SQL("SELECT 1 FROM {}").format(_name(table))
            assert _affected(connection, query, []) == 0, table.name


def test_after_a_tenants_transaction_the_connection_is_nobodys(
    names: tuple[str, Any, Any], readable: list[Table]
) -> None:
    url, mine, _ = names
    with psycopg.connect(url) as connection:
        connection.execute("SELECT set_config('app.tenant_id', %s, true)", [str(mine)])
        connection.commit()
        for table in readable:
            query = sql.SQL("SELECT 1 FROM {}").format(_name(table))
            assert _affected(connection, query, []) == 0, table.name
        connection.rollback()


def test_a_tenant_changes_and_removes_no_row_of_another(
    names: tuple[str, Any, Any], tenant_tables: list[Table]
) -> None:
    url, mine, theirs = names
    with acting(url, mine) as connection:
        for table in tenant_tables:
            change = sql.SQL("UPDATE {} SET tenant_id = tenant_id WHERE tenant_id = %s")
            remove = sql.SQL("DELETE FROM {} WHERE tenant_id = %s")
            for statement in (change, remove):
                touched = _affected(connection, statement.format(_name(table)), [theirs])
                assert touched == 0, table.name


def test_a_tenant_can_neither_write_nor_move_a_row_to_another(
    names: tuple[str, Any, Any], both: Both, tenant_tables: list[Table]
) -> None:
    url, mine, theirs = names
    with acting(url, mine) as connection:
        for table in tenant_tables:
            row = dict(both[1].seeded.rows[table.name])
            documents = {each["name"] for each in table.columns if each["type"] == "jsonb"}
            kept = {
                name: Jsonb(value) if name in documents else value
                for name, value in row.items()
                if value is not None
            }
            with pytest.raises(errors.InsufficientPrivilege), connection.transaction():
                connection.execute(insert_statement(table, kept), list(kept.values()))
            move = sql.SQL("UPDATE {} SET tenant_id = %s WHERE tenant_id = %s")
            with pytest.raises(errors.InsufficientPrivilege), connection.transaction():
                connection.execute(move.format(_name(table)), [theirs, mine])
