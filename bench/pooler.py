"""A thousand clients through thirty connections of PgBouncer: each request sees its own rows alone.

    ./myriad bench pooler [--full]

Clients of many tenants hold a connection each to a PgBouncer in transaction mode, and ask in turn: a
transaction sets its tenant as Myriad does and reads every row that it may see. A leak is an answer
with a row, or a setting, of another tenant. That the check can see one is shown first: the same with a
tenant set for the session must leak.

The peer, in the same run: the same requests by as many direct connections as PostgreSQL allows, which
leave the other clients waiting. Seconds of processor are those of PostgreSQL and of the pooler.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psutil
import psycopg
from rich.console import Console
from rich.table import Table

from myriad.scale.embedded.pooler import CACHE, MISSING, find_pgbouncer, pooling
from myriad.scale.embedded.postgres import APP, OWNER, EmbeddedPostgres

CLIENTS, CONNECTIONS, DIRECT = 1_000, 30, 180
REQUESTS, REQUESTS_FULL = 10_000, 100_000
TENANTS, ROWS = 100, 10
_AT_ONCE = 200
_PACKAGES = ("pgbouncer", "libc-ares2", "libevent-2.1-7")
_TABLE = """
CREATE TABLE owned (tenant_id uuid NOT NULL, number int NOT NULL, PRIMARY KEY (tenant_id, number));
INSERT INTO owned SELECT ('00000000-0000-0000-0000-' || lpad(to_hex(t), 12, '0'))::uuid, n
    FROM generate_series(1, 100) AS t, generate_series(1, 10) AS n;
ALTER TABLE owned ENABLE ROW LEVEL SECURITY;
ALTER TABLE owned FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON owned TO myriad_app
    USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT ON owned TO myriad_app
"""
_READ = "SELECT tenant_id, current_setting('app.tenant_id', true), pg_backend_pid() FROM owned"


@dataclass
class Outcome:
    """What one way of connecting did."""

    requests: int = 0
    leaks: int = 0
    short: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    servers: int = 0

    @property
    def per_second(self) -> float:
        """Requests in a second."""
        return self.requests / self.seconds


def fetch_pgbouncer() -> Path | None:
    """Return the program, Debian's package unpacked into our cache where none is installed."""
    found = find_pgbouncer()
    if found or not shutil.which("apt-get") or not shutil.which("dpkg"):
        return found
    with tempfile.TemporaryDirectory(prefix="myriad pgbouncer ") as folder:
        got = subprocess.run(
            ["apt-get", "download", *_PACKAGES],
            cwd=folder,
            capture_output=True,
            check=False,
        )
        if got.returncode:
            return None
        for package in Path(folder).glob("*.deb"):
            subprocess.run(["dpkg", "-x", package, CACHE], check=True)
    return find_pgbouncer()


async def _ask(
    connection: psycopg.AsyncConnection, tenant: UUID, local: bool
) -> list[tuple[UUID, str, int]]:
    # Set for the session, a tenant stays on the server's connection for whoever comes next.
    async with connection.transaction():
        if local or tenant.int % 2:
            await connection.execute(
                "SELECT set_config('app.tenant_id', %s, %s)", [str(tenant), local]
            )
        return await (await connection.execute(_READ)).fetchall()


async def _drive(url: str, clients: int, requests: int, *, local: bool = True) -> Outcome:
    """Send `requests` by `clients` connections, each asking one after another."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def connect() -> psycopg.AsyncConnection:
        async with gate:
            return await psycopg.AsyncConnection.connect(
                url, autocommit=True, prepare_threshold=None, connect_timeout=60
            )

    connections = await asyncio.gather(*(connect() for _ in range(clients)))
    outcome, servers, left = Outcome(), set[int](), iter(range(requests))

    async def work(connection: psycopg.AsyncConnection) -> None:
        for number in left:
            tenant = UUID(int=1 + number % TENANTS)
            rows = await _ask(connection, tenant, local)
            outcome.requests += 1
            outcome.leaks += any(row[0] != tenant or row[1] != str(tenant) for row in rows)
            outcome.short += len(rows) < ROWS
            servers.update(row[2] for row in rows)

    began = time.perf_counter()
    await asyncio.gather(*(work(connection) for connection in connections))
    outcome.seconds = time.perf_counter() - began
    outcome.servers = len(servers)
    for connection in connections:
        await connection.close()
    return outcome


def _cpu_seconds(pids: list[int]) -> float:
    """Return what these processes and those they have started have used, those ended as well."""
    total = 0.0
    for pid in pids:
        for process in (psutil.Process(pid), *psutil.Process(pid).children()):
            with _gone_is_nothing():
                used = process.cpu_times()
                total += used.user + used.system
        used = psutil.Process(pid).cpu_times()
        total += used.children_user + used.children_system
    return total


@contextmanager
def _gone_is_nothing() -> Iterator[None]:
    try:
        yield
    except psutil.NoSuchProcess:
        return


def _measure(url: str, clients: int, requests: int, pids: list[int]) -> Outcome:
    before = _cpu_seconds(pids)
    outcome = asyncio.run(_drive(url, clients, requests))
    outcome.cpu_seconds = _cpu_seconds(pids) - before
    return outcome


def _show(console: Console, rows: dict[str, Outcome]) -> None:
    table = Table("", "requests", "leaks", "server connections", "requests/s", "CPU s of servers")
    for name, one in rows.items():
        table.add_row(
            name,
            f"{one.requests:,}",
            str(one.leaks),
            str(one.servers),
            f"{one.per_second:,.0f}",
            f"{one.cpu_seconds:.1f}",
        )
    console.print(table)


def _run(program: Path, home: Path, requests: int) -> tuple[dict[str, Outcome], Outcome]:
    server = EmbeddedPostgres(home)
    server.initialise()
    child = server.spawn()
    try:
        server.wait_ready(child)
        with psycopg.connect(server.url(OWNER)) as owner:
            owner.execute(_TABLE)
        with pooling(program, server.url(APP), connections=3) as (url,):
            control = asyncio.run(_drive(url, 50, 500, local=False))
        with pooling(program, server.url(APP), connections=CONNECTIONS) as (url,):
            pids = [child.pid, *_poolers()]
            pooled = _measure(url, CLIENTS, requests, pids)
        direct = _measure(server.url(APP), DIRECT, requests, [child.pid])
    finally:
        server.stop(child)
    rows = {f"{CLIENTS:,} clients by PgBouncer": pooled, f"{DIRECT} clients directly": direct}
    return rows, control


def _poolers() -> list[int]:
    return [one.pid for one in psutil.Process().children() if one.name() == "pgbouncer"]


def main() -> int:
    """Run it and print the table and its line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help=f"{REQUESTS_FULL:,} requests")
    requests = REQUESTS_FULL if parser.parse_args().full else REQUESTS
    program = fetch_pgbouncer()
    if program is None:
        print(MISSING)
        return 1
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8_192), hard))
    with tempfile.TemporaryDirectory(prefix="myriad pooler ") as folder:
        rows, control = _run(program, Path(folder), requests)
    pooled, direct = rows.values()
    _show(Console(), rows)
    print(
        f"Set for the session instead, {control.leaks} of {control.requests} requests leaked: the "
        "check sees leaks."
    )
    print(
        f"RESULT pooler leaks={pooled.leaks} requests={pooled.requests} clients={CLIENTS} "
        f"server_connections={pooled.servers} short={pooled.short} "
        f"control_leaks={control.leaks} requests_per_second={pooled.per_second:.0f} "
        f"direct_clients={DIRECT} direct_requests_per_second={direct.per_second:.0f} "
        f"ratio={pooled.per_second / direct.per_second:.2f} "
        f"cpu_ratio={pooled.cpu_seconds / max(direct.cpu_seconds, 0.01):.2f}"
    )
    is_right = not (pooled.leaks or pooled.short or direct.leaks) and control.leaks > 0
    return 0 if is_right and pooled.servers <= CONNECTIONS else 1


if __name__ == "__main__":
    sys.exit(main())
