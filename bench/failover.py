"""A primary killed under writers: the outage, what was lost, and reads that miss the reader's own write.

    ./myriad bench failover [--full]

Two servers of one cluster, four writers that commit row by row through a URL that names both, and
four tenants who write through Myriad's sessions and read at once. The primary and all its processes
are killed by SIGKILL and the standby is promoted. Once with commits that wait for the standby, once
without. An outage lasts from the last commit acknowledged before the kill to the first one after it.

The peer, in the same run and by the same tenants: a plain client that reads the standby without
asking what it has replayed. Lag is from a commit on the primary until the row is seen on the standby.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import threading
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import psycopg
from failover_clients import Tally, act_as_tenants, beat, write
from failover_pair import Pair, running_pair, wait_for_standby_in_commits
from rich.console import Console
from rich.table import Table

from myriad.scale.data.standby import making
from myriad.scale.embedded.postgres import BACKUP, OWNER

WRITERS = 4
SECONDS, SECONDS_FULL = 15.0, 60.0
SETTLE_SECONDS = 5.0


@dataclass(frozen=True)
class Outcome:
    """One failover."""

    tally: Tally
    outage_seconds: float
    promote_seconds: float
    lost: int

    @property
    def lag_ms(self) -> tuple[float, float]:
        """Median and 99th percentile of the lag."""
        cuts = statistics.quantiles(self.tally.lags, n=100)
        return cuts[49] * 1000, cuts[98] * 1000


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="a minute before each kill")
    parser.add_argument("--seconds", type=float, help="how long before each kill")
    asked = parser.parse_args(argv)
    seconds = asked.seconds or (SECONDS_FULL if asked.full else SECONDS)
    outcomes = {name: _failover(name == "sync", seconds) for name in ("sync", "async")}
    _show(outcomes)
    waiting, hoping = outcomes["sync"], outcomes["async"]
    stale = waiting.tally.stale + hoping.tally.stale
    lag_p99_ms = max(one.lag_ms[1] for one in outcomes.values())
    print(
        f"RESULT failover outage_seconds={waiting.outage_seconds:.3f} lost={waiting.lost} "
        f"stale_reads={stale} lag_p99_ms={lag_p99_ms:.1f} "
        f"async_outage_seconds={hoping.outage_seconds:.3f} async_lost={hoping.lost} "
        f"reads={sum(one.tally.reads for one in outcomes.values())} "
        f"standby_reads={sum(one.tally.standby_reads for one in outcomes.values())} "
        f"peer_stale_reads={sum(one.tally.plain_stale for one in outcomes.values())} "
        f"peer_reads={sum(one.tally.plain_reads for one in outcomes.values())}"
    )
    return 0 if waiting.lost == stale == 0 and lag_p99_ms < 1000 else 1


def _failover(is_synchronous: bool, seconds: float) -> Outcome:
    with (
        tempfile.TemporaryDirectory(prefix="myriad failover ") as folder,
        running_pair(Path(folder)) as pair,
    ):
        if is_synchronous:
            wait_for_standby_in_commits(pair)
        return _run(pair, seconds, Tally(is_synchronous))


def _run(pair: Pair, seconds: float, tally: Tally) -> Outcome:
    over, killed = threading.Event(), threading.Event()
    threads = [
        threading.Thread(target=write, args=(pair.several(OWNER), number, tally, over))
        for number in range(WRITERS)
    ]
    threads += [
        threading.Thread(target=beat, args=(pair, tally, killed)),
        threading.Thread(target=lambda: asyncio.run(act_as_tenants(pair, tally, over, killed))),
    ]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    killed_at = time.monotonic()
    killed.set()
    pair.kill_primary()
    began = time.monotonic()
    making.promote(pair.standby.url(BACKUP), primary_url=pair.primary.url(BACKUP))
    promote_seconds = time.monotonic() - began
    time.sleep(SETTLE_SECONDS)
    over.set()
    for thread in threads:
        thread.join()
    return Outcome(tally, _outage(tally, killed_at), promote_seconds, _lost(pair, tally))


def _outage(tally: Tally, killed_at: float) -> float:
    moments = [moment for moment, _, _ in tally.acknowledged]
    before = max(moment for moment in moments if moment <= killed_at)
    after = [moment for moment in moments if moment > killed_at]
    # A commit that was on its way when the kill came may be acknowledged in the same instant.
    ordered = sorted([before, *after])
    return max(later - earlier for earlier, later in pairwise(ordered))


def _lost(pair: Pair, tally: Tally) -> int:
    with psycopg.connect(pair.standby.url(OWNER)) as connection:
        found = set(connection.execute("SELECT writer, number FROM written").fetchall())
    return sum((writer, number) not in found for _, writer, number in tally.acknowledged)


def _show(outcomes: dict[str, Outcome]) -> None:
    table = Table("", "commits wait", "commits do not", title="A killed primary")
    rows = {
        "seconds without a commit": [f"{one.outage_seconds:.3f}" for one in outcomes.values()],
        "of these to promote": [f"{one.promote_seconds:.3f}" for one in outcomes.values()],
        "acknowledged": [f"{len(one.tally.acknowledged):,}" for one in outcomes.values()],
        "of these lost": [f"{one.lost:,}" for one in outcomes.values()],
        "lag p50 / p99 ms": ["{:.1f} / {:.1f}".format(*one.lag_ms) for one in outcomes.values()],
        "reads, by a standby": [
            f"{one.tally.reads:,}, {one.tally.standby_reads:,}" for one in outcomes.values()
        ],
        "missed the own write": [f"{one.tally.stale:,}" for one in outcomes.values()],
        "reads that failed meanwhile": [f"{one.tally.failed_reads:,}" for one in outcomes.values()],
        "peer: reads, missed the own write": [
            f"{one.tally.plain_reads:,}, {one.tally.plain_stale:,}" for one in outcomes.values()
        ],
    }
    for name, values in rows.items():
        table.add_row(name, *values)
    Console(highlight=False).print(table)


if __name__ == "__main__":
    raise SystemExit(main())
