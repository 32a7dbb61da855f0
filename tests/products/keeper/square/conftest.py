"""A simulated Square on a port of its own, in this process."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from myriad.products.keeper.square.client import SquareClient, open_client
from myriad.products.keeper.square.oauth import SCOPES
from myriad.products.keeper.square.simulator import SimulatorSettings, create_app
from myriad.products.keeper.square.simulator.records import Json
from myriad.products.keeper.square.simulator.state import Simulator
from myriad.products.keeper.square.simulator.world import World
from myriad.scale.limits import AimdLimiter, AimdPolicy, Breaker, Patience

LOG = """customer_id,date,quantity,amount
ada,19970103,2,29.33
ada,1997-02-10,1,12.00
bo,19970103,1,5.50
cy,19980630,3,100.01
bo,19980630,1,0.00
"""

QUICK = Patience(attempts=6, first_wait_seconds=0.01, longest_wait_seconds=5.0)


@dataclass
class RunningSquare:
    """A simulator that answers at `url`."""

    url: str
    simulator: Simulator

    @property
    def world(self) -> World:
        return self.simulator.world

    def token(self, merchant_id: str | None = None, scopes: tuple[str, ...] = SCOPES) -> str:
        merchant = merchant_id or self.world.first.merchant_id
        return self.simulator.issuer.issue("access", merchant, scopes, self.simulator.now(), 3600)

    def control(self, path: str, body: Json) -> Json:
        answer = httpx.post(f"{self.url}/_control/{path}", json=body, trust_env=False)
        answer.raise_for_status()
        return answer.json()


@contextmanager
def running_square(world: World, **settings: object) -> Iterator[RunningSquare]:
    """Serve `world` for a while."""
    defaults = {"short_pages": 0.3, "empty_pages": 0.1, "webhook_first_retry_seconds": 0.05}
    app = create_app(world, SimulatorSettings(**(defaults | settings)))
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    try:
        yield RunningSquare(f"http://127.0.0.1:{listener.getsockname()[1]}", app.state.simulator)
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def purchase_log(tmp_path: Path) -> Path:
    """A purchase log of five rows."""
    path = tmp_path / "purchases.csv"
    path.write_text(LOG)
    return path


def limiter() -> AimdLimiter:
    """A limiter that tests do not notice."""
    return AimdLimiter(None, AimdPolicy(start_rate=1000, ceiling_rate=2000, burst=1000))


def client_of(square: RunningSquare, **options: Any) -> AbstractAsyncContextManager[SquareClient]:
    """Open a client of a running simulator; options as of `open_client`."""
    merchant_id = options.pop("merchant_id", square.world.first.merchant_id)
    chosen = {
        "token": square.token(merchant_id),
        "limiter": limiter(),
        "breaker": Breaker(None),
        "patience": QUICK,
    }
    return open_client(
        base_url=square.url, version="2025-08-20", merchant_id=merchant_id, **(chosen | options)
    )
