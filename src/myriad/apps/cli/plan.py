"""Which Python processes `up` runs, with which arguments and which environment."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path

from myriad.apps.cli.environment import SCHEDULED, backs_up, is_given, variables
from myriad.apps.cli.processes import python_part
from myriad.apps.cli.supervisor import Part
from myriad.products.upswitch.registry.simulator import SIMULATED_KEY
from myriad.scale.embedded.servers import ServerUrls

_SIMULATORS = "myriad.apps.simulators"
_WEBHOOK_PATH = "/api/v1/keeper/webhooks/square"
_GOOGLE_WEBHOOK_PATH = "/api/v1/keeper/webhooks/google"
_PLAID_WEBHOOK_PATH = "/api/v1/kamioi/webhooks/plaid"
_APPLICATION = "MYRIAD_KEEPER__SQUARE_APPLICATION_ID"
_GOOGLE_APPLICATION = "MYRIAD_KEEPER__GOOGLE_CLIENT_ID"
_BANK_KEY = "MYRIAD_UPSWITCH__NBB_KEY"
_PLAID_APPLICATION = "MYRIAD_KAMIOI__PLAID_CLIENT_ID"
_BROKER_KEY = "MYRIAD_KAMIOI__ALPACA_KEY_ID"
_BACKUP_URL = "MYRIAD_DATABASE__BACKUP_URL"


def has_own_square() -> bool:
    """Say whether the environment names a real Square application; then there is no demo."""
    return is_given(_APPLICATION)


def has_own_google() -> bool:
    """Say whether the environment names a real Google application; then none is simulated."""
    return is_given(_GOOGLE_APPLICATION)


def has_own_registers() -> bool:
    """Say whether the environment has a key for the National Bank; then no register is simulated."""
    return is_given(_BANK_KEY)


def has_own_plaid() -> bool:
    """Say whether the environment names a real Plaid application; then no banks are simulated."""
    return is_given(_PLAID_APPLICATION)


def has_own_broker() -> bool:
    """Say whether the environment has a key for Alpaca; then no broker is simulated."""
    return is_given(_BROKER_KEY)


@dataclass(frozen=True)
class Demo:
    """Where the simulated Square listens, and the purchase log that it serves beside the spa.

    The other ports are those of the simulated Google, registers of companies, Plaid and Alpaca,
    None where real ones are configured. The demo's programme began on `since`; `transactions` are
    card transactions for a second one.
    """

    port: int
    purchases: Path | None
    google_port: int | None = None
    registers_port: int | None = None
    plaid_port: int | None = None
    alpaca_port: int | None = None
    since: str = ""
    transactions: Path | None = None

    @property
    def arguments(self) -> list[str]:
        """What both the simulators and the part that fills the demo are told."""
        log = ["--purchases", str(self.purchases)] if self.purchases else []
        return [*log, "--since", self.since] if self.since else log

    @property
    def filling(self) -> list[str]:
        """What the part that fills the demo is told."""
        cards = ["--transactions", str(self.transactions)] if self.transactions else []
        return [*self.arguments, *cards]


def compiling(home: Path) -> Part:
    """Return the one-off process of a first start that compiles what the API will import.

    It begins with what the preparation beside it does not import, so that they share the work.
    """
    imports = "import fastapi, uvicorn, jinja2; from myriad.apps import serve; serve.import_all()"
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return python_part("modules", ["-c", imports], home=home, environment=environment, once=True)


@dataclass(frozen=True)
class Plan:
    """The processes that belong to one API address and one set of servers.

    `backup_url` is the login that copies our own PostgreSQL; None where the user has a server.
    """

    home: Path
    port: int
    urls: ServerUrls
    demo: Demo | None
    backup_url: str | None = None

    @property
    def address(self) -> str:
        """Where a browser goes."""
        return f"http://127.0.0.1:{self.port}"

    @cached_property
    def environment(self) -> dict[str, str]:
        """The environment of every process but that of backups, whose login is no other's."""
        own = {
            "MYRIAD_HTTP__HOST": "127.0.0.1",
            "MYRIAD_HTTP__PORT": str(self.port),
            "MYRIAD_KEEPER__PUBLIC_URL": self.address,
            "MYRIAD_UPSWITCH__PUBLIC_URL": self.address,
            SCHEDULED: str(backs_up()).lower(),
        }
        known = variables(self.home, self.urls, **own, **self._simulated())
        return {name: value for name, value in known.items() if not name.startswith(_BACKUP_URL)}

    def _simulated(self) -> dict[str, str]:
        if self.demo is None:
            return {}
        google = self.demo.google_port
        return {
            "MYRIAD_KEEPER__SQUARE_BASE_URL": f"http://127.0.0.1:{self.demo.port}",
            "MYRIAD_KEEPER__SQUARE_WEBHOOK_URL": f"{self.address}{_WEBHOOK_PATH}",
            **({"MYRIAD_KEEPER__GOOGLE_BASE_URL": f"http://127.0.0.1:{google}"} if google else {}),
            **_registers(self.demo.registers_port),
            **_banks(self.demo.plaid_port, f"{self.address}{_PLAID_WEBHOOK_PATH}"),
            **_broker(self.demo.alpaca_port),
        }

    def api(self) -> Part:
        """The API and the screens."""
        return self._python(
            "api", "-m", "myriad.apps.serve", "--port", str(self.port), port=self.port
        )

    def background(self, workers: int) -> Iterator[Part]:
        """What starts after the first page: the simulators first, for the others call them."""
        if self.demo:
            yield self._simulators(self.demo)
        for number in range(1, workers + 1):
            name = "worker" if number == 1 else f"worker-{number}"
            yield self._python(name, "-m", "myriad.apps.worker")
        yield self._python("ticker", "-m", "myriad.apps.ticker")
        if self.demo:
            yield self._python("demo", "-m", "myriad.apps.demo", *self.demo.filling, once=True)
        if backs_up():
            yield self._backups()

    def _simulators(self, demo: Demo) -> Part:
        """One process: each service has its own port, together they share an interpreter."""
        ports = {
            "square": demo.port,
            "google": demo.google_port,
            "registers": demo.registers_port,
            "plaid": demo.plaid_port,
            "alpaca": demo.alpaca_port,
        }
        listening = {name: str(port) for name, port in ports.items() if port}
        webhooks = {
            "--square-webhook-url": f"{self.address}{_WEBHOOK_PATH}",
            "--google-webhook-url": f"{self.address}{_GOOGLE_WEBHOOK_PATH}",
            "--plaid-webhook-url": f"{self.address}{_PLAID_WEBHOOK_PATH}",
        }
        options = {**{f"--{name}": port for name, port in listening.items()}, **webhooks}
        return python_part(
            "simulators",
            ["-m", _SIMULATORS, *chain.from_iterable(options.items()), *demo.arguments],
            home=self.home,
            environment=self.environment,
            port=demo.port,
            path="/",
            detail=", ".join(f"{name} 127.0.0.1:{port}" for name, port in listening.items()),
        )

    def _backups(self) -> Part:
        """The process that copies all there is; of what the others are told it needs nothing."""
        told = {"MYRIAD_HOME": str(self.home), SCHEDULED: "true"}
        if self.backup_url is not None:
            told[_BACKUP_URL] = self.backup_url
        given = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("MYRIAD_") or name.startswith((_BACKUP_URL, "MYRIAD_BACKUP__"))
        }
        return python_part(
            "backups",
            ["-m", "myriad.apps.backups"],
            home=self.home,
            environment=given | told,
        )

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


def _banks(port: int | None, webhook_url: str) -> dict[str, str]:
    if port is None:
        return {}
    return {
        "MYRIAD_KAMIOI__PLAID_BASE_URL": f"http://127.0.0.1:{port}",
        "MYRIAD_KAMIOI__PLAID_WEBHOOK_URL": webhook_url,
    }


def _broker(port: int | None) -> dict[str, str]:
    return {"MYRIAD_KAMIOI__ALPACA_BASE_URL": f"http://127.0.0.1:{port}"} if port else {}
