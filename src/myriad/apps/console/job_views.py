"""What the page of one job says: a sentence, the line of its attempts, and its surroundings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from markupsafe import Markup

from myriad.kit.clock import get_zone, utc_now
from myriad.scale.data import ReadSession
from myriad.scale.jobs.detail import (
    AttemptRow,
    JobDetail,
    KeptStep,
    Relative,
    get_detail,
    list_attempts,
    list_relatives,
    list_steps,
)
from myriad.scale.ui.charts import Span, span_chart
from myriad.scale.ui.charts.spans import Kind
from myriad.scale.ui.filters import duration, plural, relative

_LONGEST_RESULT = 2000
_ENDINGS: Mapping[str, tuple[str, Kind]] = {
    "succeeded": ("Succeeded", "good"),
    "retry": ("Failed, tried again", "warn"),
    "later": ("Told to wait", "plain"),
    "budget": ("Budget used up", "plain"),
    "lost": ("Its worker fell silent", "bad"),
    "dead": ("Failed, given up", "bad"),
    "cancelled": ("Cancelled", "plain"),
    "given_back": ("Given back at a shutdown", "plain"),
    "running": ("Running", "info"),
}


@dataclass(frozen=True)
class LoadedJob:
    """A job with everything around it; the API answers with this and the page draws it."""

    job: JobDetail
    attempts_made: Sequence[AttemptRow]
    relatives: Sequence[Relative]
    steps: Sequence[KeptStep]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.job, name)


async def load_job(session: ReadSession, job_id: UUID) -> LoadedJob:
    """Return the job of the session's account, or raise JobNotFoundError."""
    job = await get_detail(session, job_id)
    attempts = await list_attempts(session, job_id)
    relatives = await list_relatives(session, job_id)
    return LoadedJob(job, attempts, relatives, await list_steps(session, job_id))


@dataclass(frozen=True)
class ShownAttempt:
    """One line of the table of attempts."""

    attempt: int
    words: str
    kind: Kind
    began_at: datetime
    ended_at: datetime
    worker: str
    detail: str
    where: str

    @property
    def took_ms(self) -> int:
        """How long it took, in milliseconds."""
        return int((self.ended_at - self.began_at).total_seconds() * 1000)


@dataclass(frozen=True)
class ShownStep:
    """One kept step with its result as text."""

    name: str
    text: str
    created_at: datetime


class JobPage:
    """The page of one job, in the zone of the account."""

    def __init__(self, loaded: LoadedJob, zone: str, now: datetime | None = None) -> None:
        self.loaded = loaded
        self.job = loaded.job
        self.now = now or utc_now()
        self._zone = get_zone(zone)

    @property
    def answer(self) -> str:
        """How the job stands, in one sentence."""
        job = self.job
        words = {
            "blocked": f"This job waits for {plural(len(self.unfinished), 'other job')}",
            "waiting": self._waiting_words(),
            "queued": "This job is ready and waits for a worker",
            "dispatched": "This job was handed to a worker and begins at once",
            "running": self._running_words(),
            "succeeded": f"This job is done{self._took_words()}",
            "cancelled": "This job was cancelled",
            "dead": f"This job was given up after {plural(max(1, job.attempts), 'attempt')}",
        }
        return words[job.state]

    def _waiting_words(self) -> str:
        ahead = relative((self.now - self.job.run_at).total_seconds())
        when = "at any moment" if ahead.endswith(("ago", "now")) else ahead
        return f"This job tries again {when}" if self.job.error else f"This job starts {when}"

    def _running_words(self) -> str:
        done, total = self.job.progress_done, self.job.progress_total
        if done is None:
            return "This job is running"
        return f"This job is running: {done:,}{f' of {total:,}' if total else ''} done"

    def _took_words(self) -> str:
        job = self.job
        if job.started_at is None or job.finished_at is None:
            return ""
        milliseconds = int((job.finished_at - job.started_at).total_seconds() * 1000)
        return f"; it took {duration(milliseconds)}"

    @property
    def lead(self) -> str:
        """What the job is, and since when."""
        asked = relative((self.now - self.job.created_at).total_seconds())
        return f"{self.job.task}, class {self.job.job_class}, asked for {asked}."

    @cached_property
    def attempts(self) -> list[ShownAttempt]:
        """The attempts in their order, the last one as the job itself tells it."""
        shown = [self._past(row) for row in self.loaded.attempts_made]
        job = self.job
        is_told = any(row.outcome == "dead" for row in self.loaded.attempts_made)
        ends_here = job.state in ("running", "succeeded") or (job.state == "dead" and not is_told)
        if ends_here and job.started_at is not None:
            words, kind = _ENDINGS[job.state]
            ended = job.finished_at or self.now
            worker = _short(job.worker_id)
            number = max(job.attempts, 1)
            shown.append(ShownAttempt(number, words, kind, job.started_at, ended, worker, "", ""))
        return shown

    def _past(self, row: AttemptRow) -> ShownAttempt:
        words, kind = _ENDINGS.get(row.outcome, (row.outcome, "plain"))
        error = row.error or {}
        began = row.started_at or row.ended_at
        detail, where = str(error.get("detail") or ""), str(error.get("where") or "")
        worker = _short(row.worker_id)
        return ShownAttempt(row.attempt, words, kind, began, row.ended_at, worker, detail, where)

    @cached_property
    def spans(self) -> list[Span]:
        """The attempts as spans of the picture."""
        return [
            Span(
                f"Attempt {item.attempt}",
                item.began_at,
                item.ended_at,
                item.kind,
                f"Attempt {item.attempt}, {self._clock(item.began_at)}: {item.words.lower()}, "
                f"{duration(item.took_ms)}",
            )
            for item in self.attempts
        ]

    @property
    def chart(self) -> Markup:
        """The line of time from when the job was asked for until now or its end."""
        end = self.job.finished_at or self.now
        names = [(self.job.created_at, f"asked for {self._clock(self.job.created_at)}")]
        last = "ended" if self.job.finished_at else "now"
        names.append((max(end, self.job.created_at), f"{last} {self._clock(end)}"))
        desc = "; ".join(span.reading for span in self.spans[:20])
        return span_chart(self.spans, title="Attempts of the job", desc=desc, names=names)

    @property
    def chart_words(self) -> str:
        """What the picture says while nothing is under the pointer."""
        return "each bar an attempt, the gaps are waits"

    @property
    def attempts_words(self) -> str:
        """How many attempts there were and may be."""
        most = self.job.max_attempts
        made = plural(self.job.attempts, "attempt")
        return f"{made} of at most {most}" if most else made

    @property
    def not_tried(self) -> str:
        """Why there is no attempt yet."""
        if self.job.state == "blocked":
            return "It begins when the jobs that it waits for are done."
        if self.job.state == "cancelled":
            return "It was cancelled before its first attempt."
        return "It begins as soon as its time has come and a worker has a free slot."

    @property
    def parents(self) -> list[Relative]:
        """The jobs that this one waits for."""
        return [one for one in self.loaded.relatives if not one.is_child]

    @property
    def children(self) -> list[Relative]:
        """The jobs that wait for this one."""
        return [one for one in self.loaded.relatives if one.is_child]

    @property
    def unfinished(self) -> list[Relative]:
        """The parents that are not done."""
        return [one for one in self.parents if one.state != "succeeded"]

    @property
    def graph_words(self) -> str:
        """How far the graph around the job is."""
        done = len(self.parents) - len(self.unfinished)
        return f"{done} of {plural(len(self.parents), 'parent')} done" if self.parents else ""

    @property
    def steps(self) -> list[ShownStep]:
        """The kept steps."""
        return [ShownStep(one.name, _text(one.result), one.created_at) for one in self.loaded.steps]

    @property
    def payload(self) -> str:
        """What the job was told, as JSON without secrets; empty for nothing."""
        return _text(self.job.payload, indent=2) if self.job.payload else ""

    @property
    def facts(self) -> list[tuple[str, str]]:
        """The facts that are set, as pairs of name and value."""
        job = self.job
        named = [
            ("Task", job.task),
            ("Class", job.job_class),
            ("Deduplication key", job.dedup_key),
            ("Deadline", self._moment(job.deadline_at)),
            ("Graph", str(job.graph_id) if job.graph_id else None),
        ]
        return [(name, value) for name, value in named if value]

    def _clock(self, moment: datetime) -> str:
        return f"{moment.astimezone(self._zone):%H:%M:%S}"

    def _moment(self, moment: datetime | None) -> str | None:
        return None if moment is None else f"{moment.astimezone(self._zone):%-d %b %Y, %H:%M:%S}"


def _short(worker_id: UUID | None) -> str:
    return "" if worker_id is None else worker_id.hex[-8:]


def _text(value: Any, indent: int | None = None) -> str:
    text = json.dumps(value, indent=indent, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST_RESULT * 5 else f"{text[: _LONGEST_RESULT * 5]} …"
