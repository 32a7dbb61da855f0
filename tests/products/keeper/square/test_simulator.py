"""The simulator as a server: webhooks that insist, a quick start, little memory."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from myriad.products.keeper.square.simulator.purchases import purchases_seller
from myriad.products.keeper.square.simulator.settings import WEBHOOK_KEY
from myriad.products.keeper.square.simulator.world import World
from myriad.products.keeper.square.webhooks import SIGNATURE_HEADER, is_genuine
from tests.products.keeper.square.conftest import running_square


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


async def test_webhooks_are_signed_and_sent_again_until_taken(purchase_log: Path) -> None:
    """A receiver that fails twice gets the same signed event a third time."""
    taken: list[tuple[bytes, str | None]] = []

    async def receive(request: Request) -> Response:
        taken.append((await request.body(), request.headers.get(SIGNATURE_HEADER)))
        return Response(status_code=500 if len(taken) < 3 else 204)

    port = free_port()
    url = f"http://127.0.0.1:{port}/hook"
    app = Starlette(routes=[Route("/hook", receive, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    world = World()
    world.add(purchases_seller(purchase_log))
    with running_square(world, webhook_url=url) as square:
        await asyncio.to_thread(square.control, "payments", {"amount": 5})
        for _ in range(200):
            delivery = square.simulator.webhooks.deliveries[-1]
            if delivery.statuses[-1:] == [204]:
                break
            await asyncio.sleep(0.02)
    server.should_exit = True
    await serving
    assert delivery.statuses == [500, 500, 204]
    assert len({body for body, _ in taken}) == 1
    assert all(is_genuine(body, header, key=WEBHOOK_KEY, url=url) for body, header in taken)


def test_new_objects_may_stay_out_of_lists_for_a_while(purchase_log: Path) -> None:
    """With a lag, a sale that was announced is not listed yet."""
    world = World()
    seller = world.add(purchases_seller(purchase_log))
    with running_square(world, lag_seconds=3600.0, empty_pages=0.0) as square:
        square.control("payments", {"amount": 5})
        headers = {"Authorization": f"Bearer {square.token()}"}
        listed = httpx.get(f"{square.url}/v2/payments", headers=headers, trust_env=False).json()
    assert listed["payments"] == []
    assert len(seller.tables["payment"].records) == 6


@pytest.mark.slow
def test_starts_quickly_and_stays_small(shared_data: Path) -> None:
    """With the spa and a real log of 6,919 purchases: ready after 12 CPU seconds, under 120 MB."""
    port = free_port()
    log = shared_data / "keeper" / "cdnow_sample.csv"
    command = [sys.executable, "-m", "myriad.products.keeper.square.simulator", "--quiet", "--spa"]
    with subprocess.Popen([*command, "--purchases", str(log), "--port", str(port)]) as process:
        try:
            wait_until_listening(process, f"http://127.0.0.1:{port}/")
            taken = psutil.Process(process.pid)
            cpu_seconds = taken.cpu_times().user + taken.cpu_times().system
            megabytes = taken.memory_info().rss / 1e6
        finally:
            process.terminate()
    # On a busy machine the clock on the wall says how many others there are.
    assert cpu_seconds < 12
    assert megabytes < 120


def wait_until_listening(process: subprocess.Popen[bytes], url: str) -> None:
    """Wait for the first answer, however long a busy machine takes; fail when the process ends."""
    for _ in range(6000):
        assert process.poll() is None, "the simulator ended before it listened"
        with contextlib.suppress(httpx.TransportError):
            httpx.get(url, trust_env=False).raise_for_status()
            return
        time.sleep(0.05)
    pytest.fail("the simulator does not listen after five minutes")
