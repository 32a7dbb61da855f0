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
import base64
import contextlib
import json
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psycopg
from job_peers.harness import Place, running, running_place
from job_peers.myriad_peer import database_settings
from keeper_accounts import make_templates

from myriad.apps import worker as worker_app
from myriad.apps.products import PRODUCTS, migration_locations
from myriad.kit.ids import new_id
from myriad.products.keeper.notify import raising
from myriad.products.keeper.runs import run_account
from myriad.products.keeper.settings import KeeperSettings
from myriad.products.keeper.square.webhooks import SIGNATURE_HEADER, sign
from myriad.scale.data.migrations import upgrade
from myriad.scale.directory import Role, issue_api_key
from myriad.scale.embedded.files import free_port
from myriad.scale.jobs import Job, enqueue_many, task
from myriad.scale.jobs.registry import REGISTRY
from myriad.scale.observe import logs
from myriad.scale.runtime import Runtime, open_runtime
from myriad.scale.tenancy import TenantId
from myriad.scale.vault import Vault

NIGHT_TASK = "bench.night.run"
SLOTS = 4
CUSTOMERS = 90
TARGET_SECONDS = 5.0
# The default form ends within five minutes; what the first form leaves of them is the peer's.
BUDGET_SECONDS = 280.0
STARTING_SECONDS = 40.0
KEY, HOOK_KEY = bytes(range(32)), "bench-webhook-key"
MERCHANT, ONE_QUEUE = "BENCH-MERCHANT", "KEEPER_ALERT_ONE_QUEUE"
_AWAY = """
SELECT DISTINCT ON (m.person_id) m.person_id, c.ext_id FROM keeper.person_metrics m
JOIN keeper.customer c ON c.tenant_id = m.tenant_id AND c.person_id = m.person_id
WHERE m.tenant_id = %s AND m.state IN ('slowing', 'likely_lapsed', 'lapsed')
    AND m.business_date = (SELECT business_date FROM keeper.account WHERE tenant_id = %s)
"""
_CONNECTION = """
INSERT INTO keeper.connection (tenant_id, merchant_id, base_url, status)
VALUES (%s, %s, 'http://127.0.0.1:1', 'active')
"""
_LIVE = """
SELECT (SELECT count(*) FROM platform.job WHERE state IN ('queued', 'dispatched', 'running'))
    + (SELECT coalesce(sum(size - taken), 0) FROM platform.job_pack)
    + (SELECT coalesce(sum(jobs), 0) FROM platform.job_slice)
"""
# From 20 on they would be a pack, which goes after single jobs.
_AT_ONCE = 19


@task(NIGHT_TASK, job_class="low", max_attempts=3, timeout_seconds=600)
async def night(job: Job, payload: dict[str, Any]) -> None:
    """Run every agent of an account again."""
    await run_account(job.runtime, TenantId(UUID(payload["tenant"])), again=True)


@dataclass(frozen=True)
class World:
    """The servers, the account whose page is open, and how many people may come back."""

    place: Place
    runtime: Runtime
    tenant: TenantId
    others: list[TenantId]
    key: str
    location: str
    people: list[str]

    def environment(self, port: int, *, one_queue: bool) -> dict[str, str]:
        """Return the settings of every process."""
        urls = self.place.urls
        return {
            "MYRIAD_HOME": str(self.place.folder / "home"),
            "MYRIAD_DATABASE__URL": urls.database_url,
            "MYRIAD_DATABASE__APP_URL": urls.app_url,
            "MYRIAD_DATABASE__CROSSING_URL": urls.crossing_url,
            "MYRIAD_REDIS__BROKER_URL": urls.broker_url,
            "MYRIAD_REDIS__CACHE_URL": urls.cache_url,
            "MYRIAD_SECRETS__KEY": base64.b64encode(KEY).decode(),
            "MYRIAD_WORKER__SLOTS": str(SLOTS),
            "MYRIAD_KEEPER__SQUARE_WEBHOOK_KEY": HOOK_KEY,
            "MYRIAD_KEEPER__SQUARE_WEBHOOK_URL": hook_url(port),
            "OPENBLAS_NUM_THREADS": "1",
            ONE_QUEUE: "yes" if one_queue else "",
        }


def hook_url(port: int) -> str:
    """Return where Square sends its webhooks."""
    return f"http://127.0.0.1:{port}/api/v1/keeper/webhooks/square"


@dataclass
class Waits:
    """Seconds from webhook to page, and how much of the night was waiting at the first and last."""

    seconds: list[float]
    sent: int
    limit: float
    ahead: int
    left: int

    @property
    def p95(self) -> float:
        """The 95th percentile; an alert that did not come within the limit counts as the limit."""
        known = sorted([*self.seconds, *[self.limit] * (self.sent - len(self.seconds))])
        if not known:
            return 0.0
        return known[min(len(known) - 1, int(0.95 * len(known)))]


@contextlib.contextmanager
def serving(world: World, port: int, *, one_queue: bool) -> Iterator[None]:
    """Run the API, the worker and the ticker while the block lasts."""
    place, settings = world.place, world.environment(port, one_queue=one_queue)
    here, name = str(Path(__file__).resolve()), "one_class" if one_queue else "classes"
    api = [sys.executable, "-m", "uvicorn", "--factory", "myriad.apps.api:create_app"]
    commands: dict[str, list[str | Path]] = {
        "api": [*api, "--port", str(port), "--log-level", "warning"],
        "ticker": [sys.executable, "-m", "myriad.apps.ticker"],
        "worker": [sys.executable, here, "--part", "worker"],
    }
    with contextlib.ExitStack() as stack:
        for part, command in commands.items():
            stack.enter_context(running(command, place.log_of(f"{name}-{part}"), settings))
        wait_until_up(port, place.log_of(f"{name}-api"))
        yield


def wait_until_up(port: int, log: Path, seconds: float = 120.0) -> None:
    """Wait for the API's first answer, or end with the last of its log."""
    ends = time.monotonic() + seconds
    while True:
        with contextlib.suppress(httpx.HTTPError):
            address = f"http://127.0.0.1:{port}/livez"
            if httpx.get(address, trust_env=False, timeout=5).is_success:
                return
        if time.monotonic() > ends:
            sys.exit(f"keeper-alert: the API does not answer: {log.read_text()[-2000:]}")
        time.sleep(0.2)


def payment_event(world: World, customer: str) -> tuple[str, bytes]:
    """Return the payment's id and Square's webhook body for somebody who pays now."""
    now, payment_id = datetime.now(UTC), f"pay-{new_id()}"
    payment = {
        "id": payment_id,
        "status": "COMPLETED",
        "customer_id": customer,
        "location_id": world.location,
        "amount_money": {"amount": 8400, "currency": "USD"},
        "total_money": {"amount": 8400, "currency": "USD"},
        "created_at": now.isoformat(),
        "updated_at": now.isoformat(),
        "version": 1,
    }
    event = {
        "merchant_id": MERCHANT,
        "type": "payment.created",
        "event_id": str(new_id()),
        "created_at": now.isoformat(),
        "data": {"type": "payment", "id": payment_id, "object": {"payment": payment}},
    }
    return payment_id, json.dumps(event).encode()


async def page(client: httpx.AsyncClient, world: World) -> AsyncIterator[dict[str, Any]]:
    """Keep a page open and yield every alert that it shows."""
    headers = {"Authorization": f"Bearer {world.key}"}
    path = "/keeper/notices/events?seconds=600"
    async with client.stream("GET", path, headers=headers, timeout=None) as answer:
        answer.raise_for_status()
        kind = ""
        async for line in answer.aiter_lines():
            name, _, value = line.partition(": ")
            kind = value if name == "event" else kind
            if name == "data" and kind in ("alert", "alerts"):
                yield {"kind": kind, **json.loads(value)}


async def measure_alerts(
    world: World, port: int, people: list[str], *, each: float, limit: float
) -> Waits:
    """Send a webhook for each of the people, `each` seconds apart, and wait for their alerts."""
    hook, sent, shown = hook_url(port), dict[str, float](), list[float]()
    ready, done = asyncio.Event(), asyncio.Event()
    ahead = live_jobs(world)
    base = f"http://127.0.0.1:{port}"
    async with httpx.AsyncClient(base_url=base, trust_env=False, timeout=60) as client:

        async def watch() -> None:
            async for event in page(client, world):
                ready.set()
                person = str(event.get("href", "")).rsplit("/", 1)[-1]
                if event["kind"] == "alert" and person in sent:
                    shown.append(time.perf_counter() - sent.pop(person))
                    if len(shown) == len(people):
                        done.set()

        watcher = asyncio.create_task(watch())
        await asyncio.wait_for(ready.wait(), 60)
        for person, customer in (one.split("|") for one in people):
            _, body = payment_event(world, customer)
            sent[person] = time.perf_counter()
            headers = {
                SIGNATURE_HEADER: sign(body, key=HOOK_KEY, url=hook),
                "Content-Type": "application/json",
            }
            (await client.post(hook, content=body, headers=headers)).raise_for_status()
            await asyncio.sleep(each)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(done.wait(), limit)
        watcher.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watcher
    return Waits(shown, len(people), limit, ahead, live_jobs(world))


def live_jobs(world: World) -> int:
    """Return how many jobs are due or under way."""
    with psycopg.connect(world.place.urls.crossing_url) as connection:
        row = connection.execute(_LIVE).fetchone()
        return int(row[0]) if row else 0


async def enqueue_night(world: World, runs: int, *, one_queue: bool) -> None:
    """Queue runs of the other accounts: each in its own lane, or all in one."""
    payloads = [{"tenant": str(world.others[n % len(world.others)])} for n in range(runs)]
    lanes = {world.tenant: payloads} if one_queue else {}
    for tenant, payload in zip(world.others, payloads, strict=False) if not one_queue else ():
        lanes.setdefault(tenant, []).extend([payload] * (runs // len(world.others)))
    for tenant, mine in lanes.items():
        for first in range(0, len(mine), _AT_ONCE):
            async with world.runtime.database.session(tenant) as session:
                await enqueue_many(session, NIGHT_TASK, mine[first : first + _AT_ONCE])


async def wait_until_busy(world: World, name: str, seconds: float = 90.0) -> None:
    """Wait until the worker is at the night's work."""
    busy = "SELECT count(*) FROM platform.job WHERE state = 'running'"
    ends = time.monotonic() + seconds
    with psycopg.connect(world.place.urls.crossing_url, autocommit=True) as connection:
        while (connection.execute(busy).fetchone() or (0,))[0] < 1:
            if time.monotonic() > ends:
                log = world.place.log_of(f"{name}-worker").read_text()[-2000:]
                sys.exit(f"keeper-alert: the worker does not work: {log}")
            await asyncio.sleep(0.2)
    # What loads at first use belongs to no alert.
    await asyncio.sleep(3.0)


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


@contextlib.asynccontextmanager
async def told_planner(owner_url: str) -> AsyncIterator[None]:
    """Tell the planner every few seconds what a first load brings, as autovacuum does in time."""

    async def tell() -> None:
        async with await psycopg.AsyncConnection.connect(owner_url, autocommit=True) as owner:
            while True:
                await owner.execute("ANALYZE")
                await asyncio.sleep(3.0)

    telling = asyncio.create_task(tell())
    try:
        yield
    finally:
        telling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await telling


async def make_world(place: Place, runtime: Runtime, accounts: int) -> World:
    """Make the account whose page is open, and those whose night it is."""
    crossing = place.urls.crossing_url
    count = accounts + 1
    async with told_planner(place.urls.database_url):
        templates = await make_templates(runtime, crossing, count, CUSTOMERS, nights=lambda _: (1,))
    tenant, *others = [template.base for template in templates]
    with psycopg.connect(crossing) as connection:
        connection.execute(_CONNECTION, (tenant, MERCHANT))
        away = connection.execute(_AWAY, (tenant, tenant)).fetchall()
        row = connection.execute(
            "SELECT ext_id FROM keeper.location WHERE tenant_id = %s LIMIT 1", (tenant,)
        ).fetchone()
    async with runtime.database.session(tenant) as session:
        key = (await issue_api_key(session, tenant, name="page", role=Role.STAFF)).token
    people = [f"{person}|{customer}" for person, customer in away]
    return World(place, runtime, tenant, others, key, row[0] if row else "", people)


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
