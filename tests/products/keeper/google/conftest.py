"""A simulated Google Business Profile on a port of its own, and accounts connected to it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
import pytest
import uvicorn

from myriad.kit.clock import utc_now
from myriad.products.keeper import tasks  # noqa: F401 - registers the jobs
from myriad.products.keeper.google import connecting, oauth
from myriad.products.keeper.google.client import GoogleClient, open_client
from myriad.products.keeper.google.simulator import (
    Business,
    GoogleSettings,
    GoogleSimulator,
    GoogleWorld,
    Spot,
    create_app,
)
from myriad.products.keeper.google.simulator.pushes import Pushes
from myriad.products.keeper.google.sync import Mode, ReadReport, read_account
from myriad.products.keeper.settings import KeeperSettings
from myriad.scale.jobs.direct import direct_work
from myriad.scale.limits import AimdLimiter, AimdPolicy, Breaker, Patience
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId
from tests.fixtures.jobs import run_job
from tests.products.keeper.ledger import Shop

QUICK = Patience(attempts=6, first_wait_seconds=0.01, longest_wait_seconds=5.0)


@dataclass
class RunningGoogle:
    """A simulator that answers at `url`."""

    url: str
    simulator: GoogleSimulator
    pushes: Pushes

    @property
    def business(self) -> Business:
        return self.simulator.world.first

    @property
    def spot(self) -> Spot:
        return next(iter(self.business.spots.values()))

    def control(self, path: str, **body: Any) -> Any:
        answer = httpx.post(f"{self.url}/_control/{path}", json=body, trust_env=False)
        answer.raise_for_status()
        return answer.json()

    def write(self, count: int, *, since: datetime | None = None, stars: int = 5) -> list[str]:
        """Add reviews, one an hour, the oldest first, and return their names."""
        first = (since or utc_now()) - timedelta(hours=count)
        return [
            self.spot.put(
                f"r{len(self.spot.reviews)}",
                stars=stars,
                comment="A lovely massage",
                author="Ann Miller",
                created=first + timedelta(hours=number),
            )["name"]
            for number in range(count)
        ]


@contextmanager
def running_google(**settings: Any) -> Iterator[RunningGoogle]:
    """Serve one business with one verified location."""
    world = GoogleWorld()
    # Limits are kept by account: each simulator has one that no other test has slowed down.
    world.add(f"Willow Spa {token_hex(4)}").add("Willow Spa Downtown")
    defaults = {"rate": 500.0, "burst": 500.0, "webhook_first_retry_seconds": 0.05}
    app = create_app(world, GoogleSettings(**(defaults | settings)))
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        yield RunningGoogle(url, app.state.simulator, app.state.pushes)
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def google() -> Iterator[RunningGoogle]:
    """A simulated Google whose faults are all off."""
    with running_google() as running:
        yield running


def client_of(google: RunningGoogle, **options: Any) -> AbstractAsyncContextManager[GoogleClient]:
    """Open a client of a running simulator; options as of `open_client`."""
    chosen: dict[str, Any] = {
        "token": google.simulator.issue("access", 3600),
        "limiter": AimdLimiter(None, AimdPolicy(start_rate=1000, ceiling_rate=2000, burst=1000)),
        "breaker": Breaker(None),
        "patience": QUICK,
        "account": google.business.name,
    }
    return open_client(base_url=google.url, **(chosen | options))


def runtime_of(runtime: Runtime, google: RunningGoogle, **settings: Any) -> Runtime:
    """Return the runtime with settings that lead to the simulator."""
    return replace(runtime, settings=(KeeperSettings(google_base_url=google.url, **settings),))


@dataclass
class Profile(Shop):
    """One tenant connected to the simulated Google."""

    google: RunningGoogle | None = None

    async def read(self, mode: Mode = "increment") -> ReadReport:
        async with direct_work(self.runtime, self.tenant_id) as work:
            return await read_account(work, mode)

    async def run(self, job_id: UUID) -> None:  # type: ignore[override]
        await run_job(self.runtime, self.tenant_id, job_id)


async def consent(runtime: Runtime, tenant_id: TenantId, caller_id: UUID) -> dict[str, str]:
    """Give consent as the owner does; return the parameters of the redirect."""
    url = connecting.begin(runtime, tenant_id, caller_id)
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.get(f"{url}&auto=1")
    assert answer.status_code == 302, answer.text
    found = parse_qs(urlsplit(answer.headers["location"]).query)
    return {name: values[0] for name, values in found.items()}


async def connect(runtime: Runtime, tenant_id: TenantId, google: RunningGoogle) -> Profile:
    """Connect the tenant through the whole OAuth flow, its job included."""
    runtime = runtime_of(runtime, google)
    caller_id = UUID(int=1)
    answer = await consent(runtime, tenant_id, caller_id)
    async with runtime.database.session(tenant_id) as session:
        job_id = await connecting.finish(
            session, runtime, tenant_id, caller_id, code=answer["code"], state=answer["state"]
        )
    profile = Profile(runtime, tenant_id, google=google)
    await profile.run(job_id)
    return profile


__all__ = ["QUICK", "Profile", "RunningGoogle", "client_of", "connect", "consent", "oauth"]
