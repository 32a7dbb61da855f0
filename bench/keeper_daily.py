"""How many accounts' nights two cores can work through: every agent, without network.

    ./myriad bench keeper-daily [--full]

Each account is a simulator's spa with some 300 customers in a year: see keeper_accounts.py. What is
timed is a night as it comes after other nights: yesterday's state, a day's payments, orders and
bookings, then `keeper.account.run` from the queue, by real worker processes of the job engine that
have worked for a while. Accounts stand in seven phases: their first night was one to seven days
ago and another one was yesterday, so that, as in life, a seventh of them has its weekly judgement
and its weekly search for patterns (`keeper.account.week`) tonight. CPU seconds are those of the
workers, the ticker, PostgreSQL and Redis together, from the first job queued to the last one done;
accounts an hour is what two cores do in that CPU time, because wall time on a machine that others
use says nothing; wall time is shown beside it. Copying accounts and their statistics is not timed.

Three sizes of night show how the cost grows; sizes that would not end within the bench's five
minutes are left out, at least two stay. `--full` works through 100, 1,000 and 10,000 accounts and
says beforehand how many hours and gigabytes each takes.

The peer does, in its own environment, a part of one agent's work as most people would write it:
pandas reads the account's payments and counts them by day, `lifetimes` fits BG/NBD and
gamma-gamma, and a loop over the customers asks for each one's numbers. It reads no profiles, links
nothing, tests no day, and writes one table.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import math
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil
import psycopg
from cpu_meter import Meter
from job_peers.harness import Place, running, running_place
from job_peers.myriad_peer import database_settings
from keeper_accounts import Copier, Template, draw_template, make_phases
from peers import PeerUnavailableError, peer_python

from myriad.apps.products import PRODUCTS, migration_locations
from myriad.kit.ids import new_id
from myriad.products.keeper.queueing import enqueue_run
from myriad.products.keeper.settings import KeeperSettings
from myriad.products.keeper.weekly_queue import enqueue_week
from myriad.scale.data import Database
from myriad.scale.data.migrations import upgrade
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.jobs.broker import Publisher, create_celery
from myriad.scale.jobs.dispatch import Dispatcher
from myriad.scale.jobs.reaper import Reaper
from myriad.scale.jobs.settings import WorkerSettings
from myriad.scale.jobs.worker import run_worker
from myriad.scale.observe import logs
from myriad.scale.runtime import Runtime, open_runtime
from myriad.scale.tenancy import TenantId
from myriad.scale.vault import Vault

HERE = Path(__file__).resolve().parent
CORES, WORKERS, SLOTS = 2, 2, 2
CUSTOMERS = 300
SELLERS, PHASES = 3, 7
SIZES, FULL_SIZES = (28, 56, 112), (100, 1000, 10_000)
WARM_ACCOUNTS = 28
# Of five minutes, what the peer and the end of the bench need is left.
MOST_SECONDS = 260.0
TARGET_PER_HOUR, TARGET_MB = 20_000, 400
PEER = [
    "lifetimes==0.11.3",
    "pandas==2.2.3",
    "numpy==1.26.4",
    "scipy==1.13.1",
    "psycopg[binary]==3.2.3",
]
_LEFT = "SELECT count(*) FROM platform.job WHERE state <> 'dead'"
_ENDED = """
SELECT agent, state, count(*) FROM keeper.agent_run r
WHERE started_at >= %s AND tenant_id = ANY (%s::uuid[]) GROUP BY agent, state ORDER BY agent, state
"""


@dataclass(frozen=True, slots=True)
class Night:
    """One measured night."""

    accounts: int
    cpu_seconds: float
    wall_seconds: float
    worker_mb: float
    parts: Mapping[str, float]
    preparing_seconds: float = 0.0
    disk_gb: float = 0.0

    @property
    def per_hour(self) -> float:
        """Accounts an hour on two busy cores."""
        return 3600 * CORES * self.accounts / self.cpu_seconds


def open_bench_runtime(
    urls: ServerUrls, process: str
) -> contextlib.AbstractAsyncContextManager[Runtime]:
    """Open a runtime on the bench's servers."""
    return open_runtime(
        process=process,
        database=database_settings(urls),
        broker_url=urls.broker_url,
        cache_url=urls.cache_url,
        vault=Vault(bytes(32)),
        settings=[KeeperSettings()],
    )


def work(urls: ServerUrls, name: str) -> int:
    """Serve Keeper's jobs until told to end."""
    for product in PRODUCTS:
        product.load_tasks()
    settings = WorkerSettings(slots=SLOTS, connections=SLOTS, grace_seconds=1.0, name=name)
    return run_worker(lambda: open_bench_runtime(urls, "worker"), settings)


async def tick(urls: ServerUrls) -> None:
    """Dispatch and reap until told to end."""
    database = Database(database_settings(urls), process="ticker")
    publisher = Publisher(create_celery(urls.broker_url))
    async with asyncio.TaskGroup() as group:
        group.create_task(Dispatcher(database, publisher).serve())
        group.create_task(Reaper(database, publisher).serve())


@contextlib.contextmanager
def workers(place: Place) -> Iterator[list[psutil.Process]]:
    """Run a ticker and the workers while the block lasts; yield the workers."""
    config = json.dumps(asdict(place.urls))
    command = [sys.executable, str(HERE / "keeper_daily.py")]
    with contextlib.ExitStack() as stack:
        stack.enter_context(running([*command, "--part", "ticker", config], place.log_of("ticker")))
        names = [f"night-{number}" for number in range(WORKERS)]
        children = [
            stack.enter_context(running([*command, "--part", name, config], place.log_of(name)))
            for name in names
        ]
        yield [psutil.Process(child.pid) for child in children]


@dataclass(frozen=True)
class Bench:
    """What every night of the bench works with: servers, accounts to copy, and workers."""

    place: Place
    runtime: Runtime
    copier: Copier
    templates: list[Template]
    processes: list[psutil.Process]
    meter: Meter

    async def work(self, accounts: int, name: str) -> list[TenantId]:
        """Copy accounts, bring the news, and work through one night of them."""
        tenants = self._prepare(accounts, name)
        await self._night(tenants)
        return tenants

    async def measure(self, accounts: int) -> Night:
        """Time one night; checks that all agents ended."""
        began, before = time.perf_counter(), self._disk_gb()
        tenants = self._prepare(accounts, f"night-{accounts}")
        prepared, since = time.perf_counter(), datetime.now(UTC)
        before_parts = self.meter.parts()
        await self._night(tenants)
        wall = time.perf_counter() - prepared
        parts = {
            name: seconds - before_parts.get(name, 0.0)
            for name, seconds in self.meter.parts().items()
        }
        self._check(since, tenants)
        megabytes = max(_memory(process) for process in self.processes)
        return Night(
            accounts=accounts,
            cpu_seconds=sum(parts.values()),
            wall_seconds=wall,
            worker_mb=megabytes,
            parts=parts,
            preparing_seconds=prepared - began,
            disk_gb=self._disk_gb() - before,
        )

    def _prepare(self, accounts: int, name: str) -> list[TenantId]:
        tenants = copy_accounts(self.copier, self.templates, accounts, name)
        self.copier.analyze()
        return tenants

    async def _night(self, tenants: list[TenantId]) -> None:
        with psycopg.connect(self.place.urls.crossing_url, autocommit=True) as connection:
            await queue_night(self.runtime, tenants)
            await wait_until_empty(connection)

    def _check(self, since: datetime, tenants: list[TenantId]) -> None:
        with psycopg.connect(self.place.urls.crossing_url, autocommit=True) as connection:
            ended = connection.execute(_ENDED, (since, tenants)).fetchall()
        check(ended, len(tenants))

    def _disk_gb(self) -> float:
        with psycopg.connect(self.place.urls.database_url) as connection:
            row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        return row[0] / 1e9 if row else 0.0


def copy_accounts(
    copier: Copier, templates: list[Template], accounts: int, name: str
) -> list[TenantId]:
    """Deal the accounts out among the templates."""
    tenants = [TenantId(new_id()) for _ in range(accounts)]
    for place, template in enumerate(templates):
        own = tenants[place :: len(templates)]
        if own:
            copier.copy(template, own, f"{name}-{place}")
            copier.add_news(template, own)
    return tenants


async def queue_night(runtime: Runtime, tenants: list[TenantId]) -> None:
    """Queue a run for every account, and the week of those whose phase has it tonight."""
    for place, tenant in enumerate(tenants):
        async with runtime.database.session(tenant) as session:
            await enqueue_run(session, is_asked=False)
            if place % PHASES == PHASES - 1:
                await enqueue_week(session)


async def wait_until_empty(connection: psycopg.Connection, seconds: float = 3600) -> None:
    """Wait until no job is left."""
    ends = time.monotonic() + seconds
    while True:
        row = connection.execute(_LEFT).fetchone()
        if row == (0,):
            return
        if time.monotonic() > ends:
            sys.exit(f"keeper-daily: {row} jobs are left after {seconds:.0f} s")
        await asyncio.sleep(0.2)


def check(ended: list[tuple[str, str, int]], accounts: int) -> None:
    """End the bench when an agent failed or did not run everywhere."""
    bad = [row for row in ended if row[1] not in ("ok", "skipped")]
    counts: dict[str, int] = {}
    for agent, _, count in ended:
        counts[agent] = counts.get(agent, 0) + count
    if bad or len(counts) != 7 or set(counts.values()) != {accounts}:
        sys.exit(f"keeper-daily: not every agent ended well for {accounts} accounts: {ended}")


def _memory(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 1e6


def exponent(nights: list[Night]) -> float:
    """The slope of log CPU against log accounts, by least squares."""
    xs = [math.log(night.accounts) for night in nights]
    ys = [math.log(night.cpu_seconds) for night in nights]
    x, y = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True)) / sum(
        (a - x) ** 2 for a in xs
    )


def measure_peer(place: Place, templates: list[Template]) -> float | None:
    """Return the peer's CPU seconds an account (Python and PostgreSQL), None without a peer."""
    try:
        python = peer_python("lifetimes", PEER)
    except PeerUnavailableError as error:
        print(f"no peer: {error}")
        return None
    task = json.dumps(
        {"url": place.urls.crossing_url, "tenants": [str(each.base) for each in templates[:3]]}
    )
    done = subprocess.run(
        [str(python), str(HERE / "keeper_daily_peer.py"), task],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        print(f"no peer: it failed:\n{done.stderr[-1500:]}")
        return None
    return float(done.stdout.rsplit("SECONDS", 1)[1])


async def measure(full: bool) -> tuple[list[Night], float | None]:
    """Run every size of night, and the peer."""
    ends = time.perf_counter() + MOST_SECONDS
    with running_place() as place:
        upgrade(place.urls.database_url, migration_locations())
        async with open_bench_runtime(place.urls, "bench") as runtime:
            copier = Copier(place.urls.crossing_url, place.urls.database_url)
            templates = await make_templates(runtime, copier, place.urls.crossing_url)
            print(f"templates: {time.perf_counter() - ends + MOST_SECONDS:.0f} s", flush=True)
            with workers(place) as processes:
                bench = Bench(place, runtime, copier, templates, processes, Meter())
                await bench.work(WARM_ACCOUNTS, "warm")
                nights = await measure_nights(bench, FULL_SIZES if full else SIZES, ends, full)
        peer = measure_peer(place, templates)
    return nights, peer


async def make_templates(runtime: Runtime, copier: Copier, crossing_url: str) -> list[Template]:
    """Draw a few spas and let copies of them live through the nights of the seven phases."""
    now = datetime.now(UTC)
    drawn = [
        await draw_template(runtime, crossing_url, seed, CUSTOMERS, now, f"spa-{seed}")
        for seed in range(1, SELLERS + 1)
    ]
    nights = [sorted({back, 1}, reverse=True) for back in range(1, PHASES + 1)]
    return await make_phases(runtime, copier, drawn, nights)


async def measure_nights(
    bench: Bench, sizes: Sequence[int], ends: float, full: bool
) -> list[Night]:
    """Measure the sizes in turn; in the short form, those that end in time."""
    nights: list[Night] = []
    for size in sizes:
        if nights and full:
            announce(bench.place, nights[-1], size)
        if len(nights) > 1 and not full and time.perf_counter() + _expected(nights, size) > ends:
            print(f"{size:7,} accounts are left out: they would not end within five minutes")
            break
        nights.append(await bench.measure(size))
        print_night(nights[-1])
    return nights


def _expected(nights: Sequence[Night], size: int) -> float:
    """Return the seconds that a night of `size` will take, with its preparation."""
    last = nights[-1]
    return (last.preparing_seconds + last.wall_seconds) * size / last.accounts


def announce(place: Place, last: Night, size: int) -> None:
    """Say what the next size takes; end the bench when the disk cannot hold it."""
    hours, disk_gb = _expected([last], size) / 3600, last.disk_gb * size / last.accounts
    free_gb = shutil.disk_usage(place.folder).free / 1e9
    print(f"{size:7,} accounts: about {hours:.1f} h and {disk_gb:.0f} GB of disk", flush=True)
    if disk_gb > free_gb:
        sys.exit(f"keeper-daily: {size:,} accounts need {disk_gb:.0f} GB, {free_gb:.0f} are free")


def print_night(night: Night) -> None:
    """Print one measured night."""
    each = 1000 * night.cpu_seconds / night.accounts
    print(
        f"{night.accounts:7,} accounts {night.wall_seconds:9.1f} s wall {each:8.0f} ms CPU each "
        f"{night.per_hour:10,.0f} an hour {night.worker_mb:7.0f} MB a worker",
        flush=True,
    )
    parts = sorted(night.parts.items(), key=lambda part: -part[1])
    shares = (f"{name} {1000 * seconds / night.accounts:.0f}" for name, seconds in parts)
    print(f"{'':17}of it, in ms: {', '.join(shares)}", flush=True)


def print_result(nights: list[Night], peer: float | None) -> int:
    """Print the result and whether it is enough."""
    last = nights[-1]
    ours = last.cpu_seconds / last.accounts
    worst = max(night.worker_mb for night in nights)
    print(
        f"targets: {TARGET_PER_HOUR:,} accounts an hour on {CORES} cores, {TARGET_MB} MB a worker"
    )
    if peer:
        print(
            f"peer: {1000 * peer:.0f} ms CPU for its part of an account, {peer / ours:.2f} of ours"
        )
    print(
        f"RESULT keeper-daily accounts_per_hour={last.per_hour:.0f} mb_per_worker={worst:.0f}"
        f" exponent={exponent(nights):.3f} cpu_ms_per_account={1000 * ours:.0f}"
        f" wall_per_hour={3600 * last.accounts / last.wall_seconds:.0f} accounts={last.accounts}"
        f" peer_cpu_ms={1000 * (peer or 0):.0f} peer_ratio={(peer or 0) / ours:.2f}"
    )
    return 0 if last.per_hour >= TARGET_PER_HOUR and worst < TARGET_MB else 1


def main(argv: list[str] | None = None) -> int:
    """Run the bench, or a part of it as a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--full",
        action="store_true",
        help="100, 1,000 and 10,000 accounts: hours and tens of gigabytes, said beforehand",
    )
    parser.add_argument("--part", nargs=2, help=argparse.SUPPRESS)
    chosen = parser.parse_args(argv)
    logs.configure("bench", level="WARNING")
    # Two workers share two cores; a second thread of the linear algebra would only wait for them.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if chosen.part:
        name, urls = chosen.part[0], ServerUrls(**json.loads(chosen.part[1]))
        if name == "ticker":
            asyncio.run(tick(urls))
            return 0
        return work(urls, name)
    return print_result(*asyncio.run(measure(chosen.full)))


if __name__ == "__main__":
    sys.exit(main())
