"""The gateway of `ai_gateway`, the simulated providers that it asks, and the tenant that asks it."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx
from pydantic import SecretStr
from redis.asyncio import Redis

from myriad.kit.ids import new_id
from myriad.scale.ai import AISettings
from myriad.scale.ai.answers import AnswerStore
from myriad.scale.ai.catalog import Catalog, ModelKey, ModelLimits
from myriad.scale.ai.gateway import Gateway
from myriad.scale.ai.ledger import Ledger
from myriad.scale.cache import Cache, open_cache
from myriad.scale.data import Database, DatabaseSettings
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.limits import Breaker, ProviderBudget
from myriad.scale.tenancy import TenantId

HAIKU = "claude-haiku-4-5"
WIDE = ModelLimits(rpm=10**7, tpm=10**10, rpd=10**8)


class Simulator:
    """The simulated providers in a process of their own."""

    def __enter__(self) -> str:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        command = [sys.executable, "-m", "myriad.scale.ai.simulator", "--quiet"]
        self._process = subprocess.Popen([*command, "--port", str(port)])
        url = f"http://127.0.0.1:{port}"
        for _ in range(600):
            try:
                httpx.get(url)
            except httpx.HTTPError:
                time.sleep(0.1)
            else:
                return url
        raise SystemExit("the simulator did not start")

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(10)


@asynccontextmanager
async def open_gateway(
    urls: ServerUrls, url: str
) -> AsyncIterator[tuple[Gateway, Database, TenantId]]:
    """Open a gateway with wide limits and a ledger, for a tenant of its own."""
    database = Database(
        DatabaseSettings.model_validate(
            {"url": urls.database_url, "app_url": urls.app_url, "crossing_url": urls.crossing_url}
        )
    )
    await database.open()
    redis = Redis.from_url(urls.broker_url, protocol=2, socket_timeout=5)
    tenant = TenantId(new_id())
    async with database.crossing("bench makes a tenant") as session:
        connection = await session.connection()
        await connection.exec_driver_sql(
            "INSERT INTO platform.tenant (id, slug, name, timezone) VALUES (%s, 'bench', 'Bench', 'UTC')",
            (tenant,),
        )
    caches = open_cache(urls.broker_url, None, timeout_seconds=5.0)
    gateway = make_gateway(url, redis, caches, Ledger(database), WIDE)
    try:
        yield gateway, database, tenant
    finally:
        await gateway.close()
        await caches.close()
        await redis.aclose()
        await database.close()


def make_gateway(
    url: str, redis: Redis, caches: Cache, ledger: Ledger, limits: ModelLimits
) -> Gateway:
    settings = AISettings(
        anthropic_api_key=SecretStr("sim"),
        anthropic_base_url=url,
        openai_api_key=SecretStr("sim"),
        openai_base_url=f"{url}/v1",
        compatible_api_key=SecretStr("sim"),
        compatible_base_url=f"{url}/v1",
        tenant_daily_usd_micros=10**12,
    )
    keys = {"small": (ModelKey("anthropic", HAIKU),), "chat": (ModelKey("openai", "gpt-5-mini"),)}
    limited = {str(key): limits for found in keys.values() for key in found}
    return Gateway(
        settings,
        answers=AnswerStore(caches),
        breaker=Breaker(redis),
        budget=ProviderBudget(redis, workers=4),
        ledger=ledger,
        catalog=Catalog(datetime.now(UTC).date(), {"simple": "small"}, keys, limited),
    )
