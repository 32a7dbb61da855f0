"""What a session is worth as it stands, so that every answer shows what it does to the value."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from msgspec.structs import replace

from myriad.kit.clock import utc_now
from myriad.kit.errors import MyriadError
from myriad.kit.money import Money
from myriad.products.upswitch.conversation.live import read_live, write_live
from myriad.products.upswitch.engine.valuation import value
from myriad.products.upswitch.repository.companies import Rows
from myriad.products.upswitch.repository.sessions import (
    get_live,
    get_session,
    keep_live,
    lock_session,
)
from myriad.products.upswitch.valuations.ordering import assemble_session
from myriad.products.upswitch.valuations.vintages import get_in_force
from myriad.products.upswitch.views.sessions import SessionView
from myriad.scale.data import Database, ReadSession, Session


@dataclass(frozen=True, slots=True)
class Worth:
    """The range as it stands, and what the last change did to its middle (None: nothing known)."""

    low: Money
    middle: Money
    high: Money
    change: Money | None


async def worth_of(
    database: Database, session: ReadSession, reader: Rows, view: SessionView
) -> Worth | None:
    """Return what a session is worth now; None while something that it needs is missing."""
    found = await _valued(database, reader, view)
    if found is None:
        return None
    low, middle, high = found
    before = read_live(await get_live(session, view.id)).before_minor
    change = None
    if before is not None and before != middle.minor:
        change = Money(middle.minor - before, middle.currency)
    return Worth(low, middle, high, change)


async def note_worth(database: Database, session: Session, reader: Rows, session_id: UUID) -> None:
    """Keep what a session is worth before something about it changes."""
    view = await get_session(session, session_id)
    found = await _valued(database, reader, view)
    row = await lock_session(session, session_id)
    live = read_live(row["live"], is_expired=row["is_expired"])
    before = None if found is None else found[1].minor
    await keep_live(session, session_id, write_live(replace(live, before_minor=before)))


async def _valued(
    database: Database, reader: Rows, view: SessionView
) -> tuple[Money, Money, Money] | None:
    day = utc_now().date()
    try:
        vintage = await get_in_force(database, day)
        assembled = await assemble_session(reader, view, vintage, day)
        made = value(assembled.inputs, vintage.parameters)
    except MyriadError:
        # Something is still missing; the conversation asks for it.
        return None
    return made.low, made.middle, made.high
