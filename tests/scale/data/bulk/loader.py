"""A process that takes rows in, batch by batch, and tells after each; a test kills it."""

from __future__ import annotations

import asyncio
import sys
from uuid import UUID

from myriad.scale.data import Database, DatabaseSettings
from myriad.scale.data.bulk import take_in_batches
from myriad.scale.tenancy import TenantId
from tests.scale.data.bulk.rows import ROWS, declared, row


async def load(url: str, app_url: str, crossing_url: str, name: str, tenant: str) -> None:
    """Take all rows in, telling how many have come in so far."""
    settings = DatabaseSettings.model_validate(
        {"url": url, "app_url": app_url, "crossing_url": crossing_url}
    )
    database = Database(settings, process="loader")
    rows = (row(number) for number in range(ROWS))
    tenant_id = TenantId(UUID(tenant))
    async for taken in take_in_batches(database, tenant_id, declared(name), rows, batch_rows=600):
        sys.stdout.write(f"{taken.new} {taken.known}\n")
        sys.stdout.flush()
    await database.close()


if __name__ == "__main__":
    asyncio.run(load(*sys.argv[1:]))
