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
minutes are left out, at least two stay. `--full` works through 100, 1,000 and 10,000 accounts, says
beforehand how many hours and gigabytes each takes, and leaves out what the disk cannot hold.

The peer does, in its own environment, a part of one agent's work as most people would write it:
pandas reads the account's payments and counts them by day, `lifetimes` fits BG/NBD and
gamma-gamma, and a loop over the customers asks for each one's numbers. It reads no profiles, links
nothing, tests no day, and writes one table.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from cpu_meter import Meter
from job_peers.harness import Place, running_place
from keeper_accounts import Copier, Template, draw_template, make_phases
from keeper_daily_night import CORES, PHASES, Bench, Night
from keeper_daily_workers import open_bench_runtime, workers
from peers import PeerUnavailableError, peer_python

from myriad.apps.products import migration_locations
from myriad.scale.data.migrations import upgrade
from myriad.scale.observe import logs
from myriad.scale.runtime import Runtime

HERE = Path(__file__).resolve().parent
CUSTOMERS = 300
SELLERS = 3
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
        if nights and full and not fits(bench.place, nights[-1], size):
            break
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


def fits(place: Place, last: Night, size: int) -> bool:
    """Say what the next size takes, and whether the disk can hold it."""
    hours, disk_gb = _expected([last], size) / 3600, last.disk_gb * size / last.accounts
    free_gb = shutil.disk_usage(place.folder).free / 1e9
    print(f"{size:7,} accounts: about {hours:.1f} h and {disk_gb:.0f} GB of disk", flush=True)
    if disk_gb > free_gb:
        print(f"{size:7,} accounts are left out: {free_gb:.0f} GB of disk are free", flush=True)
    return disk_gb <= free_gb


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
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--full",
        action="store_true",
        help="100, 1,000 and 10,000 accounts: hours and tens of gigabytes, said beforehand",
    )
    chosen = parser.parse_args(argv)
    logs.configure("bench", level="WARNING")
    # Two workers share two cores; a second thread of the linear algebra would only wait for them.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    return print_result(*asyncio.run(measure(chosen.full)))


if __name__ == "__main__":
    sys.exit(main())
