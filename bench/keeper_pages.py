"""How quickly the Today and Customers pages come when there are 10,000 accounts.

    ./myriad bench keeper-pages [--full]

The accounts are of keeper_pages_world.py: by default 100 whole spas with some 300 customers, 9,899
small ones and one largest with 20,000 customers and 200,000 payments; with --full 600 are whole. A
table says how much of what there is: copies have only the tables that the two screens and the peer
read, and no write-ahead log. The API is what `./myriad up` starts with
MYRIAD_HTTP__PROCESSES=2; every account has an owner with a session of its own. The servers and the
client (keeper_pages_client.py) share the machine's cores.

Fifty requests a second go out at fixed times whether or not earlier ones have been answered, and a
request's time counts from when it was due: a page that stalls is felt by all that come after it.
Each has a connection of its own. Half of the requests are for Today, half for Customers; half are of
whole accounts, half of small ones, and one in fifty is the largest's. What comes in the first
seconds warms up and is not counted. Then the largest account's tasks and reports are made by their
agents, and timed.

The peer makes the same two views as object mappers are mostly used: SQLAlchemy's ORM loads the
account's people, payments and visits as objects, Python adds them up, and what belongs to a shown
row is loaded when the row is reached. Both are timed in one process, account by account in turn,
without HTTP and without templates.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from cpu_meter import Meter
from job_peers.harness import Place, running, running_place, tail
from job_peers.myriad_peer import database_settings
from keeper_pages_client import Ask, send
from keeper_pages_orm import customers_by_objects, today_by_objects
from keeper_pages_world import Size, World, make_world, print_tables

from myriad.apps.cli.environment import variables
from myriad.apps.products import migration_locations
from myriad.products.keeper.agents import analysis
from myriad.products.keeper.agents.context import AgentContext
from myriad.products.keeper.agents.measures import Columns
from myriad.products.keeper.repository.customers import list_customers
from myriad.products.keeper.repository.sql import fetch_text
from myriad.products.keeper.repository.today import get_today
from myriad.products.keeper.runs import open_context, run_one
from myriad.products.keeper.settings import KeeperSettings
from myriad.products.keeper.views import CustomerFilter
from myriad.scale.data import ReadSession
from myriad.scale.data.migrations import upgrade
from myriad.scale.embedded.files import free_port
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.observe import logs
from myriad.scale.runtime import Runtime, open_runtime
from myriad.scale.tenancy import TenantId
from myriad.scale.vault import Vault

DEFAULT, FULL = Size(whole=100, small=9_899), Size(whole=600, small=9_399)
PER_SECOND, SECONDS, WARM_SECONDS = 50, 20, 8
LARGEST_EVERY = 50
PROCESSES, SERVES = 2, '"health": "ready"'
COMPARED = 20
TARGETS = {"today": 100.0, "customers": 100.0, "report": 10.0, "tasks": 5.0}
View = Callable[[ReadSession], Awaitable[object]]
PAGES = {"today": "/keeper/today", "customers": "/keeper/customers"}
VIEWS: dict[str, tuple[View, View]] = {
    "today": (get_today, today_by_objects),
    "customers": (lambda session: list_customers(session, CustomerFilter()), customers_by_objects),
}


@dataclass(frozen=True, slots=True)
class Load:
    """Milliseconds of each page from when it was due, how many failed, and CPU per request.

    `cpu_ms` is of the API and the servers behind it, `client_cpu_ms` of the client.
    """

    taken: dict[str, list[float]]
    errors: int
    cpu_ms: float
    client_cpu_ms: float

    def p95(self, page: str) -> float:
        """The 95th percentile of a page."""
        return percentile(self.taken[page], 0.95)


@dataclass(frozen=True, slots=True)
class Found:
    """What was measured: the pages, the largest account, and medians of views with their peer's."""

    load: Load
    report_seconds: float
    tasks_seconds: float
    views: dict[str, tuple[float, float]]

    @property
    def measured(self) -> dict[str, float]:
        """What the targets are about, by their names."""
        pages = {page: self.load.p95(page) for page in PAGES}
        return {**pages, "report": self.report_seconds, "tasks": self.tasks_seconds}


def percentile(values: list[float], share: float) -> float:
    """The value that `share` of all do not exceed: one of them, never between two."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def requests_of(world: World, count: int) -> list[Ask]:
    """Draw the pages and session tokens of `count` requests."""
    dice = random.Random(5)
    kinds = [list(world.whole.values()), list(world.small.values())]
    largest = world.largest[world.largest_id]
    asked = []
    for number in range(count):
        page = dice.choice(list(PAGES))
        token = largest if number % LARGEST_EVERY == 0 else dice.choice(kinds[number % 2])
        asked.append(Ask(page, PAGES[page], token))
    return asked


def load_pages(url: str, world: World) -> Load:
    """Warm up, then measure."""
    asked = requests_of(world, PER_SECOND * (WARM_SECONDS + SECONDS))
    warm = PER_SECOND * WARM_SECONDS
    send(url, asked[:warm], PER_SECOND)
    meter = Meter()
    before = meter.read()
    sent = send(url, asked[warm:], PER_SECOND)
    cpu_ms = 1000 * (meter.read() - before) / len(sent.taken)
    taken = {page: [ms for name, ms in sent.taken if name == page] for page in PAGES}
    return Load(taken, sent.errors, cpu_ms, sent.cpu_ms)


async def time_largest(runtime: Runtime, largest: TenantId) -> tuple[float, float]:
    """Return the seconds of the report agent and of making tasks for the largest account."""
    await run_one(runtime, largest, "data", None, again=True)
    began = time.perf_counter()
    report = await run_one(runtime, largest, "report", None, again=True)
    report_seconds = time.perf_counter() - began
    if report.state != "ok":
        sys.exit(f"keeper-pages: the report of the largest account ended {report}")
    context = await open_context(runtime, largest)
    began = time.perf_counter()
    await make_tasks(context)
    return report_seconds, time.perf_counter() - began


async def make_tasks(context: AgentContext) -> None:
    """Choose and store the day's tasks from the stored numbers, as the analysis agent does."""
    sql = "SELECT * FROM keeper.person_metrics WHERE business_date = %(day)s"
    async with context.writing() as session:
        rows = await fetch_text(session, sql, {"day": context.day})
        columns: Columns = {name: [row[name] for row in rows] for name in rows[0]}
        columns["value_at_risk"] = np.array(columns["value_at_risk"], dtype=float)
        await analysis.make_tasks(session, context, columns, context.account.currency)


async def time_views(runtime: Runtime, world: World) -> dict[str, tuple[float, float]]:
    """Return the median milliseconds of each view, ours and by objects, over the same accounts."""
    found: dict[str, tuple[float, float]] = {}
    accounts = [TenantId(tenant) for tenant in list(world.whole)[: COMPARED + 2]]
    for page, makers in VIEWS.items():
        taken: tuple[list[float], list[float]] = ([], [])
        for tenant in accounts:
            for make, times in zip(makers, taken, strict=True):
                async with runtime.database.read_session(tenant) as session:
                    began = time.perf_counter()
                    await make(session)
                    times.append(1000 * (time.perf_counter() - began))
        # The first two pay for what is prepared once.
        ours, theirs = (percentile(times[2:], 0.5) for times in taken)
        found[page] = (ours, theirs)
    return found


def open_bench_runtime(urls: ServerUrls) -> AbstractAsyncContextManager[Runtime]:
    """Open a runtime on the bench's servers."""
    return open_runtime(
        process="bench",
        database=database_settings(urls),
        broker_url=urls.broker_url,
        cache_url=urls.cache_url,
        vault=Vault(bytes(32)),
        settings=[KeeperSettings()],
    )


def count_serving(log: Path) -> int:
    """Return how many processes of the API have said that they serve."""
    return log.read_text(errors="replace").count(SERVES) if log.exists() else 0


async def wait_for_api(log: Path, api: subprocess.Popen[bytes]) -> None:
    """Wait until every process serves, for as long as the API lives, at most five minutes."""
    for _ in range(1500):
        if count_serving(log) >= PROCESSES:
            return
        if api.poll() is not None:
            break
        await asyncio.sleep(0.2)
    sys.exit(f"keeper-pages: the API did not start:\n{tail(log)}")


async def measure(place: Place, size: Size) -> Found:
    """Make the accounts, then measure the pages and the largest account."""
    urls = place.urls
    upgrade(urls.database_url, migration_locations())
    port = free_port()
    url, log = f"http://127.0.0.1:{port}", place.log_of("api")
    environment = {
        key: value
        for key, value in variables(place.folder / "home", urls).items()
        if key.startswith(("MYRIAD_", "MALLOC_"))
    } | {"MYRIAD_HTTP__PROCESSES": str(PROCESSES)}
    command: list[str | Path] = [sys.executable, "-m", "myriad.apps.serve", "--port", str(port)]
    async with open_bench_runtime(urls) as runtime:
        world = await make_world(runtime, urls, size)
        print(f"{size.accounts:,} accounts made in {world.seconds:.0f} s", flush=True)
        print_tables(urls.database_url)
        with running(command, log, environment) as api:
            await wait_for_api(log, api)
            load = await asyncio.to_thread(load_pages, url, world)
        views = await time_views(runtime, world)
        report, tasks = await time_largest(runtime, TenantId(world.largest_id))
    return Found(load, report, tasks, views)


def print_result(found: Found, size: Size) -> int:
    """Print what was found and say whether it is enough."""
    for page, values in found.load.taken.items():
        shares = " ".join(f"p{s * 100:.0f} {percentile(values, s):.1f}" for s in (0.5, 0.95, 0.99))
        print(f"{page:12} {len(values):5} requests  {shares}  slowest {max(values):.1f} ms")
    for page, (ours, objects) in found.views.items():
        print(f"{page:12} view {ours:.1f} ms, by objects {objects:.1f} ms (medians)")
    missed = [name for name, bound in TARGETS.items() if found.measured[name] >= bound]
    print(f"targets: {TARGETS} at {PER_SECOND} requests/s; missed: {missed or 'none'}")
    facts = {f"{page}_p95_ms": found.load.p95(page) for page in PAGES}
    facts |= {k: v for k, v in asdict(found).items() if k.endswith("_seconds")}
    facts |= {"accounts": size.accounts, "requests_per_s": PER_SECOND, "errors": found.load.errors}
    facts |= {"cpu_ms_per_request": found.load.cpu_ms, "api_processes": PROCESSES}
    facts |= {"client_cpu_ms_per_request": found.load.client_cpu_ms}
    for page, (ours, objects) in found.views.items():
        facts |= {f"{page}_view_ms": ours, f"{page}_objects_ms": objects}
    print("RESULT keeper-pages " + " ".join(f"{k}={round(v, 2):g}" for k, v in facts.items()))
    return 1 if missed or found.load.errors else 0


def main(argv: list[str] | None = None) -> int:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="600 whole accounts")
    parser.add_argument("--accounts", type=int, help="so many, one in a hundred of them whole")
    chosen = parser.parse_args(argv)
    size = FULL if chosen.full else DEFAULT
    if chosen.accounts:
        whole = max(COMPARED + 2, chosen.accounts // 100)
        size = Size(whole, max(1, chosen.accounts - whole - 1))
    logs.configure("bench", level="ERROR")
    with running_place() as place:
        return print_result(asyncio.run(measure(place, size)), size)


if __name__ == "__main__":
    sys.exit(main())
