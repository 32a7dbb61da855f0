"""Who of the programme is signed in, for the pages and routes that show a person what is theirs.

    @router.get("/roundups")
    async def list_round_ups(member: CurrentMember, reader: OwnReader) -> ...

Row security parts programmes, not people: every query of such a route is bound to `member.id`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends
from starlette.requests import Request

from myriad.kit.errors import NotFoundError
from myriad.products.kamioi.member.joining import claim
from myriad.products.kamioi.notification.alerts import alerts_of
from myriad.products.kamioi.notification.reading import find_unread
from myriad.products.kamioi.repository.sql import QUERIES, find
from myriad.scale.http import Belonging, CurrentRuntime, OwnReader
from myriad.scale.tenancy import TenantId
from myriad.scale.ui.context import PageContext
from myriad.scale.ui.page import OwnPage


class NoPartError(NotFoundError):
    """Who is signed in belongs to the programme's tenant and is no member of the programme."""

    code = "kamioi_no_part"
    title = "You take no part yet"


# What every route of a member may answer, for the API's document.
NO_PART: Mapping[int | str, dict[str, Any]] = MappingProxyType(
    {404: {"description": "Who asks takes no part in the programme, or it is not theirs."}}
)


@dataclass(frozen=True, slots=True)
class MemberFacts:
    """The member who is signed in; `state` is `active`, `paused`, `frozen` or `closed`."""

    tenant_id: TenantId
    id: UUID
    user_id: UUID
    name: str
    currency: str
    time_zone: str
    state: str


async def current_member(
    caller: Belonging, reader: OwnReader, runtime: CurrentRuntime
) -> MemberFacts:
    """Return the member who is signed in, or raise NoPartError.

    Who took an invitation becomes the invited member with the first page that they open.
    """
    row = await reader.row(QUERIES["find_member_of_user"], {"user_id": caller.id})
    is_person = caller.kind == "user"
    if row is None and is_person and await claim(runtime.database, caller.tenant_id, caller.id):
        async with runtime.database.read_session(caller.tenant_id) as session:
            row = await find(session, "find_member_of_user", user_id=caller.id)
    if row is None:
        raise NoPartError(
            "you take no part in this programme yet; ask whoever runs it to invite you, and open "
            "the link that they send"
        )
    return MemberFacts(tenant_id=caller.tenant_id, user_id=caller.id, **row)


CurrentMember = Annotated[MemberFacts, Depends(current_member)]


async def member_page(
    request: Request, page: OwnPage, member: CurrentMember, reader: OwnReader
) -> PageContext:
    """Return the page of the member, with times in their own zone and what they have not read."""
    if "hx-request" in request.headers:
        return replace(page, zone=member.time_zone)
    unread = await find_unread(reader, member.id)
    return replace(page, zone=member.time_zone, alerts=alerts_of(unread))


MemberPage = Annotated[PageContext, Depends(member_page)]
