"""A whole installation of real processes on its own database: Square, API, worker, ticker."""

from __future__ import annotations

import base64
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from myriad.scale.embedded.servers import ServerUrls
from tests.fixtures.app import Company, create_company
from tests.fixtures.database import TEST_KEY, _copy, runtime_for

CUSTOMERS = 160


@dataclass(frozen=True)
class Installation:
    """Where the processes listen, and two companies that can use them."""

    api: str
    square: str
    urls: ServerUrls
    first: Company
    second: Company

    def client(self, company: Company) -> httpx.AsyncClient:
        """A program of the company's owner."""
        return httpx.AsyncClient(
            base_url=f"{self.api}/api/v1/keeper",
            headers=company.owner.bearer,
            trust_env=False,
            timeout=30,
        )

    async def control(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Change the simulated Square's world."""
        async with httpx.AsyncClient(trust_env=False) as http:
            answer = await http.post(f"{self.square}/_control/{path}", json=dict(body))
        answer.raise_for_status()
        return dict(answer.json())


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _environment(urls: ServerUrls, api: str, square: str) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("MYRIAD_")},
        "MYRIAD_DATABASE__URL": urls.database_url,
        "MYRIAD_DATABASE__APP_URL": urls.app_url,
        "MYRIAD_DATABASE__CROSSING_URL": urls.crossing_url,
        "MYRIAD_REDIS__BROKER_URL": urls.broker_url,
        "MYRIAD_REDIS__CACHE_URL": urls.cache_url,
        "MYRIAD_SECRETS__KEY": base64.b64encode(TEST_KEY).decode(),
        "MYRIAD_KEEPER__SQUARE_BASE_URL": square,
        "MYRIAD_KEEPER__SQUARE_WEBHOOK_URL": f"{api}/api/v1/keeper/webhooks/square",
        "MYRIAD_KEEPER__PUBLIC_URL": api,
        "MYRIAD_HOME": "/nonexistent",
    }


@contextmanager
def _process(log: Path, environment: Mapping[str, str], *arguments: str) -> Iterator[None]:
    with log.open("ab") as file:
        child = subprocess.Popen(
            [sys.executable, "-m", *arguments], stdout=file, stderr=file, env=dict(environment)
        )
    try:
        yield
    finally:
        child.terminate()
        try:
            child.wait(15)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait(5)


def _wait_for(url: str, log: Path, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            httpx.get(url, trust_env=False, timeout=5)
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"{url} did not answer:\n{log.read_text()[-3000:]}")


@pytest.fixture(scope="module")
async def installation(
    servers: ServerUrls, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Installation]:
    """Everything that `./myriad up` would run, without the supervisor."""
    folder = tmp_path_factory.mktemp("installation")
    api, square = (f"http://127.0.0.1:{_free_port()}" for _ in range(2))
    api_port, square_port = (url.rpartition(":")[2] for url in (api, square))
    with ExitStack() as stack:
        urls = stack.enter_context(_copy(servers, f"test_flow_{api_port}"))
        environment = _environment(urls, api, square)
        hook = environment["MYRIAD_KEEPER__SQUARE_WEBHOOK_URL"]
        simulator = "myriad.products.keeper.square.simulator"
        size = ["--customers", str(CUSTOMERS)]
        parts = {
            "square": [simulator, *size, "--port", square_port, "--webhook-url", hook],
            "api": ["uvicorn", "--factory", "myriad.apps.api:create_app", "--port", api_port],
            "worker": ["myriad.apps.worker"],
            "ticker": ["myriad.apps.ticker"],
        }
        for name, arguments in parts.items():
            stack.enter_context(_process(folder / f"{name}.log", environment, *arguments))
        _wait_for(f"{square}/_control/state", folder / "square.log")
        _wait_for(f"{api}/livez", folder / "api.log")
        async with runtime_for(urls) as runtime:
            companies = await create_company(runtime), await create_company(runtime)
        yield Installation(api, square, urls, *companies)
