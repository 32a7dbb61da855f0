"""The shop of these tests: the old database, the new one, the move between them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex
from typing import Any

import psycopg
import pytest

from myriad.scale.data.migrate import Move
from myriad.scale.embedded.servers import ServerUrls
from tests.scale.data.migrate.shop import make_shop, make_tables, open_move


class Shop:
    """The old database, the new one, and the move between them."""

    def __init__(self, path: Path, urls: ServerUrls, name: str) -> None:
        self.path, self.urls, self.name = path, urls, name
        self.move: Move = self.open()

    def open(self) -> Move:
        """Open the move once more."""
        return open_move(self.path, self.urls, self.name)

    def old(self, statement: str, parameters: tuple[Any, ...] = ()) -> list[Any]:
        """Run a statement as the old program does."""
        old = sqlite3.connect(self.path, timeout=30)
        with old:
            found = old.execute(statement, parameters).fetchall()
        old.close()
        return found

    def new(self, query: str) -> list[Any]:
        """Run a statement as the new program does; {s} is its schema."""
        with psycopg.connect(self.urls.crossing_url) as new:
            found = new.execute(query.format(s=self.name).encode())
            return found.fetchall() if found.description else []

    def kept(self) -> dict[tuple[int, int], str]:
        """Return why rows were kept apart, by part and key."""
        rows = self.move.state.rows("list_migration_rows", most=1000)
        return {(row["part"], row["row_id"]): row["reason"] for row in rows}

    def refused(self) -> list[tuple[int, int]]:
        """Return part and key of the rows kept apart for good."""
        rows = self.move.state.rows("list_migration_rows", most=100_000)
        return [(row["part"], row["row_id"]) for row in rows if row["is_refused"]]


@pytest.fixture
def shop(tmp_path: Path, database_urls: ServerUrls) -> Iterator[Shop]:
    """A shop of its own for each test."""
    name = f"shop_{token_hex(5)}"
    path = tmp_path / "shop.db"
    make_shop(path)
    make_tables(database_urls.database_url, name)
    with psycopg.connect(database_urls.database_url, autocommit=True) as owner:
        for grant in (
            "USAGE ON SCHEMA {s}",
            "ALL ON ALL TABLES IN SCHEMA {s}",
            "ALL ON ALL SEQUENCES IN SCHEMA {s}",
        ):
            owner.execute(f"GRANT {grant.format(s=name)} TO myriad_crossing".encode())
        found = Shop(path, database_urls, name)
        yield found
        found.move.close()
        owner.execute(f"DROP SCHEMA {name} CASCADE".encode())


def filled(shop: Shop) -> Move:
    """Begin the move and copy everything."""
    shop.move.begin()
    shop.move.backfill()
    return shop.move


def reach(shop: Shop, phase: str) -> Move:
    """Bring the move from off to a phase."""
    shop.move.begin()
    if phase != "dual_write":
        shop.move.backfill()
        assert [shop.move.verify().is_clean for _ in range(2)] == [True, True]
    while shop.move.phase != phase:
        if shop.move.advance() == "shadow_read":
            shop.move.shadow()
    return shop.move
