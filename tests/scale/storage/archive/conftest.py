"""A table by month with two months that are over, and a folder for what leaves it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from myriad.scale.data import Database
from myriad.scale.storage import StorageSettings, Store, TenantFiles
from myriad.scale.vault import Vault
from tests.fixtures.database import TEST_KEY, database_settings
from tests.scale.data.monthly_table import MonthlyTable, table

__all__ = ["table"]

ODD = """
INSERT INTO {t} (tenant_id, booked_on, member, amount_minor, qty, note, seen_at, facts) VALUES
(%(tenant)s, '2014-01-01', 1, 0, NULL, NULL, '2014-01-01T00:00:00Z', '{{}}'),
(%(tenant)s, '2014-01-31', 2, -9223372036854775807 / 2, -12345678901.123456789, '', now(), '[1]'),
(%(tenant)s, '2014-01-15', 3, 7, 0.000000001, E'a\\tb\\nc\\\\N "d", ä', 'infinity', '{{"k": null}}')
"""


@pytest.fixture
async def database(table: MonthlyTable) -> AsyncIterator[Database]:
    """The database that the test's table is in."""
    opened = Database(database_settings(table.urls), process="test")
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
def files(tmp_path: Path) -> TenantFiles:
    """Where months go."""
    return TenantFiles(Store.open(StorageSettings(folder=tmp_path)), Vault(TEST_KEY))


@pytest.fixture
def history(table: MonthlyTable) -> MonthlyTable:
    """The table with rows of two tenants in two months of 2014, odd values among them."""
    table.as_crossing(f"SELECT platform.ensure_months('{table.name}', '2014-01-01', '2014-02-28')")
    for tenant in (table.first, table.second):
        table.as_tenant(tenant, ODD.format(t=table.name), {"tenant": tenant})
        table.add(tenant, "2014-02-03", amount_minor=5)
    return table
