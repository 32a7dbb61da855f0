"""Jobs that wait 0.2 s each, as for a provider: how many a second one worker gets through.

A hundred at once is the most that any form here is given, so 500 a second is the ceiling of all
but Celery's smaller pools. Tasks are asynchronous where a peer has that; Celery has not, so its
tasks sleep in processes, in threads, or in gevent's greenlets. Enqueued first; the clock runs from
the first tenth to the last job. Rounds are interleaved and the median counts.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from statistics import median

from job_peers.forms import Form, celery, dramatiq, procrastinate, taskiq
from job_peers.harness import Peer, Place, running_place
from job_peers.marks import WAIT_SECONDS
from job_peers.myriad_form import Myriad
from job_peers.myriad_peer import PAUSE

TARGET_PER_S = 430.0
SLOTS = 100
# The form, how it waits, and how many slots it has.
FORMS: tuple[tuple[Form, str, int], ...] = (
    (celery("celery_prefork", "Celery 5.7, prefork", "prefork", 2), "pause", 2),
    (celery("celery_threads_50", "Celery 5.7, threads", "threads", 50), "pause", 50),
    (celery("celery_threads", "Celery 5.7, threads", "threads", SLOTS), "pause", SLOTS),
    (celery("celery_gevent", "Celery 5.7, gevent", "gevent", SLOTS), "pause", SLOTS),
    (dramatiq("dramatiq_threads", "Dramatiq 2.2, threads", 1, SLOTS), "pause", SLOTS),
    (dramatiq("dramatiq_async", "Dramatiq 2.2, asyncio", 1, SLOTS), "pause_async", SLOTS),
    (taskiq("taskiq", "Taskiq 0.13, asyncio", 1), "pause", SLOTS),
    (procrastinate("procrastinate", "Procrastinate 3.10, asyncio", SLOTS), "pause", SLOTS),
)


@dataclass
class Row:
    """One form: its slots, how it is measured, and the rates of its rounds."""

    key: str
    label: str
    slots: int
    measure: Callable[[], Awaitable[float]]
    rates: list[float] = field(default_factory=list)

    @property
    def per_s(self) -> float:
        """The median of the rounds."""
        return median(self.rates)


def rows_of(place: Place, myriad: Myriad, seconds: float) -> list[Row]:
    """Return every form with as many jobs as its slots could do in `seconds`."""

    def of(rate: Callable[[str, int], Awaitable[float]], task: str, slots: int):  # type: ignore[no-untyped-def]
        return lambda: rate(task, round(slots * seconds / WAIT_SECONDS))

    rows = [
        Row(form.key, form.label, slots, of(Peer(form, place).rate, task, slots))
        for form, task, slots in FORMS
    ]
    return [*rows, Row("myriad", "Myriad, asyncio", SLOTS, of(myriad.rate, PAUSE, SLOTS))]


async def measure(*, full: bool) -> list[Row]:
    """Run every round and return the rows."""
    rounds, seconds = (5, 12.0) if full else (3, 3.0)
    with running_place() as place:
        myriad = Myriad(place, slots=SLOTS)
        await myriad.prepare()
        rows = rows_of(place, myriad, seconds)
        for number in range(rounds):
            for row in rows:
                row.rates.append(await row.measure())
            said = "  ".join(f"{row.key} {row.rates[-1]:.0f}" for row in rows)
            print(f"round {number + 1}: {said}", flush=True)
    return rows


def main(argv: list[str] | None = None) -> int:
    """Run the bench; 1 when Myriad misses the target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="four times the jobs, five rounds")
    rows = asyncio.run(measure(full=parser.parse_args(argv).full))
    print(f"\n{'':32}{'at once':>8}{'jobs/s':>8}{'lowest':>8}{'highest':>8}{'of ceiling':>11}")
    for row in rows:
        share = row.per_s * WAIT_SECONDS / row.slots
        spread = f"{min(row.rates):8.0f}{max(row.rates):8.0f}"
        print(f"{row.label:32}{row.slots:8}{row.per_s:8.0f}{spread}{share:11.0%}")
    *peers, ours = rows
    best = max(row.per_s for row in peers if row.key.startswith("celery"))
    said = " ".join(f"{row.key}_per_s={row.per_s:.1f}" for row in peers)
    print(f"target: at least {TARGET_PER_S:.0f}/s in one worker process")
    print(f"RESULT jobs-io per_s={ours.per_s:.1f} vs_celery_best={ours.per_s / best:.3f} {said}")
    return 0 if ours.per_s >= TARGET_PER_S else 1


if __name__ == "__main__":
    sys.exit(main())
