"""What the process says about itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
from pydantic import SecretStr
from redis.asyncio import Redis

from myriad.scale import http
from myriad.scale.http.health import Check
from myriad.scale.runtime import Runtime, cache_client
from myriad.scale.vault import Vault
from tests.fixtures.database import TEST_KEY

NOWHERE = "redis://127.0.0.1:1/0"


def _client(
    runtime: Runtime,
    *,
    checks: Mapping[str, Check] | None = None,
    edge: http.EdgeSettings | None = None,
    host: str = "127.0.0.1",
) -> httpx.AsyncClient:
    @asynccontextmanager
    async def opened() -> AsyncIterator[Runtime]:
        yield runtime

    app = http.create_app(
        open_runtime=opened, vault=Vault(TEST_KEY), api={}, checks=checks, edge=edge, version="1.2"
    )
    app.state.runtime = runtime
    transport = httpx.ASGITransport(app=app, client=(host, 1))
    return httpx.AsyncClient(transport=transport, base_url="http://test")


async def test_ready_names_each_part_when_asked(runtime: Runtime, patient: Redis) -> None:
    async with _client(replace(runtime, cache=patient)) as client:
        brief = (await client.get("/readyz")).json()
        verbose = (await client.get("/readyz?verbose")).json()
        assert (await client.get("/api/v1/health")).json() == brief
        assert (await client.get("/startupz")).status_code == 200
    assert brief == {"status": "ok", "checks": {}}
    assert set(verbose["checks"]) == {"database", "broker", "cache"}


async def test_without_the_cache_we_are_slower_and_not_dead(runtime: Runtime) -> None:
    async with _client(replace(runtime, cache=cache_client(NOWHERE))) as client:
        answer = await client.get("/readyz?verbose")
    assert answer.status_code == 200
    assert answer.json()["status"] == "degraded"
    assert answer.json()["checks"]["cache"]["status"] == "degraded"


async def test_without_the_broker_we_are_not_ready_and_still_alive(runtime: Runtime) -> None:
    async with _client(replace(runtime, broker_url=NOWHERE)) as client:
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/livez")).status_code == 200


async def test_a_check_of_our_own_makes_us_unready(runtime: Runtime) -> None:
    async def fails(_runtime: Runtime) -> None:
        raise RuntimeError("migrations are missing")

    async with _client(runtime, checks={"migrations": fails}) as client:
        answer = await client.get("/readyz?verbose")
    assert answer.status_code == 503
    assert answer.json()["checks"]["migrations"]["status"] == "down"
    assert "missing" not in answer.text


async def test_metrics_are_for_this_machine_or_the_token(runtime: Runtime) -> None:
    async with _client(runtime) as here:
        assert (await here.get("/metrics")).status_code == 200
        proxied = {"X-Forwarded-For": "203.0.113.9"}
        assert (await here.get("/metrics", headers=proxied)).status_code == 403
    async with _client(runtime, host="203.0.113.9") as elsewhere:
        assert (await elsewhere.get("/metrics")).status_code == 403
    edge = http.EdgeSettings(metrics_token=SecretStr("scrape me"))
    async with _client(runtime, host="203.0.113.9", edge=edge) as scraper:
        assert (await scraper.get("/metrics")).status_code == 403
        token = {"Authorization": "Bearer scrape me"}
        assert (await scraper.get("/metrics", headers=token)).status_code == 200


async def test_version_says_what_is_running(runtime: Runtime) -> None:
    async with _client(runtime) as client:
        assert (await client.get("/version")).json()["version"] == "1.2"
