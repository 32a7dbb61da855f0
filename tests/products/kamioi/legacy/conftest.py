"""An old kamioi.db moved into a programme, once for the tests of a file."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from myriad.kit.ids import new_id
from myriad.products.kamioi.legacy.generator import generate
from myriad.products.kamioi.legacy.moves import LegacyFile, choose_file, take_step
from myriad.scale.data.migrate.steps import Answer, Asked
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.runtime import Runtime
from tests.fixtures.app import Company, create_company
from tests.fixtures.database import runtime_for

PURCHASES = 3_000


@dataclass
class Moved:
    """The old file, the programme, and the move between them."""

    runtime: Runtime
    company: Company
    other: Company
    file: Path
    legacy: LegacyFile

    async def step(self, name: str, **asked: Any) -> Answer:
        """Take one step."""
        return await take_step(self.runtime.database, self.legacy, name, Asked(**asked))

    def old(self, statement: str) -> list[Any]:
        """Run a statement as the old program does."""
        old = sqlite3.connect(self.file, timeout=30)
        with old:
            found = old.execute(statement).fetchall()
        old.close()
        return found

    async def rows(self, query: str) -> list[dict[str, Any]]:
        """Return rows as the programme sees them."""
        return await self.runtime.database.reader.rows(self.company.tenant_id, query, {})


BRANDS = """
INSERT INTO kamioi.brand (id, key, name, source) VALUES
    ('{0}', 'legacy-test-{0}', 'Starbucks', 'test');
INSERT INTO kamioi.security (id, name) VALUES ('{0}', 'Starbucks Corporation');
INSERT INTO kamioi.listing (security_id, ticker, exchange, valid_from, source)
    VALUES ('{0}', 'SBUX', '{0}', '2000-01-01', 'test');
INSERT INTO kamioi.ownership (brand_id, valid_from, owner_name, security_id, source)
    VALUES ('{0}', '2000-01-01', 'Starbucks', '{0}', 'test')
"""


@pytest.fixture(scope="module")
async def moved(
    empty_servers: ServerUrls, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Moved]:
    """A file of 3,000 purchases, begun and copied; no other module brings brands or shares."""
    async with runtime_for(empty_servers) as runtime:
        async with runtime.database.crossing("test brings a brand") as session:
            for statement in BRANDS.format(new_id()).split(";"):
                await (await session.connection()).exec_driver_sql(statement)
        async with moving(runtime, tmp_path_factory.mktemp("legacy") / "kamioi.db") as found:
            yield found


@pytest.fixture
async def moved_alone(moved: Moved, tmp_path: Path) -> AsyncIterator[Moved]:
    """Another programme with a file of its own, for a test that goes on and back."""
    async with moving(moved.runtime, tmp_path / "kamioi.db", purchases=500) as found:
        yield found


@asynccontextmanager
async def moving(runtime: Runtime, file: Path, purchases: int = PURCHASES) -> AsyncIterator[Moved]:
    """Begin a move and copy."""
    company, other = await create_company(runtime), await create_company(runtime)
    generate(file, purchases=purchases)
    async with runtime.database.session(company.tenant_id) as session:
        legacy = await choose_file(session, company.tenant_id, file, "America/New_York")
    found = Moved(runtime, company, other, file, legacy)
    await found.step("begin")
    await found.step("backfill")
    yield found
    await found.step("rollback")
