"""The answers of `./myriad jobs` as lines for people."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from myriad.apps.console.advice import advice
from myriad.apps.console.queue_views import QueuePage
from myriad.kit.clock import utc_now
from myriad.scale.jobs.overview import Queue, WorkerSeen
from myriad.scale.ui.filters import plural, relative


def _ago(moment: datetime | None) -> str:
    return "" if moment is None else relative((utc_now() - moment).total_seconds())


def table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    """Yield the rows in columns as wide as their longest word."""
    texts = [headings, *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[place]) for row in texts) for place in range(len(headings))]
    for row in texts:
        cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def job_lines(jobs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield a line a job."""
    if not jobs:
        yield "No job fits."
        return
    rows = [
        (
            job["id"],
            job["state"],
            job["job_class"],
            job["task"],
            job["tenant"] or "",
            job["attempts"],
            _ago(job["created_at"]),
            (job["error"] or {}).get("code", ""),
        )
        for job in jobs
    ]
    headings = ("ID", "STATE", "CLASS", "TASK", "ACCOUNT", "TRIES", "ASKED FOR", "ERROR")
    yield from table(headings, rows)


def detail_lines(job: Mapping[str, Any]) -> Iterator[str]:
    """Yield everything about one job."""
    yield f"{job['task']}  {job['state']}"
    facts = {
        "id": job["id"],
        "account": job["tenant_id"],
        "class": job["job_class"],
        "asked for": _ago(job["created_at"]),
        "attempts": f"{job['attempts']} of at most {job['max_attempts'] or '?'}",
        "progress": _progress(job),
        "told": json.dumps(job["payload"], default=str),
    }
    for name, value in facts.items():
        if value:
            yield f"  {name:<10} {value}"
    if job["error"] and job["state"] != "succeeded":
        yield f"  {'error':<10} {job['error'].get('code')}: {job['error'].get('detail')}"
        yield f"  {'to do':<10} {advice(str(job['error'].get('code')))}"
    yield from _parts(job)


def _progress(job: Mapping[str, Any]) -> str:
    if job["progress_done"] is None:
        return str(job["message"] or "")
    total = f" of {job['progress_total']:,}" if job["progress_total"] else ""
    return f"{job['progress_done']:,}{total} {job['message'] or ''}".strip()


def _parts(job: Mapping[str, Any]) -> Iterator[str]:
    for row in job["attempts_made"]:
        error = (row["error"] or {}).get("detail", "")
        yield f"  attempt {row['attempt']:<3}{row['outcome']:<11}{_ago(row['ended_at'])}  {error}"
    for row in job["relatives"]:
        kind = "child" if row["is_child"] else "parent"
        yield f"  {kind:<10} {row['id']} {row['state']} {row['name'] or row['task']}"
    for row in job["steps"]:
        result = json.dumps(row["result"], default=str)
        yield f"  {'step':<10} {row['name'] or '(result)'}: {result}"


def limit_lines(limits: Mapping[str, int]) -> Iterator[str]:
    """Yield a line a limit."""
    if not limits:
        yield "No limit is set; accounts share the slots by the policy for each."
        return
    yield from table(("KEY", "AT ONCE"), [(key, n or "0 (paused)") for key, n in limits.items()])


def pause_lines(job_class: str, left: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a paused or resumed class has left."""
    if not left["paused"]:
        yield f"The class {job_class} goes on: {plural(left['ready'], 'job')} ready."
        return
    running = left["running"]
    yield f"The class {job_class} is paused: {plural(left['ready'], 'job')} ready wait." + (
        f" {plural(running, 'job')} still run." if running else " None runs any more."
    )
    yield f"Go on with: ./myriad jobs drain --class {job_class} --resume"


def drain_lines(drained: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield which workers have ended."""
    if not any(drained.values()):
        yield "No worker runs."
    for name in drained["drained"]:
        yield f"{name} has finished and stopped."
    for name in drained["busy"]:
        yield f"{name} still works; it stops by itself when its jobs are done or given back."
    for name in drained["elsewhere"]:
        yield f"{name} runs on another host: send SIGTERM to its process there."


def as_dict(queue: Queue, workers: Sequence[WorkerSeen]) -> dict[str, Any]:
    """Return the queue and its workers as JSON values."""
    return asdict(queue) | {"workers": [asdict(worker) for worker in workers]}


def top_lines(queue: Queue, workers: Sequence[WorkerSeen]) -> Iterator[str]:
    """Yield how the whole queue stands."""
    page = QueuePage(queue, "UTC", shares=(), workers=workers)
    yield f"{page.answer}. {page.lead}"
    yield ""
    rows = [
        (
            lane.job_class,
            page.age(lane) if lane.oldest_at else "-",
            lane.ready,
            lane.running,
            lane.waiting + lane.blocked,
            lane.dead,
        )
        for lane in queue.lanes
    ]
    yield from table(("CLASS", "OLDEST", "READY", "RUNNING", "WAITING", "DEAD"), rows)
    yield ""
    yield f"Last {len(queue.minutes)} minutes: {page.throughput_words}."
    for worker in workers:
        state = "silent" if worker.is_silent(queue.at) else "draining" if worker.is_draining else ""
        yield f"  {worker.name:<30} {worker.busy} of {worker.slots} slots {state}".rstrip()
    for group in queue.dead:
        yield f"  dead: {group.jobs:,} x {group.task} {group.code}, the last {_ago(group.last_at)}"
