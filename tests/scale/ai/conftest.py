"""A simulated pair of providers behind a real port, and gateways that call it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from myriad.kit.ids import new_id
from myriad.scale.ai import AIRequest, AISettings, Message
from myriad.scale.ai.answers import AnswerStore
from myriad.scale.ai.catalog import Catalog, ModelLimits, catalog_on
from myriad.scale.ai.gateway import _BREAKER, Gateway
from myriad.scale.ai.ledger import Ledger
from myriad.scale.ai.simulator import World, create_app
from myriad.scale.cache import Cache, open_cache
from myriad.scale.limits import Breaker, ProviderBudget
from myriad.scale.runtime import Runtime
from tests.fixtures.app import serve
from tests.fixtures.database import TwoTenants
from tests.fixtures.models import simulated_models

HAIKU = "claude-haiku-4-5"
MINI = "gpt-5-mini"
SONNET = "claude-sonnet-5"


@dataclass(frozen=True)
class Simulated:
    """The running simulator: what it remembers, and where it listens."""

    world: World
    url: str


@pytest.fixture(scope="session")
def simulator_server() -> Iterator[Simulated]:
    """The simulator, started once."""
    world = World()
    with serve(create_app(world)) as url:
        yield Simulated(world, url)


@pytest.fixture
def simulated(simulator_server: Simulated) -> Iterator[Simulated]:
    """The simulator with nothing in its memory, and real calls allowed to it for this test."""
    simulator_server.world.reset()
    with simulated_models():
        yield simulator_server
    simulator_server.world.reset()


def settings_of(simulated: Simulated, **changes: Any) -> AISettings:
    """Return settings under which both providers are the simulator."""
    given: dict[str, Any] = {
        "anthropic_api_key": SecretStr("sim"),
        "anthropic_base_url": simulated.url,
        "openai_api_key": SecretStr("sim"),
        "openai_base_url": f"{simulated.url}/v1",
        "tenant_daily_usd_micros": 1_000_000_000,
    }
    return AISettings(**(given | changes))


@dataclass
class Maker:
    """Makes gateways whose breaker, budget and answers no other test shares."""

    runtime: Runtime
    simulated: Simulated
    made: list[Gateway] = field(default_factory=list)
    caches: list[Cache] = field(default_factory=list)

    def __call__(
        self, *, limits: ModelLimits | None = None, offline: bool = False, **changes: Any
    ) -> Gateway:
        """Return a gateway; `limits` hold for every model."""
        settings = AISettings() if offline else settings_of(self.simulated, **changes)
        broker = patient(self.runtime.broker_url)
        # Waits for a busy machine, so that no promise hangs on its timing.
        caches = open_cache(self.runtime.broker_url, None, timeout_seconds=10.0)
        self.caches.append(caches)
        gateway = Gateway(
            settings,
            answers=AnswerStore(caches),
            breaker=Breaker(None, _BREAKER),
            budget=ProviderBudget(broker),
            ledger=Ledger(self.runtime.database),
            broker=broker,
            catalog=catalog_with(limits or ModelLimits(rpm=100_000, tpm=10**9, rpd=10**6)),
        )
        self.made.append(gateway)
        return gateway


def catalog_with(limits: ModelLimits) -> Catalog:
    """Return today's table with the same limits for every model."""
    found = catalog_on(datetime.now(UTC).date())
    keys = [str(key) for keys in found.classes.values() for key in keys]
    return Catalog(
        found.effective_from, found.complexity, found.classes, dict.fromkeys(keys, limits)
    )


@pytest.fixture
async def make_gateway(runtime: Runtime, simulated: Simulated) -> AsyncIterator[Maker]:
    """The maker of this test's gateways; the budgets of both providers are empty."""
    await _forget(runtime)
    maker = Maker(runtime, simulated)
    yield maker
    for gateway in maker.made:
        await gateway.close()
    for cache in maker.caches:
        await cache.close()


def patient(url: str) -> Redis:
    """Return a client that waits for a busy machine, so that no promise hangs on its timing."""
    return Redis.from_url(url, protocol=2, socket_timeout=10)


async def _forget(runtime: Runtime) -> None:
    broker = patient(runtime.broker_url)
    async for key in broker.scan_iter("budget:v1:*:anthropic:*"):
        await broker.delete(key)
    async for key in broker.scan_iter("budget:v1:*:openai:*"):
        await broker.delete(key)
    await broker.aclose()


@pytest.fixture
def question(tenants: TwoTenants) -> Callable[..., AIRequest]:
    """Makes questions of the first tenant; each differs from all others."""

    def make(text: str | None = None, **changes: Any) -> AIRequest:
        given: dict[str, Any] = {
            "tenant_id": tenants.first,
            "task": "test.thing.ask",
            "messages": (Message("user", text or f"question {new_id()}"),),
            "max_output_tokens": 200,
        }
        return AIRequest(**(given | changes))

    return make
