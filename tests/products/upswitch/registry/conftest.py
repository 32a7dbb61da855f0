"""A simulated NBB, VIES and GLEIF on a port of their own."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import uvicorn

from myriad.products.upswitch.registry.simulator.app import create_app
from myriad.scale.simulator.faults import Faults, Weather


@dataclass
class Registers:
    """Three registers that answer at `url`, and the trouble they are in."""

    url: str
    weather: Weather[Faults]


@pytest.fixture(scope="module")
def served_registers() -> Iterator[Registers]:
    """The registers, served by uvicorn in a thread."""
    weather = Weather(1, Faults())
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(create_app(weather), log_level="error", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield Registers(f"http://127.0.0.1:{listening.getsockname()[1]}", weather)
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def registers(served_registers: Registers) -> Registers:
    """The registers in fair weather."""
    served_registers.weather.set(Faults(), 1)
    return served_registers
