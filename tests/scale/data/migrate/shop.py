"""A small old shop in SQLite, dirty as real ones are, and its mapping."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import psycopg

from myriad.scale.data.migrate import MigrationMap, Move, Place
from myriad.scale.embedded.servers import ServerUrls

MAPPING = """
[migration]
name = "{name}"
zone = "America/New_York"
chunk_rows = 100
shadow_seconds = 0

[[table]]
source = "customers"
target = "{schema}.customer"
key = ["shop", "id"]
[table.columns]
shop = {{ constant = 3, type = "integer" }}
id = {{ from = "id", type = "bigint" }}
email = {{ from = "email", type = "text", empty = "null" }}
is_active = {{ from = "active", type = "boolean", required = true }}
joined_at = {{ from = "joined", type = "timestamptz" }}

[[table]]
source = "orders"
target = "{schema}.purchase"
key = ["id", "day"]
[table.columns]
id = {{ from = "id", type = "uuid", salt = "orders" }}
day = {{ from = "at", type = "date", required = true }}
customer_id = {{ from = "customer_id", type = "bigint", references = "customers" }}
total_minor = {{ from = "total", type = "bigint", transform = "minor", digits = 2 }}
raw = {{ from = "raw", type = "text" }}

[[table]]
source = "orders"
target = "{schema}.descriptor"
key = ["norm"]
collapse = true
[table.columns]
norm = {{ from = "raw", type = "text", transform = "norm", required = true }}
example = {{ from = "raw", type = "text", fold = "min" }}
first_on = {{ from = "at", type = "date", fold = "min" }}

[[sum]]
name = "takings"
sqlite = "SELECT count(*), round(sum(total), 2) FROM orders WHERE id > 10"
postgres = "SELECT count(*), sum(total_minor) / 100.0 FROM {schema}.purchase WHERE raw <> 'odd'"

[[shadow]]
name = "active customers"
sqlite = "SELECT count(*) FROM customers WHERE active = 1"
postgres = "SELECT count(*) FROM {schema}.customer WHERE is_active"
"""

TABLES = """
CREATE SCHEMA {schema};
CREATE TABLE {schema}.customer (
    id bigserial PRIMARY KEY, email text UNIQUE, is_active boolean NOT NULL, joined_at timestamptz,
    shop integer NOT NULL DEFAULT 3, UNIQUE (shop, id)
);
CREATE TABLE {schema}.purchase (
    id uuid, day date, customer_id bigint REFERENCES {schema}.customer, total_minor bigint,
    raw text, PRIMARY KEY (id, day)
) PARTITION BY RANGE (day);
CREATE TABLE {schema}.purchase_default PARTITION OF {schema}.purchase DEFAULT;
CREATE TABLE {schema}.descriptor (norm text COLLATE "C" PRIMARY KEY, example text, first_on date);
"""
CUSTOMERS, ORDERS = 150, 420


def read_mapping(name: str, schema: str) -> MigrationMap:
    """Return the shop's mapping; workers call it in processes of their own."""
    return MigrationMap.parse(MAPPING.format(name=name, schema=schema), calls={"norm": norm})


def norm(raw: str) -> str:
    """Return what two strings of one merchant share."""
    return raw.split("#", 1)[0].strip().lower()


def make_shop(path: Path) -> None:
    """Write the old database."""
    with sqlite3.connect(path) as old:
        old.executescript(
            "PRAGMA journal_mode = WAL;"
            "CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT UNIQUE, active, joined);"
            "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id, at, total REAL, raw TEXT);"
        )
        people = [
            (n, f"p{n}@example.com", n % 2, "2024-05-01 12:00:00") for n in range(1, CUSTOMERS)
        ]
        old.executemany("INSERT INTO customers VALUES (?, ?, ?, ?)", people)
        sales = [
            (
                n,
                n % (CUSTOMERS - 50) + 30,
                f"2024-0{n % 9 + 1}-11 10:00:00",
                round(n * 1.01, 2),
                f"Shop {n % 40} #{n}",
            )
            for n in range(11, ORDERS)
        ]
        old.executemany("INSERT INTO orders VALUES (?, ?, ?, ?, ?)", sales)


def open_move(path: Path, urls: ServerUrls, name: str, *, workers: int = 1) -> Move:
    """Open the shop's move; its schema bears its name."""
    place = Place(read_mapping, (name, name), path, urls.crossing_url, urls.database_url)
    return Move(place, workers=workers)


def make_tables(url: str, name: str) -> None:
    """Make the tables that it moves to."""
    with psycopg.connect(url) as owner:
        owner.execute(TABLES.format(schema=name).encode())
