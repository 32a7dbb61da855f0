"""A million purchases end to end: intake, mapping by rules, round-ups, ledger, sweeps, orders, lots.

    ./myriad bench kamioi-million [--full] [--total N] [--kills K]

A day of a generated programme goes through what `./myriad kamioi replay` runs, which is what the
product's jobs call: 100,000 purchases by default, --full a million, 20 of each member, strings
spread as on real cards. Banks settle two banking days later; closes are invented where none is
known; nobody analyzes tables by hand.

The run that is timed is not disturbed. A second programme of a tenth of the purchases has its
worker killed (SIGKILL) again and again in the middle of its steps, from the intake to the trade,
and started anew, until a life ends by itself. After both, everything that must hold of the money is
checked; a purchase or a round-up too few or too many, a rollup that is off and a position that the
broker sees otherwise count as errors.

The peer writes row by row, as an ORM does: for each purchase of a sample a transaction that inserts
it, reads its mapping and its owner, and inserts round-up and entries. It is the easier half: nothing
is matched, nothing is bought.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
from kamioi_million_work import FIRST, open_database, plan_of
from rich.console import Console
from rich.table import Table

from myriad.apps.products import migration_locations
from myriad.products.kamioi.facts.importing import import_brands
from myriad.products.kamioi.mapping.normalising import normalize
from myriad.scale.data.migrations import upgrade
from myriad.scale.directory import create_tenant
from myriad.scale.embedded.servers import running_servers
from myriad.scale.observe import logs
from myriad.scale.tenancy import TenantId

WORKER = Path(__file__).with_name("kamioi_million_work.py")
TOTAL, FULL_TOTAL, KILLS = 100_000, 1_000_000, 4
SAMPLE = 300
STEPS = ("people", "intake", "map", "accrue", "sweep", "settle", "trade")
MAPPED = (
    "SELECT d.id, s.id FROM kamioi.descriptor d"
    " LEFT JOIN kamioi.mapping m ON m.descriptor_id = d.id AND m.valid_to IS NULL"
    " AND m.state = 'approved'"
    " LEFT JOIN kamioi.ownership o ON o.brand_id = m.brand_id AND o.valid_from <= %s"
    " AND o.valid_to IS NULL"
    " LEFT JOIN kamioi.security s ON s.id = o.security_id WHERE d.norm = %s"
)
ADD_PURCHASE = (
    "INSERT INTO kamioi.purchase (tenant_id, booked_on, member_id, account_id, external_id, state,"
    " kind, shown_on, amount_minor, currency, raw, descriptor_id, source)"
    " VALUES (%s, %s, %s, %s, %s, 'posted', 'purchase', %s, %s, 'USD', %s, %s, 'plaid')"
    " RETURNING id"
)
ADD_ROUND_UP = (
    "INSERT INTO kamioi.round_up (tenant_id, booked_on, purchase_id, member_id, amount_minor,"
    " currency, destination, security_id, of_minor)"
    " VALUES (%s, %s, %s, %s, %s, 'USD', %s, %s, %s) RETURNING id"
)
ADD_ENTRIES = (
    "INSERT INTO kamioi.ledger_entry (tenant_id, booked_on, transfer_id, line, account, member_id,"
    " amount_minor, currency, reason) VALUES (%s, %s, %s, 1, 'receivable', %s, %s, 'USD', 'peer'),"
    " (%s, %s, %s, 2, 'accrued', %s, %s, 'USD', 'peer')"
)


async def prepare(urls: dict[str, str], count: int) -> list[UUID]:
    """Import what is curated and make tenants; return them."""
    database = open_database(urls)
    await import_brands(database, None)
    tenants = []
    async with database.crossing("bench makes tenants") as session:
        for number in range(count):
            slug = f"bench-{number}"
            made = await create_tenant(session, slug=slug, name=slug, timezone="America/New_York")
            tenants.append(UUID(str(made)))
    await database.close()
    return tenants


class Servers:
    """The processor time of this process's PostgreSQL, looked at twice a second."""

    def __init__(self) -> None:
        self._seen: dict[int, float] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._ended.wait(0.5):
            for child in psutil.Process().children(recursive=True):
                try:
                    if "postgres" in child.name():
                        times = child.cpu_times()
                        self._seen[child.pid] = times.user + times.system
                except psutil.Error:
                    continue

    @property
    def seconds(self) -> float:
        """The seconds of all servers' processes so far."""
        return sum(self._seen.copy().values())


def lives(task: dict[str, Any], kills: int, dice: random.Random) -> tuple[dict[str, Any], int]:
    """Start the worker until a life ends by itself; kill the first lives in one of their steps."""
    killed = 0
    while True:
        process = subprocess.Popen(
            [sys.executable, str(WORKER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert process.stdin is not None
        process.stdin.write(json.dumps(task) + "\n")
        process.stdin.flush()
        # From the intake to the last step, so that money on its way is among what is killed.
        fatal_step = 2 + killed * (len(STEPS) - 2) // max(kills - 1, 1) if killed < kills else 0
        report = _listen(process, fatal_step, dice)
        if report is not None:
            return report, killed
        killed += 1


def _listen(
    process: subprocess.Popen[str], fatal_step: int, dice: random.Random
) -> dict[str, Any] | None:
    """Return the report of a life, or None when it was killed within its step of that number."""
    for number, line in enumerate(_lines(process), start=1):
        said = json.loads(line)
        sys.stderr.write(f"  {time.strftime('%H:%M:%S')} {next(iter(said.values()))}\n")
        if "report" in said:
            process.wait()
            found: dict[str, Any] = said["report"]
            return found
        if number == fatal_step:
            time.sleep(dice.uniform(0.01, 0.3))
            if process.poll() is not None:
                sys.exit("kamioi-million: a worker ended before it was killed, so nothing is shown")
            process.kill()
            process.wait()
            return None
    sys.exit(f"kamioi-million: a worker failed with {process.wait()}; see above")


def _lines(process: subprocess.Popen[str]) -> Iterator[str]:
    assert process.stdout is not None
    return (line for line in process.stdout if line.startswith("{"))


async def row_by_row(urls: dict[str, str], tenant: UUID, total: int) -> float:
    """Return the seconds that a purchase takes when each is written by itself."""
    database = open_database(urls)
    await database.open()
    plan = await plan_of(database, tenant, total)
    members = {plan.made("account", n): plan.made("member", n) for n in range(plan.members)}
    began = time.perf_counter()
    for number, (account, line) in enumerate(islice(plan.lines(0), SAMPLE)):
        member, up = members[account], -line.amount_minor % 100
        async with database.session(TenantId(tenant)) as session:
            connection = await session.connection()
            norm = normalize(line.raw).norm
            rows = (await connection.exec_driver_sql(MAPPED, (FIRST, norm))).all()
            descriptor, security = tuple(rows[0]) if rows else (None, None)
            bought = (tenant, FIRST, member, account, f"peer{number}", FIRST, line.amount_minor)
            values = (*bought, line.raw, descriptor)
            purchase = (await connection.exec_driver_sql(ADD_PURCHASE, values)).scalar_one()
            where = "security" if security else "queue"
            given = (tenant, FIRST, purchase, member, up, where, security, line.amount_minor)
            made = (await connection.exec_driver_sql(ADD_ROUND_UP, given)).scalar_one()
            one = (tenant, FIRST, made, member)
            await connection.exec_driver_sql(ADD_ENTRIES, (*one, up, *one, -up))
    seconds = (time.perf_counter() - began) / SAMPLE
    await database.close()
    return seconds


def measure(total: int, kills: int, folder: Path) -> int:
    """Run everything; 1 when anything is wrong."""
    logs.configure("bench", level="WARNING")
    with running_servers(folder / "home", frozenset({"postgres"})) as servers:
        upgrade(servers.database_url, migration_locations())
        urls = {name: str(value) for name, value in asdict(servers).items()}
        calm, stormy = asyncio.run(prepare(urls, 2))
        dice, watched = random.Random(11), Servers()
        task = {"urls": urls, "tenant_id": str(calm), "total": total}
        before = watched.seconds
        report, _ = lives(task, 0, dice)
        servers_cpu = watched.seconds - before
        checked, _ = lives(task | {"check": True}, 0, dice)
        each = asyncio.run(row_by_row(urls, calm, total))
        task |= {"tenant_id": str(stormy), "total": max(total // 10, 1)}
        _, killed = lives(task, kills, dice)
        storm, _ = lives(task | {"check": True}, 0, dice)
    _print(report["took"], {"undisturbed": checked, f"killed {killed} times": storm})
    seconds, errors = sum(report["took"].values()), checked["errors"] + storm["errors"]
    print(
        f"RESULT kamioi-million seconds={seconds:.1f} invariant_errors={errors}"
        f" peak_mb={report['peak_mb']} purchases={total} per_second={total / seconds:.0f}"
        f" servers_cpu_seconds={servers_cpu:.1f} kills={killed} peer_seconds={each * total:.0f}"
        f" ratio={each * total / seconds:.1f}"
    )
    return 1 if errors else 0


def _print(took: dict[str, float], checked: dict[str, dict[str, Any]]) -> None:
    steps = Table("step", "seconds")
    for step, seconds in took.items():
        steps.add_row(step, f"{seconds:.2f}")
    stands = Table("run", *next(iter(checked.values())))
    for name, found in checked.items():
        stands.add_row(name, *(str(value) for value in found.values()))
    console = Console(width=150)
    console.print(steps)
    console.print(stands)


def main(argv: list[str] | None = None) -> int:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="a million purchases")
    parser.add_argument("--total", type=int, default=TOTAL, help="how many purchases")
    parser.add_argument("--kills", type=int, default=KILLS)
    chosen = parser.parse_args(argv)
    total = FULL_TOTAL if chosen.full else chosen.total
    with tempfile.TemporaryDirectory(prefix="kamioi million ") as folder:
        return measure(total, chosen.kills, Path(folder))


if __name__ == "__main__":
    sys.exit(main())
