"""Jobs lost and jobs done twice when all workers are killed 20 times in the middle of their work.

Every job has one effect that can be counted: its number, written between two waits of a
millisecond. Myriad and Procrastinate write it as a row, because their queue is in PostgreSQL; the
others append it to a file. At random moments the whole process group of the workers gets
`kill -9` and is started again. Brokers, databases and Myriad's ticker live on. When nothing has
happened for a while, ids without an effect are lost and ids with more than one are doubled. Until
then a trickle of other jobs keeps every peer's search for dead workers going, as in life. Myriad
takes a job whose worker died three times for poison and keeps it as a dead letter; those are
replayed once, as an operator would, and their number is shown.

Each peer has the settings that lose the least. Celery acknowledges late, rejects on a lost worker,
prefetches one and redelivers after five seconds; Dramatiq, Taskiq and Procrastinate take a worker
for dead when it was silent for five seconds. Celery's defaults are shown as well.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from job_peers.effects import Effects, FileEffects, TableEffects
from job_peers.forms import Form, celery, dramatiq, procrastinate, taskiq
from job_peers.harness import PROCRASTINATE, Peer, Place, running, running_place
from job_peers.marks import SILENT_SECONDS
from job_peers.myriad_form import Myriad
from job_peers.myriad_peer import RECORD

KILLS = 20
# A life in which no job ran does not count, but so many lives are all.
LIVES = 2 * KILLS
AT_ONCE = 4
# A life that does nothing for so long is killed all the same.
LIFE_SECONDS = 30.0
# Who recovers so slowly that 20 kills take longer is killed less often, unless all is asked for.
STORM_SECONDS = 150.0
QUIET_SECONDS = 4.0 * SILENT_SECONDS
COMPLETE_QUIET_SECONDS = 2.0 * SILENT_SECONDS
TRICKLE_FROM, TRICKLE_JOBS, TRICKLE_SECONDS = 9_000_000, 1000, 0.5
_POLL_SECONDS = 0.02
_TAIL_POLL_SECONDS = 0.5
FORMS = (
    celery("celery", "Celery 5.7, its best", "prefork", 2, late=True),
    celery("celery_default", "Celery 5.7, defaults", "prefork", 2),
    taskiq("taskiq", "Taskiq 0.13, streams", 2),
    dramatiq("dramatiq", "Dramatiq 2.2", 2, 8),
    procrastinate("procrastinate", "Procrastinate 3.10", 16),
)


@dataclass(frozen=True)
class Subject:
    """What is killed: how it gets its jobs, how it works, and what its jobs have done."""

    key: str
    label: str
    promise: str
    prepare: Callable[[int], Awaitable[None]]
    working: Callable[[], AbstractContextManager[object]]
    trickling: Callable[[], AbstractContextManager[object]]
    effects: Effects
    replay: Callable[[], Awaitable[int]]

    def counted(self, jobs: int) -> Counter[int]:
        """Return how often each of the jobs had its effect."""
        return Counter(number for number in self.effects.numbers() if number < jobs)


@dataclass(frozen=True)
class Outcome:
    """What was left when all was quiet."""

    subject: Subject
    lost: int
    doubled: int
    dead_letters: int
    kills: int
    seconds: float


def peer_subject(form: Form, place: Place) -> Subject:
    """Return a peer; its effects are in its file or, for Procrastinate, in its table."""
    peer = Peer(form, place, dies=True)
    trickle = peer.enqueue_command("record", TRICKLE_JOBS, TRICKLE_FROM, TRICKLE_SECONDS)
    in_table = form.peer == PROCRASTINATE
    return Subject(
        form.key,
        form.label,
        form.promise,
        lambda jobs: peer.prepare("record", jobs),
        peer.working,
        lambda: running(trickle, peer.log, peer.environment),
        TableEffects(place.procrastinate_url, "effect") if in_table else FileEffects(peer.effects),
        _nothing_to_replay,
    )


async def _nothing_to_replay() -> int:
    return 0


def myriad_subject(myriad: Myriad) -> Subject:
    """Return Myriad, whose ledger is a tenant's table under row security."""
    return Subject(
        "myriad",
        "Myriad",
        "one effect in the database",
        lambda jobs: myriad.enqueue(RECORD, jobs),
        myriad.working,
        contextlib.nullcontext,
        TableEffects(myriad.place.urls.crossing_url, "bench.ledger"),
        myriad.replay_dead,
    )


async def storm(
    subject: Subject, jobs: int, dice: random.Random, seconds: float = float("inf")
) -> Outcome:
    """Enqueue, kill again and again for so long, wait until all is quiet, and count."""
    await subject.prepare(jobs)
    began, kills = time.monotonic(), 0
    for _ in range(LIVES):
        kills += await _live_and_die(subject, jobs, KILLS - kills, dice)
        if kills == KILLS or time.monotonic() - began > seconds:
            break
    with subject.working(), subject.trickling():
        counted = await _quiet(subject, jobs)
        dead_letters = await subject.replay()
        if dead_letters:
            counted = await _quiet(subject, jobs)
    lost = jobs - len(counted)
    doubled = sum(times > 1 for times in counted.values())
    print(f"{subject.label}: lost {lost}, doubled {doubled}", flush=True)
    return Outcome(subject, lost, doubled, dead_letters, kills, time.monotonic() - began)


async def _live_and_die(subject: Subject, jobs: int, kills_left: int, dice: random.Random) -> int:
    """Let the workers do about their share of what is left, kill them; 1 if they did anything."""
    before = subject.effects.count()
    share = (jobs - before) / (kills_left + 1)
    goal, end = before + max(1, share * dice.uniform(0.4, 1.6)), time.monotonic() + LIFE_SECONDS
    with subject.working():
        # Others act, so there is nothing to wait on.
        while (done := subject.effects.count()) < goal and time.monotonic() < end:  # noqa: ASYNC110
            await asyncio.sleep(_POLL_SECONDS)
        await asyncio.sleep(dice.uniform(0, 0.03))
    return int(done > before)


async def _quiet(subject: Subject, jobs: int) -> Counter[int]:
    """Wait until no job of ours has had an effect for long enough, and return the effects.

    Shorter when every job had one, for then only a second one can still come.
    """
    counted, changed_at = subject.counted(jobs), time.monotonic()
    while True:
        await asyncio.sleep(_TAIL_POLL_SECONDS)
        before, counted = counted, subject.counted(jobs)
        if counted != before:
            changed_at = time.monotonic()
        patience = QUIET_SECONDS if len(counted) < jobs else COMPLETE_QUIET_SECONDS
        if time.monotonic() - changed_at > patience:
            return counted


async def measure(jobs: int, seed: int, seconds: float) -> list[Outcome]:
    """Kill everybody, four at a time, and return what came of it."""
    with running_place() as place:
        myriad = Myriad(place)
        await myriad.prepare()
        subjects = [myriad_subject(myriad), *(peer_subject(form, place) for form in FORMS)]
        turns = asyncio.Semaphore(AT_ONCE)

        async def one(subject: Subject) -> Outcome:
            async with turns:
                dice = random.Random(f"{seed} {subject.key}")
                limit = float("inf") if subject is subjects[0] else seconds
                return await storm(subject, jobs, dice, limit)

        with myriad.ticking():
            async with asyncio.TaskGroup() as group:
                running_storms = [group.create_task(one(subject)) for subject in subjects]
        return [storm.result() for storm in running_storms]


def print_table(outcomes: list[Outcome], jobs: int) -> None:
    """Print what was lost and doubled of how many."""
    print(f"\n{jobs} jobs each, all workers killed up to {KILLS} times")
    print(
        f"{'':24}{'promises':28}{'lost':>6}{'doubled':>9}{'dead letters':>14}{'kills':>7}{'seconds':>9}"
    )
    for it in outcomes:
        name = f"{it.subject.label:24}{it.subject.promise:28}"
        print(f"{name}{it.lost:6}{it.doubled:9}{it.dead_letters:14}{it.kills:7}{it.seconds:9.0f}")


def main(argv: list[str] | None = None) -> int:
    """Run the bench; 1 when Myriad lost or doubled anything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="20,000 jobs each")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    chosen = parser.parse_args(argv)
    jobs = 20_000 if chosen.full else 4_000
    print(f"seed {chosen.seed}", flush=True)
    seconds = float("inf") if chosen.full else STORM_SECONDS
    outcomes = asyncio.run(measure(jobs, chosen.seed, seconds))
    print_table(outcomes, jobs)
    ours, *peers = outcomes
    print("target: none lost, none doubled")
    said = " ".join(
        f"{it.subject.key}_lost={it.lost} {it.subject.key}_doubled={it.doubled}" for it in peers
    )
    print(
        f"RESULT jobs-kill lost={ours.lost} doubled={ours.doubled} kills={ours.kills}"
        f" dead_letters={ours.dead_letters}"
        f" jobs={jobs} {said}"
    )
    return 0 if ours.lost == ours.doubled == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
