"""The API of who runs an account: inviting staff, and who of them owns it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from myriad.scale.directory import (
    Invited,
    Role,
    change_role,
    invite_staff,
    invite_staff_again,
    link_of,
    list_staff_invitations,
    withdraw,
)
from myriad.scale.http import Owner, Router, TenantReadSession, TenantSession

router = Router(tags=["platform"])

_TAKEN: dict[int | str, dict[str, Any]] = {
    409: {"description": "The address is in the account or invited already, or too many wait."}
}
_LAST: dict[int | str, dict[str, Any]] = {
    409: {"description": "The person is the account's last owner, or a member whom it serves."}
}
_LONGEST = 320


class InvitationCreate(BaseModel):
    """Whom to let in as staff."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=200)]
    email: Annotated[str, Field(min_length=3, max_length=_LONGEST)]


class InvitationMade(BaseModel):
    """A new invitation; its link is shown this once, lets one person in, and is good for a week."""

    id: UUID
    link: str
    expires_at: datetime


class InvitationRead(BaseModel):
    """An invitation that nobody took; over when `expires_at` has passed."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    email: str
    name: str
    invited_by: str
    expires_at: datetime


class MemberChange(BaseModel):
    """What somebody who runs the account may do in it."""

    model_config = ConfigDict(extra="forbid")

    role: Literal["owner", "staff"]


@router.get("/invitations")
async def invitations(_caller: Owner, session: TenantReadSession) -> list[InvitationRead]:
    """List the invitations to run the account that nobody took, newest first; at most fifty."""
    waiting = await list_staff_invitations(session)
    return [InvitationRead.model_validate(one) for one in waiting]


@router.post("/invitations", status_code=201, responses=_TAKEN)
async def create_invitation(
    request: Request, caller: Owner, session: TenantSession, body: InvitationCreate
) -> InvitationMade:
    """Invite somebody to run the account as staff; nothing is mailed, the link is handed over."""
    invited = await invite_staff(session, caller, email=body.email, name=body.name)
    return _made(request, invited)


@router.post("/invitations/{invitation_id}/again", status_code=201, responses=_TAKEN)
async def renew_invitation(
    request: Request, caller: Owner, session: TenantSession, invitation_id: UUID
) -> InvitationMade:
    """Make another link for the same address; the older one ends."""
    sent = await invite_staff_again(session, caller, invitation_id)
    return _made(request, sent.invited)


@router.delete("/invitations/{invitation_id}", status_code=204)
async def withdraw_invitation(caller: Owner, session: TenantSession, invitation_id: UUID) -> None:
    """End an invitation that nobody took; its link lets nobody in any more."""
    await withdraw(session, caller, invitation_id)


@router.patch("/members/{user_id}", status_code=204, responses=_LAST)
async def change_member(
    caller: Owner, session: TenantSession, user_id: UUID, body: MemberChange
) -> None:
    """Make somebody an owner of the account, or an owner staff; the last owner stays."""
    await change_role(session, caller, user_id, Role(body.role))


def _made(request: Request, invited: Invited) -> InvitationMade:
    link = link_of(str(request.base_url), invited.token)
    return InvitationMade(id=invited.id, link=link, expires_at=invited.expires_at)
