"""The life of `./myriad up`: servers, preparation, the page, the rest; then an orderly end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from myriad.apps.cli.display import part_line, say
from myriad.apps.cli.environment import embedded_names
from myriad.apps.cli.plan import (
    Demo,
    Plan,
    compiling,
    has_own_broker,
    has_own_google,
    has_own_plaid,
    has_own_registers,
)
from myriad.apps.cli.processes import server_part
from myriad.apps.cli.stamp import SchemaStamp
from myriad.apps.cli.supervisor import Supervisor, Watched
from myriad.kit.clock import utc_now
from myriad.kit.errors import MyriadError
from myriad.kit.waiting import wait_within
from myriad.products.kamioi.demo.people import DEMO_DAYS
from myriad.scale.embedded import children, kernel
from myriad.scale.embedded.files import free_port
from myriad.scale.embedded.postgres import BACKUP
from myriad.scale.embedded.servers import EmbeddedServers
from myriad.scale.embedded.state import HomeState, home_lock, read_state, write_state

DEFAULT_PORT = 8000
_REAP_SECONDS = 1.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class LaunchError(MyriadError):
    """`up` cannot go on; the message says which part failed and where its log is."""

    code = "launch_failed"
    title = "Cannot start"


@dataclass(frozen=True)
class Options:
    """What `up` was asked for."""

    home: Path
    port: int | None = None
    workers: int = 1
    has_demo: bool = True
    purchases: Path | None = None
    transactions: Path | None = None


@dataclass
class Launch:
    """One run of `up`."""

    options: Options
    state: HomeState
    servers: EmbeddedServers
    supervisor: Supervisor = field(init=False)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.supervisor = Supervisor(self._changed)

    async def run(self) -> None:
        """Start everything in the order in which a person waits for it, then watch until told."""
        for number in _SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self.stopping.set)
        try:
            await self._unless_stopped(self._start())
            while not self.stopping.is_set():
                self.supervisor.reap_orphans()
                await wait_within(self.stopping, _REAP_SECONDS)
        finally:
            await self._stop()

    async def _start(self) -> None:
        stamp = SchemaStamp.of(self.servers.postgres)
        is_first = stamp is not None and not stamp.is_current()
        compiled = self.supervisor.start(compiling(self.options.home)) if is_first else None
        port = self._choose_port()
        await asyncio.sleep(0)
        await self._start_servers()
        demo = self._demo()
        postgres = self.servers.postgres
        login = postgres.url(BACKUP) if postgres else None
        plan = Plan(self.options.home, port, self.servers.urls, demo, login)
        logins = await self._prepare(plan) if is_first or stamp is None else {}
        if compiled is not None:
            await compiled.settled.wait()
        if stamp is not None:
            stamp.write()
        await self._first(self.supervisor.start(plan.api()))
        self._announce(plan.address, logins)
        for part in plan.background(self.options.workers):
            self.supervisor.start(part)

    async def _start_servers(self) -> None:
        watched = []
        for server in self.servers.all:
            server.initialise()
            watched.append(self.supervisor.start(server_part(server)))
        for one in watched:
            await self._first(one)
        self.state.ports |= self.servers.ports
        self.state.urls = self.servers.urls
        self._save()

    async def _first(self, watched: Watched) -> None:
        """Wait for a part's first good health; its failure on the way ends the launch."""
        while not watched.settled.is_set():
            if watched.restarts > 1:
                said = last_line(watched.part.log)
                raise LaunchError(f"{watched.part.name} does not start: {said}")
            await wait_within(watched.settled, 0.1)

    def _choose_port(self) -> int:
        asked = self.options.port
        port = free_port(asked or self.state.ports.get("api") or DEFAULT_PORT)
        if asked and port != asked:
            raise LaunchError(f"port {asked} is taken; choose another with --port, or none")
        self.state.ports["api"] = port
        return port

    def _demo(self) -> Demo | None:
        if not self.options.has_demo:
            return None
        square = self._port_of("square-simulator")
        google = None if has_own_google() else self._port_of("google-simulator")
        registers = None if has_own_registers() else self._port_of("registers-simulator")
        return Demo(
            square,
            # The account of a log lives on, so its seller has to be there at later starts too.
            self._remember("purchases", self.options.purchases),
            google,
            registers,
            None if has_own_plaid() else self._port_of("plaid-simulator"),
            None if has_own_broker() else self._port_of("alpaca-simulator"),
            self._demo_since(),
            self._remember("transactions", self.options.transactions),
        )

    def _remember(self, name: str, given: Path | None) -> Path | None:
        """Return the file that was given, now or at an earlier start, while it is there."""
        if given:
            self.state.remembered[name] = str(given)
        remembered = Path(self.state.remembered.get(name, ""))
        return remembered if remembered.is_file() else None

    def _demo_since(self) -> str:
        """Return the day on which the demo's programme began: a month before the first start."""
        month_ago = utc_now().date() - timedelta(days=DEMO_DAYS)
        return self.state.remembered.setdefault("demo_since", month_ago.isoformat())

    def _port_of(self, name: str) -> int:
        """Return the port of a part, the one that it had at the last start when it is free."""
        self.state.ports[name] = free_port(self.state.ports.get(name))
        return self.state.ports[name]

    async def _prepare(self, plan: Plan) -> dict[str, dict[str, str]]:
        """Migrate and make the first logins, which stay out of every log."""
        has_member = plan.demo is not None and plan.demo.plaid_port is not None
        child = children.spawn(
            [
                *(sys.executable, "-P", "-m", "myriad.apps.cli.prepare"),
                *(["--with-member"] if has_member else []),
            ],
            log=self._log("prepare"),
            dies_by=signal.SIGTERM,
            environment=plan.environment,
            with_answer=True,
        )
        output, _ = await asyncio.to_thread(child.communicate)
        answer: dict[str, Any] = json.loads(output or b"{}")
        if child.returncode != 0:
            detail = answer.get("error") or last_line(self._log("prepare"))
            raise LaunchError(f"the database could not be prepared: {detail}")
        say(part_line("database", "ready", "schema is current"))
        logins: dict[str, dict[str, str]] = answer.get("logins") or {}
        return logins

    def _log(self, name: str) -> Path:
        return self.options.home / "logs" / f"{name}.log"

    def _announce(self, address: str, logins: dict[str, dict[str, str]]) -> None:
        self.state.address = address
        self._save()
        say(f"\nMyriad runs at {address}")
        if owner := logins.get("owner"):
            say(f"Sign in as {owner['email']} with the password {owner['password']}")
        if member := logins.get("member"):
            say(f"As a member of the programme: {member['email']}, {member['password']}")
        if logins:
            say("(shown only this once; ./myriad password gives a new one)")
        say(f"Logs are in {self._log('api').parent}; Ctrl-C or ./myriad down stops everything.\n")

    def _changed(self, watched: Watched) -> None:
        part = watched.part
        hint = part.detail if watched.health == "ready" else ""
        if watched.health in ("restarting", "failed"):
            hint = f"ended with {watched.exit_code}, see {part.log}"
        if watched.health != "starting":
            say(part_line(part.name, watched.health, hint))
        self._save()

    def _save(self) -> None:
        self.state.parts = {
            name: {
                "health": watched.health,
                "pid": watched.child.pid if watched.child else None,
                "restarts": watched.restarts,
                "detail": watched.part.detail,
            }
            for name, watched in self.supervisor.watched.items()
        }
        write_state(self.options.home, self.state)

    async def _unless_stopped(self, starting: Coroutine[Any, Any, None]) -> None:
        """Wait for the start, or for the signal that makes it pointless."""
        start = asyncio.create_task(starting)
        stop = asyncio.create_task(self.stopping.wait())
        await asyncio.wait([start, stop], return_when=asyncio.FIRST_COMPLETED)
        for task in (start, stop):
            if not task.done():
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        if start.done() and not start.cancelled():
            start.result()

    async def _stop(self) -> None:
        """Stop what uses the servers first, then the servers; forget the run but not its ports."""
        servers = {server.name for server in self.servers.all}
        await self.supervisor.stop(name for name in self.supervisor.watched if name not in servers)
        await self.supervisor.stop(servers)
        self.state.release()
        write_state(self.options.home, self.state)


def last_line(log: Path) -> str:
    """Return the end of what a part said, and where the rest is."""
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return f"{lines[-1][:500]} (more in {log})" if lines else f"it said nothing in {log}"


def launch(options: Options) -> None:
    """Run `up` until a signal ends it.

    Raises HomeBusyError when the home folder is in use, LaunchError when a part does not start.
    """
    with home_lock(options.home):
        kernel.adopt_orphans()
        state = read_state(options.home)
        servers = EmbeddedServers.of(options.home, state, embedded_names())
        state.claim("up")
        write_state(options.home, state)
        asyncio.run(Launch(options, state, servers).run())
