"""Telling what a run of the agents left behind: new people to call, and reports that are ready.

Both are ordinary notices, once for their cause. One that nobody has looked at makes way for the
next of its sort, so that the mornings of a holiday do not pile up above every page. Open pages
find them by themselves; only where somebody wants one by e-mail is there a job to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from myriad.products.keeper.notify.raising import DELIVER_TASK, Notice
from myriad.products.keeper.repository.sql import fetch
from myriad.products.keeper.views import ReportKind
from myriad.scale.data import Session
from myriad.scale.jobs.enqueue import enqueue


@dataclass(frozen=True, slots=True)
class ReadyReport:
    """A stored report whose period is over, from `first` to `last`, and its first line."""

    kind: ReportKind
    first: date
    last: date
    headline: str


def ready_among(
    last: date, firsts: Mapping[ReportKind, date], numbers: Mapping[ReportKind, Mapping[str, Any]]
) -> list[ReadyReport]:
    """Return those of the reports up to `last` that no later day belongs to."""
    return [
        ReadyReport(kind, first, last, str(numbers[kind]["headline"]))
        for kind, first in firsts.items()
        if kind in numbers and _is_over(kind, last)
    ]


def _is_over(kind: ReportKind, last: date) -> bool:
    following = last + timedelta(days=1)
    if kind == "weekly":
        return following.isoweekday() == 1
    return kind == "daily" or following.day == 1


async def tell_after_run(
    session: Session, day: date, calls: int, reports: Iterable[ReadyReport], *, can_mail: bool
) -> None:
    """Raise what a run for `day` has to tell, in one statement; nothing when it has nothing.

    `calls` is how many tasks it has made, `can_mail` whether the installation sends e-mail.
    """
    notices = [_of_report(report) for report in reports]
    if calls:
        notices.append(_of_calls(day, calls))
    if not notices:
        return
    rows = [asdict(notice) for notice in notices]
    for row in await fetch(session, "store_run_notices", rows=rows):
        if can_mail and row["is_wanted"]:
            payload = {"notice_id": str(row["id"])}
            await enqueue(session, DELIVER_TASK, payload, job_class="low")


def _of_calls(day: date, calls: int) -> Notice:
    who = "new person" if calls == 1 else "new people"
    return Notice(
        kind="task",
        dedup_key=f"task:calls:{day}",
        level="normal",
        title=f"{calls} {who} to call",
        detail="Today says whom, why, and what is at stake.",
        href="/keeper/today",
    )


def _of_report(report: ReadyReport) -> Notice:
    return Notice(
        kind="report",
        dedup_key=f"report:{report.kind}:{report.last}",
        level="normal",
        title=f"The report of {_period(report)} is ready",
        detail=report.headline,
        href=f"/keeper/reports?kind={report.kind}",
    )


def _period(report: ReadyReport) -> str:
    first, last = report.first, report.last
    if report.kind == "daily":
        return f"{last:%A} {last.day} {last:%B}"
    if report.kind == "monthly":
        return f"{last:%B %Y}"
    start = f"{first.day} {first:%B}" if first.month != last.month else f"{first.day}"
    return f"the week of {start} to {last.day} {last:%B}"
