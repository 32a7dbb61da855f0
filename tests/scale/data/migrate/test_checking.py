"""A mapping that is wrong is told before anything is written: where, and what to write instead."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from myriad.scale.data.migrate import MappingError, MigrationMap, Move, Place
from tests.scale.data.migrate.conftest import Shop, filled
from tests.scale.data.migrate.shop import MAPPING, norm


def _read(text: str) -> MigrationMap:
    return MigrationMap.parse(text, calls={"norm": norm})


# What an operator wrote instead of what, and what is said of it.
WRONG = {
    "a type that the table has not": (
        'total_minor = { from = "total", type = "bigint", transform = "minor", digits = 2 }',
        'total_minor = { from = "total", type = "double precision" }',
        'purchase.total_minor is bigint, the mapping says double precision: write type = "bigint"',
    ),
    "no type at all": (
        'raw = { from = "raw", type = "text" }',
        'raw = { from = "raw", type = "varchar" }',
        "purchase.raw: no column can become 'varchar'; types are smallint",
    ),
    "an unknown transform": (
        'transform = "minor", digits = 2',
        'transform = "cents"',
        "purchase.total_minor: there is no transform 'cents'; there are minor, lookup, epoch",
    ),
    "a constant of another type": (
        'shop = { constant = 3, type = "integer" }',
        'shop = { constant = "three", type = "integer" }',
        "customer.shop: `constant` 'three' is no integer",
    ),
    "neither origin": (
        'raw = { from = "raw", type = "text" }',
        'raw = { type = "text" }',
        "at table 'orders' columns raw: a column needs either `from` or `constant`",
    ),
    "a word misspelt": (
        "digits = 2",
        "digit = 2",
        "at table 'orders' columns total_minor digit: no such word; there are from, constant",
    ),
    "a condition that SQLite does not know": (
        'source = "customers"',
        'source = "customers"\nwhere = "t.state = 1"',
        "'customers': `where` cannot be asked: no such column: t.state",
    ),
    "a reference to no table": (
        'references = "customers"',
        'references = "people"',
        "purchase.customer_id: the SQLite file has no table 'people'",
    ),
    "a zone that is none": (
        'zone = "America/New_York"',
        'zone = "America/Newyork"',
        "at migration: 'America/Newyork' is no time zone",
    ),
    "a column that must be filled": (
        'is_active = { from = "active", type = "boolean", required = true }',
        "",
        "may not be empty and have no default: map is_active",
    ),
    "a column that is not there": (
        'raw = { from = "raw", type = "text" }',
        'row = { from = "raw", type = "text" }',
        'purchase does not fit the mapping: column "row" does not exist',
    ),
    "a default of another type": (
        'type = "timestamptz" }',
        'type = "timestamptz", default = "never" }',
        "customer.joined_at: `default` 'never' is no timestamptz",
    ),
}


@pytest.mark.parametrize(("right", "wrong", "said"), WRONG.values(), ids=WRONG)
def test_a_wrong_mapping_is_refused_with_its_place_before_anything_is_written(
    shop: Shop, right: str, wrong: str, said: str
) -> None:
    text = MAPPING.format(name=shop.name, schema=shop.name)
    assert right in text
    with pytest.raises(MappingError) as told:
        Move(Place(_read, (text.replace(right, wrong),), shop.path, shop.urls.crossing_url)).begin()
    assert said in told.value.detail
    assert shop.old("SELECT name FROM sqlite_master WHERE name LIKE 'myriad%'") == []


def test_a_file_that_is_no_sqlite_database_is_told(shop: Shop, tmp_path: Path) -> None:
    path = tmp_path / "shop.db.txt"
    path.write_text("this is no database, however long it may be" * 50)
    text = MAPPING.format(name=shop.name, schema=shop.name)
    with pytest.raises(MappingError, match="cannot be read as a SQLite database: file is not a"):
        Move(Place(_read, (text,), path, shop.urls.crossing_url))


def test_a_domain_of_a_type_that_fits_is_filled(shop: Shop) -> None:
    with psycopg.connect(shop.urls.database_url, autocommit=True) as owner:
        owner.execute(f"CREATE DOMAIN {shop.name}.short AS varchar(30)".encode())
        change = "ALTER TABLE {0}.purchase ALTER raw TYPE {0}.short"
        owner.execute(change.format(shop.name).encode())
    assert filled(shop).verify().is_clean
