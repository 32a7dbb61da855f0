"""One life of a sync process, for bench/keeper_sync.py to kill: says `ready`, works, reports."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from uuid import UUID

from square import AsyncSquare

from myriad.products.keeper.settings import KeeperSettings
from myriad.products.keeper.square.simulator.settings import APPLICATION_ID, APPLICATION_SECRET
from myriad.products.keeper.square.sync import sync_account
from myriad.products.keeper.square.work import direct_work
from myriad.scale.data import DatabaseSettings
from myriad.scale.runtime import Runtime, open_runtime
from myriad.scale.tenancy import TenantId
from myriad.scale.vault import Vault

KEY = bytes(range(32))


def open_bench_runtime(urls: dict[str, str], square_url: str):  # type: ignore[no-untyped-def]
    """Open a runtime on the bench's own servers."""
    settings = KeeperSettings(
        square_application_id=APPLICATION_ID,
        square_application_secret=APPLICATION_SECRET,
        square_base_url=square_url,
    )
    return open_runtime(
        process="bench",
        database=DatabaseSettings.model_validate(
            {
                "url": urls["database_url"],
                "app_url": urls["app_url"],
                "crossing_url": urls["crossing_url"],
            }
        ),
        broker_url=urls["broker_url"],
        cache_url=urls["cache_url"],
        vault=Vault(KEY),
        settings=[settings],
    )


async def work(runtime: Runtime, tenant_id: TenantId) -> dict[str, float]:
    """Sync the tenant once."""
    began = time.perf_counter()
    async with direct_work(runtime, tenant_id) as direct:
        report = await sync_account(direct)
    return {"seconds": time.perf_counter() - began, "cents_off": report.days.cents_off}


def load_sdk() -> None:
    """Load the parts of the SDK that it loads at first use, as in a worker that has synced before."""
    sdk = AsyncSquare(token="")
    for part in ("customers", "payments", "refunds", "orders", "bookings", "labor", "locations"):
        getattr(sdk, part)


async def main() -> None:
    """Read the task from standard input, then sync."""
    task = json.loads(sys.stdin.readline())
    async with open_bench_runtime(task["urls"], task["square_url"]) as runtime:
        load_sdk()
        print("ready", flush=True)
        print(json.dumps(await work(runtime, TenantId(UUID(task["tenant_id"])))), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
