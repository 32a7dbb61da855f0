"""A member's access ends: pulls stop, their banks are let go, everything else stays theirs."""

from __future__ import annotations

from uuid import UUID

from myriad.kit.errors import ConflictError, NotFoundError
from myriad.products.kamioi.banking.linking import forget, let_go
from myriad.products.kamioi.repository import sql
from myriad.scale.data import Database, Session
from myriad.scale.directory import Left, Principal, Role, remove_member
from myriad.scale.jobs import Job, enqueue

LET_GO_TASK = "kamioi.item.let_go"


async def take_away(database: Database, caller: Principal, member_id: UUID) -> Left:
    """Take away the access of a member who signs in; only an owner may.

    Raises NotFoundError for an unknown member, ConflictError for one who does not sign in, or who
    runs the programme too: that is taken away where all who run the account stand.
    """
    async with database.read_session(caller.tenant_id) as session:
        row = await sql.find(session, "find_member_sign_in", member_id=member_id)
    if row is None:
        raise NotFoundError("there is no such member")
    if row["user_id"] is None:
        raise ConflictError("this member does not sign in; withdraw their invitation instead")
    if row["role"] != Role.MEMBER.value:
        raise ConflictError("this member runs the programme too; remove them under Settings")
    return await remove_member(database, caller, row["user_id"], also=[part_with])


async def part_with(session: Session, user_id: UUID) -> None:
    """Stop pulling from a member whose membership ends, and queue letting go of their banks.

    Nobody who cannot look any more is read or pulled from. What is on its way settles and buys;
    should they come back, they go on by themselves.
    """
    member = await sql.find(session, "rest_member_of_user", user_id=user_id)
    if member is None:
        return
    for item in await sql.fetch(session, "member_links", member_id=member["id"]):
        if item["provider"] == "plaid":
            payload = {"member_id": str(member["id"]), "item_id": str(item["id"])}
            await enqueue(session, LET_GO_TASK, payload, dedup_key=f"let go:{item['id']}")


async def let_bank_go(job: Job, member_id: UUID, item_id: UUID) -> None:
    """Let one bank go of a member who has left; what Plaid knows no more is forgotten here too."""
    try:
        await let_go(job.runtime, job.tenant_id, member_id, item_id)
    except NotFoundError:
        await forget(job.session, member_id, item_id)
