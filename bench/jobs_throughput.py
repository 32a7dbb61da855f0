"""Jobs per second from the queue to their committed end, beside four peers in the same run.

Every form first gets all its jobs, then works; the clock runs from the first tenth of them to the
last, so that no process's start is measured. Rounds are interleaved and the median counts. The
peers and Myriad's batched form run a no-op that appends one byte to a file. Myriad's clock goes on
until the database has committed the end of every job; a peer's stops at the last byte.

Myriad's durable form commits twice a job, with fsync on: the claim, and one row of a ledger
together with the end. Its queue of record is PostgreSQL in both forms, as is Procrastinate's; what
the other peers hold is in Redis, which writes to its disk once a second.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from statistics import median

from job_peers.forms import celery, dramatiq, procrastinate, taskiq
from job_peers.harness import Peer, Place, running_place
from job_peers.myriad_form import Myriad
from job_peers.myriad_peer import LEDGER, NOOP

TARGET_PER_S = 500.0
BASE = "celery_prefork"
FORMS = (
    celery(BASE, "Celery 5.7, prefork -c 2", "prefork", 2),
    celery("celery_threads", "Celery 5.7, threads -c 2, acks_late", "threads", 2, late=True),
    dramatiq("dramatiq", "Dramatiq 2.2, 2 x 8 threads", 2, 8),
    taskiq("taskiq", "Taskiq 0.13, streams, 2 processes", 2),
    procrastinate("procrastinate", "Procrastinate 3.10, 2 at once", 2),
)


@dataclass
class Runner:
    """One row of the table: how it is measured and what it came to."""

    key: str
    label: str
    commits: str
    measure: Callable[[], Awaitable[float]]
    rates: list[float]

    @property
    def per_s(self) -> float:
        """The median of the rounds."""
        return median(self.rates)


def runners(place: Place, myriad: Myriad, jobs: int) -> list[Runner]:
    """Return every form in the order in which a round goes through them."""
    rows = []
    for form in FORMS:
        count = jobs // 3 if form.peer == "procrastinate" else jobs
        peer = Peer(form, place)
        where = "PostgreSQL" if form.peer == "procrastinate" else "Redis"
        rows.append(Runner(form.key, form.label, where, _of(peer.rate, "touch", count), []))
    ours = _of(myriad.rate, NOOP, jobs), _of(myriad.rate, LEDGER, jobs)
    rows.append(Runner("batched", "Myriad, batched", "PostgreSQL", ours[0], []))
    rows.append(Runner("durable", "Myriad, durable with its row", "PostgreSQL", ours[1], []))
    return rows


def _of(
    rate: Callable[[str, int], Awaitable[float]], task: str, count: int
) -> Callable[[], Awaitable[float]]:
    return lambda: rate(task, count)


async def measure(*, full: bool) -> list[Runner]:
    """Run every round and return the rows."""
    rounds, jobs = (5, 8000) if full else (3, 2400)
    with running_place() as place:
        myriad = Myriad(place)
        await myriad.prepare()
        rows = runners(place, myriad, jobs)
        for number in range(rounds):
            for row in rows:
                row.rates.append(await row.measure())
            said = "  ".join(f"{row.key} {row.rates[-1]:.0f}" for row in rows)
            print(f"round {number + 1}: {said}", flush=True)
    return rows


def print_table(rows: list[Runner]) -> None:
    """Print the medians, their spread and their share of Celery's."""
    base = next(row.per_s for row in rows if row.key == BASE)
    print(f"\n{'':38}{'queue in':12}{'jobs/s':>8}{'lowest':>8}{'highest':>8}{'/ Celery':>9}")
    for row in rows:
        spread = f"{min(row.rates):8.0f}{max(row.rates):8.0f}"
        print(f"{row.label:38}{row.commits:12}{row.per_s:8.0f}{spread}{row.per_s / base:9.2f}")


def main(argv: list[str] | None = None) -> int:
    """Run the bench; 1 when Myriad misses a target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="8,000 jobs a form, five rounds")
    rows = asyncio.run(measure(full=parser.parse_args(argv).full))
    print_table(rows)
    found = {row.key: row.per_s for row in rows}
    ratio = found["batched"] / found[BASE]
    print(f"targets: durable at least {TARGET_PER_S:.0f}/s, batched at least Celery's prefork")
    peers = " ".join(f"{form.key}_per_s={found[form.key]:.1f}" for form in FORMS)
    print(
        f"RESULT jobs-throughput durable_per_s={found['durable']:.1f}"
        f" batched_vs_celery={ratio:.3f} batched_per_s={found['batched']:.1f} {peers}"
    )
    return 0 if found["durable"] >= TARGET_PER_S and ratio >= 1 else 1


if __name__ == "__main__":
    sys.exit(main())
