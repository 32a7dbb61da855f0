"""What the pages of the queue say: is anything stuck, the picture, and for whom the work was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from myriad.kit.clock import get_zone
from myriad.scale.jobs.overview import Lane, Minute, Queue, Share, WorkerSeen
from myriad.scale.ui.charts import Point
from myriad.scale.ui.filters import capital, in_words, plural

_HOUR, _DAY = 3600, 86400


def age(seconds: float) -> str:
    """Return an age such as `12 s`, `4 min`, `3 h 5 min` or `2 days`."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < _HOUR:
        return f"{seconds / 60:.0f} min"
    if seconds < 2 * _DAY:
        return f"{int(seconds // _HOUR)} h {int(seconds % _HOUR // 60)} min"
    return f"{int(seconds // _DAY)} days"


@dataclass(frozen=True)
class QueuePage:
    """The queue of one account, or of all of them for an operator."""

    queue: Queue
    zone: str
    share: Share | None = None
    shares: Sequence[Share] = ()
    workers: Sequence[WorkerSeen] | None = None

    @property
    def answer(self) -> str:
        """Whether anything is stuck, in one sentence."""
        stuck = self.queue.stuck
        if self.workers is not None and not self.live_workers and self.queue.ready:
            return f"No worker runs, and {plural(self.queue.ready, 'job')} could"
        if stuck:
            worst = max(stuck, key=lambda lane: lane.age_seconds(self.queue.at))
            jobs = plural(worst.ready, f"{worst.job_class} job")
            return f"{jobs} wait too long: the oldest for {self.age(worst)}"
        if self.queue.ready or self.queue.running:
            return "Nothing is stuck"
        return "Nothing is stuck, and nothing waits"

    @property
    def lead(self) -> str:
        """What waits, in a second sentence."""
        if not self.queue.ready:
            return f"No job is waiting for a worker.{self._dead_words()}"
        oldest = min(
            (lane for lane in self.queue.lanes if lane.oldest_at is not None),
            key=lambda lane: lane.oldest_at or self.queue.at,
        )
        return (
            f"The oldest ready job has waited {self.age(oldest)}, in the class {oldest.job_class}."
        )

    def _dead_words(self) -> str:
        dead = self.queue.dead_letters
        if not dead:
            return ""
        return (
            f" {capital(in_words(dead))} dead letter{' needs' if dead == 1 else 's need'} a look."
        )

    def age(self, lane: Lane) -> str:
        """Return for how long the oldest job of a class has been ready."""
        return age(lane.age_seconds(self.queue.at))

    @property
    def capped(self) -> int:
        """Jobs that wait only because their account is at its cap."""
        shares = self.shares if self.share is None else [self.share]
        return sum(share.capped for share in shares)

    @property
    def cap_words(self) -> str:
        """What the number of capped jobs means here."""
        if self.share is None:
            return "accounts at their cap"
        return (
            "at the account's cap" if self.share.cap is None else f"cap: {self.share.cap} at once"
        )

    @property
    def cap_sentence(self) -> str:
        """How many jobs of the account may run at once."""
        if self.share is None:
            return ""
        if self.share.cap is not None:
            return f"At most {plural(self.share.cap, 'job')} of this account run at once."
        return (
            f"At most {self.share.policy_slots or 0:,.0f} slots of the workers at once, by how many "
            f"accounts have work; {self.share.slots:,.1f} are taken."
        )

    @property
    def points(self) -> list[Point]:
        """The minutes of the picture."""
        zone = get_zone(self.zone)
        return [
            Point(f"{minute.at.astimezone(zone):%H:%M}", minute.succeeded, _minute_words(minute))
            for minute in self.queue.minutes
        ]

    @property
    def failed_minutes(self) -> list[int]:
        """The minutes in which attempts failed."""
        return [place for place, minute in enumerate(self.queue.minutes) if minute.failed]

    @property
    def throughput_words(self) -> str:
        """The picture in words."""
        done, failed = self.queue.succeeded, self.queue.failed
        if not done and not failed:
            return "nothing ended in this time"
        rate = done / len(self.queue.minutes)
        marked = f"; {plural(failed, 'failed attempt')} in the marked minutes" if failed else ""
        return f"{rate:,.1f} a minute{marked}"

    @property
    def live_workers(self) -> list[WorkerSeen]:
        """The workers that are heard of."""
        return [one for one in self.workers or () if not one.is_silent(self.queue.at)]

    @property
    def workers_words(self) -> str:
        """How many slots there are and how many are taken."""
        live = self.live_workers
        busy, slots = sum(one.busy for one in live), sum(one.slots for one in live)
        return f"{busy} of {plural(slots, 'slot')} busy" if live else ""


def _minute_words(minute: Minute) -> str:
    failed = f", {minute.failed:,} failed" if minute.failed else ""
    return plural(minute.succeeded, "job") + failed
