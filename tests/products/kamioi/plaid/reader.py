"""A process that reads a linked bank, telling when it has begun to write; a test kills it."""

from __future__ import annotations

import asyncio
import sys
from uuid import UUID

from myriad.products.kamioi.plaid.syncing import sync_item
from myriad.products.kamioi.settings import KamioiSettings
from myriad.scale.data import DatabaseSettings
from myriad.scale.jobs.direct import direct_work
from myriad.scale.runtime import open_runtime
from myriad.scale.tenancy import TenantId
from myriad.scale.vault import Vault
from tests.fixtures.database import TEST_KEY


async def read(stop: str, plaid: str, tenant: str, item: str, *urls: str) -> None:
    """Read the item; say `written` before it commits and wait there when told to stop."""
    url, app_url, crossing_url, broker_url, cache_url = urls
    settings = DatabaseSettings.model_validate(
        {"url": url, "app_url": app_url, "crossing_url": crossing_url}
    )
    async with (
        open_runtime(
            process="reader", database=settings, broker_url=broker_url, cache_url=cache_url,
            vault=Vault(TEST_KEY),
            settings=[KamioiSettings.model_validate({"plaid_base_url": plaid})],
        ) as runtime,
        direct_work(runtime, TenantId(UUID(tenant))) as work,
    ):  # fmt: skip
        recorded = await sync_item(work, UUID(item))
        sys.stdout.write(f"written {recorded.new}\n")
        sys.stdout.flush()
        if stop == "stop":
            await asyncio.sleep(60)


if __name__ == "__main__":
    asyncio.run(read(*sys.argv[1:]))
