"""From a signed Square webhook to the alert on an open page, while a night of many accounts runs.

    ./myriad bench keeper-alert [--full]

Everything is the real thing, each in a process of its own: PostgreSQL, Redis, the API, one worker
and the ticker. The night is `run_account` for a spa of the simulator, again and again, more of it
than the worker can do. A page is a client of /keeper/notices/events. A regular whom Keeper calls
lapsed pays; Square's webhook is signed and sent; a page shows "is back after … days". What passes
between sending and showing holds the webhook's row, its job, the payer's new state, the notice and
the job that tells of it.

The peer is the same engine on the same machine without classes of work: every task in one class,
the night in the same account's lane. It is not a first-in first-out queue, which the engine has no
form of: it serves a lane's tasks by turns, so alerts pass the night there as well.

Without --full it ends within five minutes: on a machine too busy for both forms the peer is left
out, and the result says that nothing was sent to it (one_class_sent=0).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import time
from dataclasses import replace

import psycopg
from job_peers.harness import running_place
from job_peers.myriad_peer import database_settings
from keeper_alert_client import Waits, measure_alerts
from keeper_alert_world import (
    KEY,
    ONE_QUEUE,
    SLOTS,
    World,
    enqueue_night,
    make_world,
    serving,
    wait_until_busy,
)

from myriad.apps import worker as worker_app
from myriad.apps.products import PRODUCTS, migration_locations
from myriad.products.keeper.notify import raising
from myriad.products.keeper.settings import KeeperSettings
from myriad.scale.data.migrations import upgrade
from myriad.scale.embedded.files import free_port
from myriad.scale.jobs.registry import REGISTRY
from myriad.scale.observe import logs
from myriad.scale.runtime import open_runtime
from myriad.scale.vault import Vault

TARGET_SECONDS = 5.0
# The default form ends within five minutes; what the first form leaves of them is the peer's.
BUDGET_SECONDS = 280.0
STARTING_SECONDS = 40.0


async def measure_form(
    world: World, *, one_queue: bool, people: list[str], runs: int, limit: float
) -> Waits:
    """Run one form from empty queues; wait `limit` seconds for the alerts that are late."""
    with psycopg.connect(world.place.urls.database_url, autocommit=True) as owner:
        owner.execute("TRUNCATE platform.job, platform.job_pack CASCADE")
        owner.execute("DELETE FROM platform.job_task")
    port = free_port()
    # A lane goes by the number of the task and then by age; the night is named first, so that what
    # comes after it waits behind all of it, as in any first-in first-out queue.
    await enqueue_night(world, runs, one_queue=one_queue)
    with serving(world, port, one_queue=one_queue):
        await wait_until_busy(world, "one_class" if one_queue else "classes")
        each = 0.2 if one_queue else 1.0
        return await measure_alerts(world, port, people, each=each, limit=limit)


async def measure(full: bool) -> tuple[Waits, Waits]:
    """Measure both forms on one set of servers."""
    accounts, alerts, few = (8, 60, 10) if full else (2, 20, 4)
    ends = time.monotonic() + BUDGET_SECONDS * (4 if full else 1)
    with running_place() as place:
        upgrade(place.urls.database_url, migration_locations())
        settings = KeeperSettings()
        async with open_runtime(
            process="bench",
            database=database_settings(place.urls),
            broker_url=place.urls.broker_url,
            cache_url=place.urls.cache_url,
            vault=Vault(KEY),
            settings=[settings],
        ) as runtime:
            world = await make_world(place, runtime, accounts)
            print(f"{accounts} accounts have their night, {len(world.people)} people are away")
            mine, theirs = world.people[:alerts], world.people[alerts : alerts + few]
            if len(theirs) < 1:
                mine, theirs = world.people[: -few or None], world.people[-few:]
            ours = await measure_form(world, one_queue=False, people=mine, runs=400, limit=30.0)
            left = ends - time.monotonic() - STARTING_SECONDS
            if left < TARGET_SECONDS:
                print("the machine is too busy: no time is left for the peer", flush=True)
                return ours, Waits([], 0, 0.0, 0, 0)
            one_class = await measure_form(
                world, one_queue=True, people=theirs, runs=60, limit=min(60.0, left)
            )
    return ours, one_class


def print_waits(name: str, waits: Waits) -> None:
    """Print one form."""
    known = waits.seconds or [waits.limit]
    print(
        f"{name:34} p50 {statistics.median(known):7.2f} s  p95 {waits.p95:7.2f} s  "
        f"{len(waits.seconds)} of {waits.sent} alerts, {waits.ahead} jobs of the night ahead, "
        f"{waits.left} left",
        flush=True,
    )


def print_result(ours: Waits, one_class: Waits) -> int:
    """Print the result and whether it is enough."""
    print_waits("classes of work", ours)
    print_waits("one class of work, one lane", one_class)
    print(
        f"target: p95 under {TARGET_SECONDS:.0f} s; an alert that did not come counts as the limit"
    )
    print(
        f"RESULT keeper-alert p95_seconds={ours.p95:.2f} p50_seconds="
        f"{statistics.median(ours.seconds or [ours.limit]):.2f} alerts={len(ours.seconds)}"
        f" sent={ours.sent} night_left={ours.left} one_class_p95_seconds={one_class.p95:.2f}"
        f" one_class_alerts={len(one_class.seconds)} one_class_sent={one_class.sent}"
    )
    is_busy = ours.left > SLOTS
    return 0 if ours.p95 < TARGET_SECONDS and len(ours.seconds) == ours.sent and is_busy else 1


def work() -> int:
    """Be the worker; in the peer's form every task is of one class."""
    if os.environ.get(ONE_QUEUE):
        for product in PRODUCTS:
            product.load_tasks()
        known = REGISTRY._tasks  # noqa: SLF001 - the peer's form changes what tasks declare
        for name, each in known.items():
            known[name] = replace(each, job_class="default")
        raising._CLASSES.update(dict.fromkeys(raising._CLASSES, "default"))  # noqa: SLF001
    return worker_app.main()


def main(argv: list[str] | None = None) -> int:
    """Run the bench, or a part of it as a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="more accounts, more alerts")
    parser.add_argument("--part", help=argparse.SUPPRESS)
    chosen = parser.parse_args(argv)
    if chosen.part == "worker":
        return work()
    logs.configure("bench", level="WARNING")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    return print_result(*asyncio.run(measure(chosen.full)))


if __name__ == "__main__":
    sys.exit(main())
