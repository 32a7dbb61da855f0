"""Who looked at a member: one line for each person, member, place and day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Literal
from uuid import UUID

from myriad.products.kamioi.repository import sql as queries
from myriad.scale.data import Database, ReadSession, Session
from myriad.scale.directory import Principal

# As long as quality is remembered; who looked a year ago is no news.
KEPT_DAYS = 400
Place = Literal["activity", "portfolio", "foreign", "mapping", "members", "api"]


async def note_look(database: Database, caller: Principal, member_id: UUID, place: Place) -> None:
    """Note that the caller looked at a member of the tenant, in a transaction of its own.

    Nothing is noted of a member that there is not.
    """
    async with database.session(caller.tenant_id) as session:
        if await queries.find(session, "find_member", member_id=member_id) is not None:
            await note_look_in(session, caller, member_id, place)


async def note_looks(
    database: Database, caller: Principal, member_ids: Iterable[UUID], place: Place
) -> None:
    """Note that the caller looked at several members of the tenant, in one transaction.

    The ids are those that a query of the tenant found; nothing is begun for none.
    """
    wanted = set(member_ids)
    if not wanted:
        return
    async with database.session(caller.tenant_id) as session:
        await note_looks_in(session, caller, wanted, place)


async def note_looks_in(
    session: Session, caller: Principal, member_ids: Iterable[UUID], place: Place
) -> None:
    """Note the same within the caller's own transaction, which may have added the members."""
    await queries.execute(
        session,
        "note_looks",
        member_ids=list(member_ids),
        viewer_id=caller.id,
        viewer_kind=caller.kind,
        place=place,
    )


async def note_look_in(session: Session, caller: Principal, member_id: UUID, place: Place) -> None:
    """Note the same within the caller's own transaction; the member is the tenant's."""
    await queries.execute(
        session,
        "note_look",
        member_id=member_id,
        viewer_id=caller.id,
        viewer_kind=caller.kind,
        place=place,
    )


async def note_look_at_string(
    database: Database, session: ReadSession, caller: Principal, descriptor_id: UUID
) -> None:
    """Note that the caller looked at whoever alone has bought at a string.

    What is shown of a string is sums and a line of a statement without a name. While one member
    alone has bought there, all of it is of that one person.
    """
    row = await queries.find(session, "find_only_member_of_string", descriptor_id=descriptor_id)
    if row is not None:
        await note_looks(database, caller, [row["member_id"]], "mapping")


async def forget_looks(session: Session, today: date) -> int:
    """Remove who looked more than 400 days ago; return how many lines went."""
    before = today - timedelta(days=KEPT_DAYS)
    return await queries.execute(session, "forget_looks", before=before)
