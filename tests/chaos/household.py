"""An installation of real processes, each of which can be killed, frozen and started again.

PostgreSQL and two Redis of a home of its own, API processes, tickers and workers. Only processes
that were started here are ever signalled, by their pids.
"""

from __future__ import annotations

import asyncio
import base64
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import httpx
import psutil
import psycopg

from myriad.apps.products import migration_locations
from myriad.scale.data.migrations import upgrade
from myriad.scale.embedded import children
from myriad.scale.embedded.errors import ServerStartError
from myriad.scale.embedded.files import free_port
from myriad.scale.embedded.servers import EmbeddedServer, EmbeddedServers, ServerUrls
from myriad.scale.embedded.state import HomeState
from tests.chaos import ledger
from tests.fixtures.app import Company, create_company
from tests.fixtures.database import TEST_KEY, runtime_for

Kind = Literal["worker", "ticker", "api", "broker", "cache", "postgres"]
KINDS: tuple[Kind, ...] = ("worker", "ticker", "api", "broker", "cache", "postgres")
_SERVERS: dict[str, Kind] = {
    "postgres": "postgres",
    "redis-broker": "broker",
    "redis-cache": "cache",
}
ROOT = Path(__file__).parents[2]
_START_TRIES = 20
_STOP_SECONDS = 15.0


@dataclass
class Part:
    """One process of the installation: how it starts, and what became of it."""

    name: str
    kind: Kind
    spawn: Callable[[], subprocess.Popen[bytes]]
    process: subprocess.Popen[bytes] | None = None
    kills: int = 0
    falls: int = 0

    @property
    def pid(self) -> int:
        """The pid of the running process."""
        assert self.process is not None, f"{self.name} was not started"
        return self.process.pid

    @property
    def is_up(self) -> bool:
        """Say whether the process runs."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start the process; call from the main thread, with whose end it ends."""
        self.process = self.spawn()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process, whose pid is ours until it is reaped."""
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self, *, with_children: bool = False) -> None:
        """End the process by SIGKILL, and its children first when asked; return when all are gone."""
        assert self.process is not None
        family = psutil.Process(self.pid).children(recursive=True) if self.is_up else []
        self.process.kill()
        self.process.wait()
        for child in family if with_children else ():
            with _no_matter():
                child.kill()
        psutil.wait_procs(family, timeout=_STOP_SECONDS)
        self.kills += 1

    def stop(self) -> int | None:
        """End the process as a supervisor does, and return its exit code."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
        return children.stop(self.process, by=signal.SIGTERM, timeout_seconds=_STOP_SECONDS)


class _no_matter:  # noqa: N801 - reads as a word where it is used
    """Suppresses that a process has gone already."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        return kind is not None and issubclass(kind, psutil.NoSuchProcess)


@dataclass(frozen=True)
class Size:
    """How many processes of each sort run, and how many jobs a worker runs at once."""

    workers: int = 3
    tickers: int = 2
    apis: int = 2
    slots: int = 4


@dataclass
class Household:
    """The processes of one installation, two companies in it, and the ledger's tables."""

    home: Path
    servers: EmbeddedServers
    parts: list[Part] = field(default_factory=list)
    companies: tuple[Company, ...] = ()
    api_urls: list[str] = field(default_factory=list)

    @property
    def urls(self) -> ServerUrls:
        """Where the servers listen, at the same ports for as long as the household lives."""
        return self.servers.urls

    def of(self, kind: Kind) -> list[Part]:
        """Return the parts of one kind."""
        return [part for part in self.parts if part.kind == kind]

    def get(self, name: str) -> Part:
        """Return the part of that name."""
        return next(part for part in self.parts if part.name == name)

    def log_of(self, part: Part) -> str:
        """Return the end of what a process said."""
        path = self.home / "logs" / f"{part.name}.log"
        return path.read_text(errors="replace")[-4000:] if path.exists() else ""

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment of a process of this installation."""
        clean = {
            name: value for name, value in os.environ.items() if not name.startswith("MYRIAD_")
        }
        urls = self.urls
        return clean | {
            "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]),
            "MYRIAD_DATABASE__URL": urls.database_url,
            "MYRIAD_DATABASE__APP_URL": urls.app_url,
            "MYRIAD_DATABASE__CROSSING_URL": urls.crossing_url,
            "MYRIAD_DATABASE__POOL_SIZE": "4",
            "MYRIAD_DATABASE__READER_POOL_SIZE": "2",
            "MYRIAD_DATABASE__CROSSING_POOL_SIZE": "2",
            "MYRIAD_REDIS__BROKER_URL": urls.broker_url,
            "MYRIAD_REDIS__CACHE_URL": urls.cache_url,
            "MYRIAD_SECRETS__KEY": base64.b64encode(TEST_KEY).decode(),
            "MYRIAD_HOME": str(self.home),
            **more,
        }

    def add_process(self, kind: Kind, name: str, *arguments: str, **environment: str) -> Part:
        """Add and start a Python process of the installation."""
        command = [sys.executable, "-m", *arguments]
        log = self.home / "logs" / f"{name}.log"

        def spawn() -> subprocess.Popen[bytes]:
            return children.spawn(
                command,
                log=log,
                dies_by=signal.SIGKILL,
                environment=self.environment(**environment),
            )

        part = Part(name, kind, spawn)
        self.parts.append(part)
        part.start()
        return part

    def add_worker(self, name: str, slots: int = 4, **environment: str) -> Part:
        """Add a worker with the ledger's tasks."""
        own = {"MYRIAD_WORKER__NAME": name, "MYRIAD_WORKER__SLOTS": str(slots)}
        return self.add_process("worker", name, "tests.chaos.worker", **own, **environment)

    def add_ticker(self, name: str, **environment: str) -> Part:
        """Add a ticker: schedules, dispatcher, reaper."""
        return self.add_process("ticker", name, "myriad.apps.ticker", **environment)

    def add_api(self, name: str, **environment: str) -> Part:
        """Add an API process with the ledger's route."""
        port = free_port()
        self.api_urls.append(f"http://127.0.0.1:{port}")
        return self.add_process("api", name, "tests.chaos.api", "--port", str(port), **environment)

    def add_all(self, size: Size, **environment: str) -> None:
        """Add the processes that `size` names."""
        for n in range(size.apis):
            self.add_api(f"api-{n}", **environment)
        for n in range(size.tickers):
            self.add_ticker(f"ticker-{n}", **environment)
        for n in range(size.workers):
            self.add_worker(f"worker-{n}", size.slots, **environment)

    async def start_server(self, server: EmbeddedServer, part: Part) -> None:
        """Start a server at the port that it had, again until it stays up."""
        wanted = server.port
        for _ in range(_START_TRIES):
            part.start()
            assert part.process is not None
            if server.port == wanted or wanted is None:
                try:
                    await asyncio.to_thread(server.wait_ready, part.process)
                except ServerStartError:
                    pass
                else:
                    return
            await asyncio.to_thread(server.stop, part.process)
            server.port = wanted
            await asyncio.sleep(0.2)
        raise AssertionError(f"{part.name} does not start: {self.log_of(part)}")

    async def restart(self, part: Part) -> None:
        """Start a part that is down, as its supervisor does."""
        server = next((one for one in self.servers.all if one.name == part.name), None)
        if server is not None:
            await self.start_server(server, part)
        else:
            part.start()

    async def raise_the_fallen(self) -> None:
        """Start again what ended by itself, as a supervisor does, and count it."""
        for part in self.parts:
            if not part.is_up:
                part.falls += 1
                await self.restart(part)

    async def until_api_answers(self, seconds: float = 240) -> None:
        """Return when every API process answers."""
        async with httpx.AsyncClient(trust_env=False, timeout=5) as http:
            for url in self.api_urls:
                end = time.monotonic() + seconds
                while not await _answers(http, url):
                    assert time.monotonic() < end, self._all_logs("api")
                    await asyncio.sleep(0.1)

    async def until_workers_are_known(self, count: int, seconds: float = 240) -> None:
        """Return when `count` workers have announced themselves."""
        end = time.monotonic() + seconds
        while self.count("SELECT count(*) FROM platform.job_worker") < count:
            assert time.monotonic() < end, self._all_logs("worker")
            await asyncio.sleep(0.1)

    def count(self, query: str, *parameters: object) -> int:
        """Return the number that a query over all tenants gives."""
        with psycopg.connect(self.urls.crossing_url) as connection:
            row = connection.execute(query.encode(), parameters).fetchone()
        return int(row[0]) if row else 0

    def _all_logs(self, kind: Kind) -> str:
        return "\n".join(f"== {part.name}\n{self.log_of(part)}" for part in self.of(kind))

    def stop(self, parts: Sequence[Part]) -> None:
        """End the parts."""
        for part in parts:
            part.stop()
            self.parts.remove(part)

    def end(self) -> None:
        """End everything: the processes at once, then the servers, which tidy up."""
        servers = [part for part in self.parts if part.name in _SERVERS]
        for part in self.parts:
            if part not in servers and part.is_up:
                part.kill()
        self.stop(servers[::-1])


async def _answers(http: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await http.get(f"{url}/livez")).is_success
    except httpx.HTTPError:
        return False


@asynccontextmanager
async def open_household(home: Path) -> AsyncIterator[Household]:
    """Run servers with a migrated database, two companies with keys and money in the ledger."""
    house = Household(home, EmbeddedServers.of(home, HomeState()))
    try:
        for server in house.servers.all:
            server.initialise()
            part = Part(server.name, _SERVERS[server.name], server.spawn)
            house.parts.append(part)
            await house.start_server(server, part)
        await asyncio.to_thread(upgrade, house.urls.database_url, migration_locations())
        ledger.create_tables(house.urls)
        await add_companies(house)
        yield house
    finally:
        house.end()


async def add_companies(house: Household) -> None:
    """Give the household two companies that no other test uses."""
    async with runtime_for(house.urls) as runtime:
        house.companies = (
            await create_company(runtime),
            await create_company(runtime, "Europe/Berlin"),
        )
    ledger.open_accounts(house.urls, [company.tenant_id for company in house.companies])
