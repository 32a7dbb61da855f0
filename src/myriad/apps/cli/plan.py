"""Which Python processes `up` runs, with which arguments and which environment."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from myriad.apps.cli.environment import is_given, variables
from myriad.apps.cli.processes import python_part
from myriad.apps.cli.supervisor import Part
from myriad.products.upswitch.registry.simulator import (
    DEMO_ENTERPRISES,
    DEMO_SEED,
    SIMULATED_KEY,
)
from myriad.scale.embedded.servers import ServerUrls

_SIMULATOR = "myriad.products.keeper.square.simulator"
_GOOGLE_SIMULATOR = "myriad.products.keeper.google.simulator"
_REGISTERS = "myriad.products.upswitch.registry.simulator"
_WEBHOOK_PATH = "/api/v1/keeper/webhooks/square"
_GOOGLE_WEBHOOK_PATH = "/api/v1/keeper/webhooks/google"
_APPLICATION = "MYRIAD_KEEPER__SQUARE_APPLICATION_ID"
_GOOGLE_APPLICATION = "MYRIAD_KEEPER__GOOGLE_CLIENT_ID"
_BANK_KEY = "MYRIAD_UPSWITCH__NBB_KEY"


def has_own_square() -> bool:
    """Say whether the environment names a real Square application; then there is no demo."""
    return is_given(_APPLICATION)


def has_own_google() -> bool:
    """Say whether the environment names a real Google application; then none is simulated."""
    return is_given(_GOOGLE_APPLICATION)


def has_own_registers() -> bool:
    """Say whether the environment has a key for the National Bank; then no register is simulated."""
    return is_given(_BANK_KEY)


@dataclass(frozen=True)
class Demo:
    """Where the simulated Square listens, and the purchase log that it serves beside the spa.

    `google_port` and `registers_port` are where the simulated Google and the simulated registers
    of companies do, None where real ones are configured.
    """

    port: int
    purchases: Path | None
    google_port: int | None = None
    registers_port: int | None = None

    @property
    def arguments(self) -> list[str]:
        """The purchase log as arguments of the processes that read it."""
        return ["--purchases", str(self.purchases)] if self.purchases else []


def compiling(home: Path) -> Part:
    """Return the one-off process of a first start that compiles what the API will import.

    It begins with what the preparation beside it does not import, so that they share the work.
    """
    imports = "import fastapi, uvicorn, jinja2; from myriad.apps import serve; serve.import_all()"
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return python_part("modules", ["-c", imports], home=home, environment=environment, once=True)


@dataclass(frozen=True)
class Plan:
    """The processes that belong to one API address and one set of servers."""

    home: Path
    port: int
    urls: ServerUrls
    demo: Demo | None

    @property
    def address(self) -> str:
        """Where a browser goes."""
        return f"http://127.0.0.1:{self.port}"

    @cached_property
    def environment(self) -> dict[str, str]:
        """The environment of every process."""
        own = {
            "MYRIAD_HTTP__HOST": "127.0.0.1",
            "MYRIAD_HTTP__PORT": str(self.port),
            "MYRIAD_KEEPER__PUBLIC_URL": self.address,
            "MYRIAD_UPSWITCH__PUBLIC_URL": self.address,
        }
        return variables(self.home, self.urls, **own, **self._simulated())

    def _simulated(self) -> dict[str, str]:
        if self.demo is None:
            return {}
        google = self.demo.google_port
        return {
            "MYRIAD_KEEPER__SQUARE_BASE_URL": f"http://127.0.0.1:{self.demo.port}",
            "MYRIAD_KEEPER__SQUARE_WEBHOOK_URL": f"{self.address}{_WEBHOOK_PATH}",
            **({"MYRIAD_KEEPER__GOOGLE_BASE_URL": f"http://127.0.0.1:{google}"} if google else {}),
            **_registers(self.demo.registers_port),
        }

    def api(self) -> Part:
        """The API and the screens."""
        return self._python(
            "api", "-m", "myriad.apps.serve", "--port", str(self.port), port=self.port
        )

    def background(self, workers: int) -> Iterator[Part]:
        """What starts after the first page: the simulators first, for the others call them."""
        if self.demo:
            yield self._simulator(self.demo)
        if self.demo and self.demo.google_port:
            yield self._google_simulator(self.demo.google_port)
        if self.demo and self.demo.registers_port:
            yield self._registers_simulator(self.demo.registers_port)
        for number in range(1, workers + 1):
            name = "worker" if number == 1 else f"worker-{number}"
            yield self._python(name, "-m", "myriad.apps.worker")
        yield self._python("ticker", "-m", "myriad.apps.ticker")
        if self.demo:
            yield self._python("demo", "-m", "myriad.apps.demo", *self.demo.arguments, once=True)

    def _simulator(self, demo: Demo) -> Part:
        address = ["--port", str(demo.port), "--webhook-url", f"{self.address}{_WEBHOOK_PATH}"]
        arguments = ["-m", _SIMULATOR, "--spa", "--quiet", *address, *demo.arguments]
        return self._python("square-simulator", *arguments, port=demo.port, path="/")

    def _google_simulator(self, port: int) -> Part:
        address = ["--port", str(port), "--webhook-url", f"{self.address}{_GOOGLE_WEBHOOK_PATH}"]
        arguments = ["-m", _GOOGLE_SIMULATOR, "--quiet", *address]
        return self._python("google-simulator", *arguments, port=port, path="/")

    def _registers_simulator(self, port: int) -> Part:
        companies = ["--enterprises", str(DEMO_ENTERPRISES), "--companies-seed", str(DEMO_SEED)]
        arguments = ["-m", _REGISTERS, "--quiet", "--port", str(port), *companies]
        return self._python("registers-simulator", *arguments, port=port, path="/")

    def _python(
        self,
        name: str,
        *arguments: str,
        port: int | None = None,
        path: str = "/livez",
        once: bool = False,
    ) -> Part:
        return python_part(
            name,
            arguments,
            home=self.home,
            environment=self.environment,
            port=port,
            path=path,
            once=once,
        )


def _registers(port: int | None) -> dict[str, str]:
    if port is None:
        return {}
    address = f"http://127.0.0.1:{port}"
    return {
        "MYRIAD_UPSWITCH__NBB_BASE_URL": f"{address}/nbb",
        "MYRIAD_UPSWITCH__NBB_KEY": SIMULATED_KEY,
        "MYRIAD_UPSWITCH__VIES_BASE_URL": f"{address}/vies",
        "MYRIAD_UPSWITCH__GLEIF_BASE_URL": f"{address}/gleif",
    }
