"""Tables without an INTEGER PRIMARY KEY: composite and text keys, WITHOUT ROWID, no key at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex
from typing import Any

import psycopg
import pytest

from myriad.scale.data.migrate import MappingError, MigrationMap, Move, PhaseError, Place
from myriad.scale.embedded.servers import ServerUrls

OLD = """
PRAGMA journal_mode = WAL;
CREATE TABLE Customers (CustomerID NVARCHAR(5) COLLATE NOCASE PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE "Order Details" (
    OrderID INT, ProductID INT, qty INT, price REAL, total REAL AS (qty * price) STORED,
    PRIMARY KEY (OrderID, ProductID)
);
CREATE TABLE "select" (list INT, track INT, PRIMARY KEY (list, track)) WITHOUT ROWID;
CREATE TABLE log (at TEXT, msg TEXT);
CREATE VIEW v AS SELECT * FROM log;
"""
NEW = """
CREATE SCHEMA {s};
CREATE TABLE {s}.customer (id text COLLATE "C" PRIMARY KEY, name varchar(20) UNIQUE);
CREATE TABLE {s}.line (order_id int, product_id int, qty int, total double precision,
    PRIMARY KEY (order_id, product_id));
CREATE TABLE {s}.track (list int, track bigint, PRIMARY KEY (track, list));
CREATE TABLE {s}.log (id bigint PRIMARY KEY, msg text);
GRANT USAGE ON SCHEMA {s} TO myriad_crossing;
GRANT ALL ON ALL TABLES IN SCHEMA {s} TO myriad_crossing;
"""
MAPPING = """
[migration]
name = "{s}"
chunk_rows = 100
shadow_seconds = 0
[[table]]
source = "Customers"
target = "{s}.customer"
key = ["id"]
[table.columns]
id = {{ from = "CustomerID", type = "text", collation = "accepted" }}
name = {{ from = "name", type = "text", collation = "accepted" }}
[[table]]
source = "Order Details"
target = "{s}.line"
key = ["order_id", "product_id"]
[table.columns]
order_id = {{ from = "OrderID", type = "integer" }}
product_id = {{ from = "ProductID", type = "integer" }}
qty = {{ from = "qty", type = "integer" }}
total = {{ from = "total", type = "double precision" }}
[[table]]
source = "select"
target = "{s}.track"
key = ["track", "list"]
[table.columns]
list = {{ from = "list", type = "integer" }}
track = {{ from = "track", type = "bigint" }}
[[table]]
source = "log"
target = "{s}.log"
key = ["id"]
[table.columns]
id = {{ from = "rowid", type = "bigint" }}
msg = {{ from = "msg", type = "text" }}
[[shadow]]
name = "lines"
sqlite = 'SELECT count(*) FROM "Order Details"'
postgres = "SELECT count(*) FROM {s}.line"
"""
CONTENTS = {
    "SELECT CustomerID, name FROM Customers ORDER BY CustomerID COLLATE BINARY": (
        "SELECT id, name FROM {s}.customer ORDER BY id"
    ),
    'SELECT OrderID, ProductID, qty, total FROM "Order Details" ORDER BY 1, 2': (
        "SELECT * FROM {s}.line ORDER BY 1, 2"
    ),
    'SELECT list, track FROM "select" ORDER BY 1, 2': "SELECT * FROM {s}.track ORDER BY 1, 2",
    "SELECT rowid, msg FROM log ORDER BY 1": "SELECT * FROM {s}.log ORDER BY 1",
}


class Northwind:
    """An old database of many kinds of keys, its new one, and the move."""

    def __init__(self, path: Path, urls: ServerUrls, name: str) -> None:
        self.path, self.urls, self.name = path, urls, name
        place = Place(_read, (name,), path, urls.crossing_url, urls.database_url)
        self.move = Move(place, workers=1)

    def old(self, statement: str) -> list[Any]:
        """Run statements as the old program does."""
        with sqlite3.connect(self.path, timeout=30) as old:
            return old.execute(statement).fetchall()

    def new(self, statement: str) -> list[Any]:
        """Run a statement as the new program does; {s} is its schema."""
        with psycopg.connect(self.urls.crossing_url) as new:
            found = new.execute(statement.format(s=self.name).encode())
            return found.fetchall() if found.description else []

    def is_alike(self) -> bool:
        """Say whether both hold the same."""
        return all(self.old(ours) == self.new(theirs) for ours, theirs in CONTENTS.items())


def _read(name: str) -> MigrationMap:
    return MigrationMap.parse(MAPPING.format(s=name))


@pytest.fixture
def northwind(tmp_path: Path, database_urls: ServerUrls) -> Iterator[Northwind]:
    """Such a database, filled."""
    name, path = f"nw_{token_hex(5)}", tmp_path / "northwind.db"
    with sqlite3.connect(path) as old:
        old.executescript(OLD)
        old.executemany(
            "INSERT INTO Customers VALUES (?, ?)", [(f"C{n:03}", f"name {n}") for n in range(250)]
        )
        old.executemany(
            'INSERT INTO "Order Details" VALUES (?, ?, ?, 2.5)',
            [(n, k, n % 7) for n in range(120) for k in (3, 1)],
        )
        old.executemany('INSERT INTO "select" VALUES (?, ?)', [(n % 9, n) for n in range(150)])
        old.executemany("INSERT INTO log VALUES ('now', ?)", [(f"line {n}",) for n in range(130)])
        old.execute("DELETE FROM log WHERE rowid < 20")
    with psycopg.connect(database_urls.database_url, autocommit=True) as owner:
        owner.execute(NEW.format(s=name).encode())
        found = Northwind(path, database_urls, name)
        yield found
        found.move.close()
        owner.execute(f"DROP SCHEMA {name} CASCADE".encode())


# What an old program does to its tables, one after the other.
WRITES = (
    "INSERT INTO Customers VALUES ('NEW', 'new'), (NULL, 'nobody')",
    "UPDATE Customers SET CustomerID = 'c001' WHERE CustomerID = 'C001'",
    "UPDATE Customers SET CustomerID = 'MOVED' WHERE CustomerID = 'C002'",
    "INSERT OR REPLACE INTO Customers VALUES ('C003', 'replaced')",
    "INSERT OR REPLACE INTO Customers VALUES ('TOOK', 'name 4')",
    "UPDATE OR REPLACE Customers SET name = 'name 5' WHERE CustomerID = 'C006'",
    "DELETE FROM Customers WHERE CustomerID BETWEEN 'C010' AND 'C019'",
    "INSERT INTO Customers VALUES ('C010', 'back again')",
    'DELETE FROM "Order Details" WHERE OrderID = 5',
    'UPDATE "Order Details" SET qty = 9 WHERE ProductID = 3 AND OrderID < 9',
    'UPDATE "Order Details" SET ProductID = 2 WHERE OrderID = 7 AND ProductID = 1',
    'INSERT INTO "select" VALUES (77, 77)',
    'UPDATE "select" SET list = 78 WHERE track = 4',
    'REPLACE INTO "select" VALUES (77, 77)',
    'DELETE FROM "select" WHERE track = 6',
    "INSERT INTO log VALUES ('now', 'one more')",
    "UPDATE log SET msg = 'other' WHERE rowid = 40",
    "DELETE FROM log WHERE rowid = 41",
)


def test_tables_of_every_kind_of_key_are_copied_followed_and_proven(northwind: Northwind) -> None:
    move = northwind.move
    move.begin()
    for statement in WRITES[:9]:
        northwind.old(statement)
    move.backfill()
    for statement in WRITES[9:]:
        northwind.old(statement)
        move.carry()
    assert [move.verify().is_clean for _ in range(2)] == [True, True]
    refused = move.state.rows("list_migration_rows", most=9)
    assert ["null value" in one["reason"] for one in refused] == [True]
    northwind.old("DELETE FROM Customers WHERE CustomerID IS NULL")
    move.carry()
    assert northwind.is_alike()
    # What was there and was deleted before it was ever copied is nowhere.
    assert northwind.new("SELECT count(*) FROM {s}.customer WHERE id = 'C002'") == [(0,)]
    assert move.advance() == "shadow_read"


def test_what_the_new_program_writes_to_them_comes_back(northwind: Northwind) -> None:
    move = northwind.move
    move.begin()
    move.backfill()
    assert [move.verify().is_clean for _ in range(2)] == [True, True]
    assert [move.advance(), move.shadow(), move.advance()] == ["shadow_read", [], "read_pg"]
    assert move.advance() == "pg_primary"
    for statement in (
        "INSERT INTO {s}.customer VALUES ('BORN', 'in PostgreSQL')",
        "UPDATE {s}.customer SET name = 'changed' WHERE id = 'C007'",
        "UPDATE {s}.customer SET id = 'C888' WHERE id = 'C008'",
        "DELETE FROM {s}.customer WHERE id = 'C009'",
        "INSERT INTO {s}.track VALUES (500, 501)",
        "DELETE FROM {s}.track WHERE track = 20",
        "UPDATE {s}.line SET qty = 0, total = 0 WHERE order_id = 8",
        "UPDATE {s}.log SET msg = 'seen' WHERE id = 50",
        "INSERT INTO {s}.log VALUES (900, 'late')",
    ):
        northwind.new(statement)
    while move.carry():
        pass
    assert northwind.is_alike()
    assert move.verify().is_clean
    # SQLite reckons this one itself.
    assert move.status()["one_way"] == [f"{northwind.name}.line.total"]
    move.rollback()
    assert (
        move.carrier.source.rows("SELECT name FROM sqlite_master WHERE name GLOB 'myriad*'") == []
    )
    northwind.old("INSERT INTO Customers VALUES ('FREE', 'again')")


def test_a_vacuum_under_a_table_without_a_key_stops_the_move(northwind: Northwind) -> None:
    northwind.move.begin()
    northwind.move.backfill()
    old = sqlite3.connect(northwind.path, isolation_level=None)
    old.execute("VACUUM")
    old.close()
    for step in (northwind.move.carry, northwind.move.verify):
        with pytest.raises(PhaseError, match="was vacuumed, which numbers the rows of 'log' anew"):
            step()
    northwind.move.rollback()
    assert northwind.move.phase == "off"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('source = "log"', 'source = "v"', "'v' is a view or virtual"),
        ('key = ["order_id", "product_id"]', 'key = ["order_id"]', "map ProductID and list it"),
        ('from = "rowid"', 'from = "at"', "map rowid and list it"),
    ],
)
def test_a_mapping_that_names_no_row_is_refused(
    northwind: Northwind, before: str, after: str, said: str
) -> None:
    text = MAPPING.format(s=northwind.name).replace(before, after)
    place = Place(MigrationMap.parse, (text,), northwind.path, northwind.urls.crossing_url)
    with pytest.raises(MappingError, match=said):
        Move(place).begin()
