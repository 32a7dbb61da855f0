"""A simulated NBB, VIES and GLEIF on a port of their own, and a register without an extract."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from myriad.products.upswitch.registry.simulator.app import create_app
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.simulator.faults import Faults, Weather
from tests.fixtures.app import serve
from tests.fixtures.database import empty_tables


@pytest.fixture
def registry(empty_servers: ServerUrls) -> ServerUrls:
    """The URLs of the module's database, in which no extract is loaded."""
    empty_tables(empty_servers, "upswitch", "^(kbo_|company)")
    return empty_servers


@dataclass
class Registers:
    """Three registers that answer at `url`, and the trouble they are in."""

    url: str
    weather: Weather[Faults]


@pytest.fixture(scope="module")
def served_registers() -> Iterator[Registers]:
    """The registers, served by uvicorn in a thread."""
    weather = Weather(1, Faults())
    with serve(create_app(weather)) as url:
        yield Registers(url, weather)


@pytest.fixture
def registers(served_registers: Registers) -> Registers:
    """The registers in fair weather."""
    served_registers.weather.set(Faults(), 1)
    return served_registers
