"""Who takes part, and letting people in and out, for those who run the programme."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from myriad.kit.clock import utc_now
from myriad.kit.errors import InvalidInputError
from myriad.products.kamioi.looking import note_looks, note_looks_in
from myriad.products.kamioi.member import joining, leaving, settling
from myriad.products.kamioi.member.inviting import can_mail, enqueue_mail
from myriad.products.kamioi.member.joining import MemberRow
from myriad.products.kamioi.pages import member_words
from myriad.scale import ui
from myriad.scale.data import ReadSession, Session
from myriad.scale.directory import Invited, Principal, link_of
from myriad.scale.http import (
    CurrentRuntime,
    Owner,
    PageRequest,
    Paging,
    Router,
    Staff,
    TenantReadSession,
    TenantSession,
)
from myriad.scale.runtime import Runtime
from myriad.scale.ui.page import CurrentPage

MEMBERS = "/kamioi/admin/members"
_SEE_OTHER = 303

router = Router()
_RENDERER = ui.Renderer(Path(__file__).parents[1] / "templates", say=member_words)

Text = Annotated[str, Form(max_length=320)]


@dataclass(frozen=True)
class Asked:
    """What a request to this screen brings beside its session."""

    request: Request
    page: ui.PageContext
    caller: Principal
    runtime: Runtime
    paging: Paging


async def _asked(
    request: Request,
    page: CurrentPage,
    caller: Staff,
    runtime: CurrentRuntime,
    paging: PageRequest,
) -> Asked:
    return Asked(request, page, caller, runtime, paging)


Here = Annotated[Asked, Depends(_asked)]


@dataclass(frozen=True)
class Told:
    """What a form came to: an invitation mailed or to be handed over by its link, or a fault."""

    invited: str = ""
    link: str = ""
    fault: str = ""
    typed: dict[str, str] = field(default_factory=dict)
    done: str = ""


@router.get("/admin/members")
async def show_members(
    here: Here,
    session: TenantReadSession,
    done: Literal["", "withdrawn", "left", "settled"] = "",
) -> Response:
    """Show the members, the newest first; that somebody looked at them is noted."""
    found = await _list(here, session)
    ids = [one.id for one in found[: here.paging.limit]]
    await note_looks(here.runtime.database, here.caller, ids, "members")
    return await _draw(here, session, found, Told(done=done))


@router.post("/admin/members")
async def invite_member(here: Here, session: TenantSession, name: Text, email: Text) -> Response:
    """Add a member and mail their invitation, or show its link this once."""
    try:
        invited = await joining.invite_new(session, here.caller, name=name, email=email)
    except InvalidInputError as error:
        typed = {"name": name, "email": email}
        return await _draw_after(here, session, Told(fault=error.detail, typed=typed))
    return await _hand_over(here, session, invited, email)


@router.post("/admin/members/{member_id}/invite")
async def invite_known_member(
    here: Here, session: TenantSession, member_id: UUID, email: Text
) -> Response:
    """Invite the person of a member who is there already; an older invitation ends."""
    try:
        invited = await joining.invite_known(session, here.caller, member_id, email=email)
    except InvalidInputError as error:
        return await _draw_after(here, session, Told(fault=error.detail))
    return await _hand_over(here, session, invited, email)


@router.post("/admin/members/{member_id}/invitation/again")
async def send_again(here: Here, session: TenantSession, member_id: UUID) -> Response:
    """Invite a member anew to the same address; the older link ends."""
    sent = await joining.invite_again(session, here.caller, member_id)
    return await _hand_over(here, session, sent.invited, sent.email)


@router.post("/admin/members/{member_id}/invitation/withdraw")
async def withdraw_invitation(caller: Staff, session: TenantSession, member_id: UUID) -> Response:
    """End the invitation that waits for a member."""
    await joining.withdraw_of(session, caller, member_id)
    return RedirectResponse(f"{MEMBERS}?done=withdrawn", _SEE_OTHER)


@router.post("/admin/members/{member_id}/leave")
async def take_access_away(caller: Owner, runtime: CurrentRuntime, member_id: UUID) -> Response:
    """Take a member's access away; what is theirs stays."""
    await leaving.take_away(runtime.database, caller, member_id)
    return RedirectResponse(f"{MEMBERS}?done=left", _SEE_OTHER)


@router.post("/admin/members/{member_id}/settle")
async def settle_debt(caller: Owner, session: TenantSession, member_id: UUID) -> Response:
    """Take in what a member owes since their bank took a pull back, and let them go on."""
    await settling.settle(session, caller, member_id, utc_now())
    return RedirectResponse(f"{MEMBERS}?done=settled", _SEE_OTHER)


async def _hand_over(here: Asked, session: Session, invited: Invited, email: str) -> Response:
    """Queue the invitation's mail; without a mail server show its link, this once."""
    if can_mail(here.runtime):
        await enqueue_mail(session, here.runtime, invited)
        return await _draw_after(here, session, Told(invited=email))
    link = link_of(str(here.request.base_url), invited.token)
    return await _draw_after(here, session, Told(invited=email, link=link))


async def _draw_after(here: Asked, session: Session, told: Told) -> Response:
    """Draw what a form's transaction leaves, and note the look in it."""
    found = await _list(here, session)
    ids = [one.id for one in found[: here.paging.limit]]
    await note_looks_in(session, here.caller, ids, "members")
    return await _draw(here, session, found, told)


async def _list(here: Asked, session: ReadSession) -> Sequence[MemberRow]:
    return await joining.list_members(session, here.paging.after, here.paging.fetch)


async def _draw(
    here: Asked, session: ReadSession, found: Sequence[MemberRow], told: Told
) -> Response:
    cursor = here.paging.next_cursor(found, lambda one: (one.id,))
    return _RENDERER.respond(
        here.page,
        "kamioi/members.html",
        status=422 if told.fault else 200,
        total=await joining.count_members(session),
        members=found[: here.paging.limit],
        told=told,
        can_mail=can_mail(here.runtime),
        is_owner=here.caller.is_owner,
        takes_part=await joining.takes_part(session, here.caller.id),
        first_href=MEMBERS if here.paging.after else "",
        next_href=f"{MEMBERS}?cursor={cursor}" if cursor else "",
    )
