"""A first sync of 3,000 payments and 500 customers, with 5 % refusals and five `kill -9`.

The simulator and the sync are processes of their own; the sync is killed at even shares of the way
and started again. Its end state must equal, row by row, that of an undisturbed sync of another
tenant, and its totals the purchase log, to the cent. Seconds are those in which a sync process was
at work: from its start of work to its death or end; starting Python again is shown apart.

The peer is a plain sync with Square's SDK: serial, the SDK's retries, no stored cursor. It is
spared the empty pages that Myriad meets, because the SDK's iterators end at one. By default
it is not killed, which favours it, and stopped after two minutes; --full kills it as often.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from keeper_sync_child import open_bench_runtime
from keeper_sync_tables import Tables

from myriad.apps.products import migration_locations
from myriad.kit.ids import new_id
from myriad.products.keeper.settings import KeeperSettings
from myriad.products.keeper.square import oauth
from myriad.scale.data.migrations import upgrade
from myriad.scale.embedded.files import free_port
from myriad.scale.embedded.servers import running_servers
from myriad.scale.observe import logs
from myriad.scale.tenancy import TenantId

HERE = Path(__file__).resolve().parent
CUSTOMERS, PAYMENTS, KILLS = 500, 3000, 5
ROWS = CUSTOMERS + 2 * PAYMENTS
REDIRECT = "http://127.0.0.1/callback"
TARGET_SECONDS = 20.0
PEER_SECONDS = 120.0
ENDS = {0: "ended", -9: "was killed"}


def write_log(path: Path, seed: int = 7) -> dict[date, int]:
    """Write a purchase log that ends today; return the cents of each day."""
    dice, today = random.Random(seed), datetime.now(UTC).date()
    days: dict[date, int] = {}
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["customer_id", "date", "quantity", "amount"])
        for number in range(PAYMENTS):
            day = today - timedelta(days=dice.randrange(1, 360))
            cents = dice.randrange(500, 25_000)
            days[day] = days.get(day, 0) + cents
            customer = f"C{number % CUSTOMERS:04d}"
            writer.writerow([customer, day.isoformat(), dice.randrange(1, 4), cents / 100])
    return days


@contextmanager
def running_simulator(log: Path) -> Iterator[str]:
    """Run the simulator as a process of its own and yield its address."""
    port = free_port()
    command = [sys.executable, "-m", "myriad.products.keeper.square.simulator", "--quiet"]
    process = subprocess.Popen([*command, "--purchases", str(log), "--port", str(port)])
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: is_up(url), "the simulator")
        yield url
    finally:
        process.terminate()
        process.wait(10)


def is_up(url: str) -> bool:
    """Say whether the simulator answers."""
    try:
        return httpx.get(f"{url}/_control/state", trust_env=False, timeout=5).is_success
    except httpx.HTTPError:
        return False


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    """Poll until the condition holds, or give up with words."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            sys.exit(f"keeper-sync: gave up waiting for {what}")
        time.sleep(0.02)


def set_faults(url: str, share: float, **more: float) -> None:
    """Let this share of requests be refused with 429."""
    body = {"rate_429": share, "seed": 11, **more}
    httpx.post(f"{url}/_control/faults", json=body, trust_env=False).raise_for_status()


@dataclass
class Run:
    """One sync, over all its lives: seconds at work, seconds by the wall, kills."""

    work_seconds: float = 0.0
    wall_seconds: float = 0.0
    kills: int = 0
    report: dict[str, Any] = field(default_factory=dict)


def sync_until_done(
    script: str, task: dict[str, Any], kill_at: list[int], rows: Callable[[], int] | None = None
) -> Run:
    """Start `script` again and again, killing it when `rows` reaches each mark."""
    run, began, marks = Run(), time.perf_counter(), list(kill_at)
    while not run.report:
        process = subprocess.Popen(
            [sys.executable, str(HERE / script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdin is not None
        process.stdin.write(json.dumps(task) + "\n")
        process.stdin.flush()
        live_once(process, run, marks, rows)
    run.wall_seconds = time.perf_counter() - began
    return run


def live_once(
    process: subprocess.Popen[str], run: Run, marks: list[int], rows: Callable[[], int] | None
) -> None:
    """Let one process work until it ends or the next mark is reached."""
    assert process.stdout is not None
    if process.stdout.readline().strip() != "ready":
        sys.exit("keeper-sync: a sync process did not start")
    began = time.perf_counter()
    if marks and reach_mark(process, marks[0], rows):
        process.kill()
        marks.pop(0)
        run.kills += 1
    text = process.stdout.read()
    if process.wait() not in ENDS:
        sys.exit("keeper-sync: a sync process failed; see above")
    lived = time.perf_counter() - began
    run.work_seconds += lived
    print(f"  a process worked for {lived:.2f} s and {ENDS[process.returncode]}")
    if process.returncode == 0:
        run.report = json.loads(text.strip().splitlines()[-1])


def reach_mark(process: subprocess.Popen[str], mark: int, rows: Callable[[], int] | None) -> bool:
    """Wait until so many rows were read; False when the process ended before.

    Without `rows` the process tells by itself, in lines `rows N`.
    """
    if rows is not None:
        while process.poll() is None and rows() < mark:
            time.sleep(0.01)
        return process.poll() is None
    assert process.stdout is not None
    told = (line for line in process.stdout if line.startswith("rows "))
    return any(int(line.split()[1]) >= mark for line in told)


async def connect(urls: dict[str, str], square_url: str, name: str) -> str:
    """Open a tenant and connect it through OAuth; return its id."""
    tenant_id = TenantId(new_id())
    async with open_bench_runtime(urls, square_url) as runtime:
        async with runtime.database.crossing("bench makes a tenant") as session:
            connection = await session.connection()
            await connection.exec_driver_sql(
                "INSERT INTO platform.tenant (id, slug, name, timezone)"
                " VALUES (%s, %s, %s, 'America/New_York')",
                (tenant_id, name, name),
            )
        settings = runtime.settings_of(KeeperSettings)
        consent = oauth.start(settings, runtime.vault, bound_to="bench", redirect_uri=REDIRECT)
        async with httpx.AsyncClient(trust_env=False) as http:
            answer = await http.get(consent + "&auto=1")
        given = parse_qs(urlsplit(answer.headers["location"]).query)
        async with runtime.database.session(tenant_id) as session:
            await oauth.callback(
                session,
                runtime,
                code=given["code"][0],
                state=given["state"][0],
                bound_to="bench",
                redirect_uri=REDIRECT,
            )
    return str(tenant_id)


def naive_task(square_url: str, folder: Path) -> dict[str, Any]:
    """Return the peer's task: a token, the location, a year."""
    ids = {
        "client_id": "sandbox-sq0idb-myriad-simulator",
        "client_secret": "sandbox-sq0csb-myriad-simulator",
    }
    query = f"client_id={ids['client_id']}&auto=1&redirect_uri={REDIRECT}&scope="
    answer = httpx.get(
        f"{square_url}/oauth2/authorize?{query}{'+'.join(oauth.SCOPES)}", trust_env=False
    )
    code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
    body = ids | {"grant_type": "authorization_code", "code": code}
    given = httpx.post(f"{square_url}/oauth2/token", json=body, trust_env=False).json()
    headers = {"Authorization": f"Bearer {given['access_token']}"}
    places = httpx.get(f"{square_url}/v2/locations", headers=headers, trust_env=False).json()
    now = datetime.now(UTC)
    return {
        "token": given["access_token"],
        "square_url": square_url,
        "location": places["locations"][0]["id"],
        "begin": (now - timedelta(days=365)).isoformat(),
        "end": now.isoformat(),
        "path": str(folder / "naive.sqlite"),
    }


def print_table(ours: Run, calm: Run, peer: Run) -> None:
    """Print what was measured."""
    print(f"{'':34}{'work s':>10}{'wall s':>10}{'kills':>7}")
    rows = (("Myriad, 5 % 429, killed", ours), ("Myriad, undisturbed", calm), ("naive SDK", peer))
    for name, run in rows:
        print(f"{name:34}{run.work_seconds:10.2f}{run.wall_seconds:10.2f}{run.kills:7d}")


def measure(full: bool, folder: Path) -> int:
    """Run everything; return 1 when an end state or a cent is wrong."""
    log = folder / "purchases.csv"
    days = write_log(log)
    marks = [ROWS * (number + 1) // (KILLS + 1) for number in range(KILLS)]
    logs.configure("bench", level="WARNING")
    with running_servers(folder / "home") as servers, running_simulator(log) as square_url:
        upgrade(servers.database_url, migration_locations())
        urls = {name: str(value) for name, value in asdict(servers).items()}
        calm_id = asyncio.run(connect(urls, square_url, "calm"))
        stormy_id = asyncio.run(connect(urls, square_url, "stormy"))
        tables = Tables(servers.crossing_url)
        task = {"urls": urls, "square_url": square_url}
        calm = sync_until_done("keeper_sync_child.py", task | {"tenant_id": calm_id}, [])
        set_faults(square_url, 0.05)
        ours = sync_until_done(
            "keeper_sync_child.py",
            task | {"tenant_id": stormy_id},
            marks,
            lambda: tables.read_rows(stormy_id),
        )
        set_faults(square_url, 0.05, empty_pages=0.0)
        peer_marks = marks if full else []
        peer_task = naive_task(square_url, folder) | {
            "give_up_seconds": 0 if full else PEER_SECONDS
        }
        peer = sync_until_done("keeper_sync_naive.py", peer_task, peer_marks)
        is_same = tables.digest(calm_id) == tables.digest(stormy_id)
        cents_off = tables.cents_off(stormy_id, days)
    print_table(ours, calm, peer)
    print(f"same end state: {'yes' if is_same else 'NO'}; target: {TARGET_SECONDS:.0f} s of work")
    print(
        f"RESULT keeper-sync seconds={ours.work_seconds:.2f} cents_off={cents_off}"
        f" kills={ours.kills} same_state={int(is_same)} calm_seconds={calm.work_seconds:.2f}"
        f" peer_seconds={peer.work_seconds:.2f} peer_kills={peer.kills}"
        f" peer_share={peer.report['rows'] / ROWS:.2f}"
        f" ratio={ours.work_seconds / peer.work_seconds:.3f}"
    )
    return 0 if is_same and cents_off == 0 and ours.kills == KILLS else 1


def main(argv: list[str] | None = None) -> int:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="kill the peer five times as well")
    chosen = parser.parse_args(argv)
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    with tempfile.TemporaryDirectory(prefix="keeper sync ") as folder:
        return measure(chosen.full, Path(folder))


if __name__ == "__main__":
    sys.exit(main())
