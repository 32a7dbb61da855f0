"""The visits of an account: made anew from payments and bookings, or only where something changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from myriad.products.keeper.repository.notes import MARGIN, Note, find_note, store_note
from myriad.products.keeper.repository.sql import QUERIES, fetch_text, get
from myriad.scale.data import Session

_NOTE = "visits"
_EVERY_DAY = {
    "$days": "IS NOT NULL",
    # Read as a whole: looked up order by order, all lines would cost five times as much.
    "$lines": "(SELECT tenant_id, order_ext_id, name FROM keeper.order_line OFFSET 0)",
}
_SOME_DAYS = {"$days": "= ANY (%(days)s::date[])", "$lines": "keeper.order_line"}


async def rebuild_visits(session: Session, day: date) -> int:
    """Make the visits what the payments and bookings up to `day` say; return rows changed."""
    changed = await _write(session, {"day": day}, _EVERY_DAY)
    await store_note(session, _NOTE, day, {"whole_on": day.isoformat()})
    return changed


async def refresh_visits(
    session: Session, day: date, moved: Sequence[UUID] = (), margin: timedelta = MARGIN
) -> int:
    """Do what `rebuild_visits` does, on the days on which something changed since the last time.

    A visit is made of its own day's payments and bookings. `moved` are profiles that have come to
    another person since; changes up to `margin` before the last time are looked at once more.
    """
    note = await find_note(session, _NOTE)
    if note is None or not note.serves(day):
        return await rebuild_visits(session, day)
    return await _refresh(session, day, moved, note, margin)


async def _refresh(
    session: Session, day: date, moved: Sequence[UUID], note: Note, margin: timedelta
) -> int:
    touched = await get(
        session, "touched_days", day=day, last=note.business_date, since=note.noted_at - margin
    )
    if touched["staff_renamed"]:
        return await rebuild_visits(session, day)
    days = set(touched["days"])
    if moved:
        found = await get(session, "days_of_profiles", day=day, profiles=list(moved))
        days.update(found["days"])
    changed = 0
    if days:
        changed = await _write(session, {"day": day, "days": sorted(days)}, _SOME_DAYS)
    await store_note(session, _NOTE, day, note.facts)
    return changed


async def _write(session: Session, parameters: dict[str, Any], words: Mapping[str, str]) -> int:
    sql = QUERIES["store_visits"]
    for name, text in words.items():
        sql = sql.replace(name, text)
    return int((await fetch_text(session, sql, parameters))[0]["changed"])
