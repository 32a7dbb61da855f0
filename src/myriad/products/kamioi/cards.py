"""A file of many people's card transactions as a programme: a member for each card."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from myriad.kit.ids import new_id
from myriad.products.kamioi.intake.card_files import CardFile, look_at, read_cards
from myriad.products.kamioi.intake.files import IMPORT_LINES
from myriad.products.kamioi.intake.lines import BadLine, Line
from myriad.products.kamioi.intake.recording import Recorded, today_utc
from myriad.products.kamioi.intake.streams import record_stream
from myriad.products.kamioi.mapping_schedules import MAP_TASK
from myriad.products.kamioi.money import round_ups
from myriad.products.kamioi.repository import sql
from myriad.scale.data import Session
from myriad.scale.data.bulk.quarantine import Refused, quarantine
from myriad.scale.directory import opening
from myriad.scale.jobs import Job
from myriad.scale.jobs.enqueue import enqueue
from myriad.scale.observe.logs import get_logger

IMPORT_TASK = "kamioi.cards.import"
ROWS_AT_ONCE = 20_000
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Slice:
    lines: list[tuple[UUID, Line]]
    bad: list[BadLine]


def slug_of(path: Path) -> str:
    """Return the slug of the programme that a file becomes."""
    return opening.slug_of(path.stem, "card-transactions")


async def enqueue_cards(session: Session, path: Path) -> UUID | None:
    """Queue taking a file into a programme without members; None when it has some already.

    One at a time; a job that was killed goes on by itself.
    """
    if (await sql.get(session, "has_members"))["has_members"]:
        return None
    return await enqueue(session, IMPORT_TASK, {"path": str(path)}, dedup_key="cards")


async def import_cards(job: Job, path: Path) -> dict[str, int]:
    """Take a file in by slices, each of them once, whatever is killed in between.

    Then its round-ups are made, a year after the other, since a refund undoes what was bought in
    the year before; the decision of its strings is queued. Returns how many rows stand as purchases
    and how many were refused; those wait in quarantine. Raises StatementFileError.
    """
    told = await job.step("rows", partial(_take_rows, job, path))
    for first, last in years(*(_day(day) for day in told["days"])):
        await job.progress(told["rows"], told["rows"], f"round-ups of {first.year}")
        await _round_up(job, first, last)
    await enqueue(job.session, MAP_TASK, {})
    return {"purchases": told["purchases"], "refused": told["refused"]}


async def _take_rows(job: Job, path: Path) -> dict[str, Any]:
    """Take in what the file says; a later attempt does not read it again."""
    file = await asyncio.to_thread(look_at, path)
    await job.step("cards", lambda: _put_cards(job.session, file))
    accounts = {row["card"]: row["id"] for row in await sql.fetch(job.session, "list_cards")}
    await job.checkpoint()
    total, number, done = Recorded(), 0, 0
    async for part in _slices(file, accounts):
        told = await job.step(f"rows {number}", partial(_take, job, path, part))
        first, last = (_day(day) for day in told["days"])
        total += Recorded(told["purchases"], refused=told["refused"], first=first, last=last)
        number, done = number + 1, done + len(part.lines) + len(part.bad)
        await job.progress(done, file.rows, f"{done:,} of {file.rows:,} rows")
        _log.info("cards_imported", rows=done, of=file.rows)
    days = [day and day.isoformat() for day in (total.first, total.last)]
    return {"rows": done, "purchases": total.new, "refused": total.refused, "days": days}


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def years(first: date | None, last: date | None) -> Iterator[tuple[date, date]]:
    """Yield the days from `first` to `last` by calendar year: one statement takes in each."""
    while first is not None and last is not None and first <= last:
        end = min(last, date(first.year, 12, 31))
        yield first, end
        first = end + timedelta(days=1)


async def _put_cards(session: Session, file: CardFile) -> int:
    rows = [
        {"card": card, **{name: str(new_id()) for name in ("member_id", "item_id", "account_id")}}
        for card in file.cards
    ]
    facts = {"currency": file.form.currency, "institution": file.path.stem[:200]}
    return await sql.execute_rows(session, "put_cards", rows, **facts)


async def _slices(file: CardFile, accounts: dict[str, UUID]) -> AsyncIterator[_Slice]:
    """Yield the file by slices, read beside what else this process does."""
    waiting = read_cards(file, today_utc())
    while batch := await asyncio.to_thread(lambda: list(islice(waiting, ROWS_AT_ONCE))):
        bad = [one for one in batch if isinstance(one, BadLine)]
        lines = [(accounts[one[0]], one[1]) for one in batch if not isinstance(one, BadLine)]
        yield _Slice(lines, bad)


async def _round_up(job: Job, first: date, last: date) -> None:
    """Make the round-ups of a year, a part of the members at a time, each of them once."""

    async def accrue(part: round_ups.Members) -> int:
        return (await round_ups.accrue(job.session, first, last, part)).made

    for part in await round_ups.list_parts(job.session):
        made = await job.step(f"round-ups {first} {part.low}", partial(accrue, part))
        _log.info("cards_rounded_up", year=first.year, round_ups=made)


async def _take(job: Job, path: Path, part: _Slice) -> dict[str, Any]:
    recorded = Recorded()
    async for so_far in record_stream(job.runtime.database, job.tenant_id, part.lines):
        recorded = so_far
    refused = [Refused(one.number, one.reason, (one.text,)) for one in part.bad]
    await quarantine(job.session, IMPORT_LINES, path.name, refused)
    days = [day and day.isoformat() for day in (recorded.first, recorded.last)]
    # What an attempt that was killed had written stands as well.
    stand = recorded.new + recorded.changed + recorded.known
    return {"purchases": stand, "refused": recorded.refused + len(part.bad), "days": days}
