"""Settings, people: letting somebody in who runs the account too, their role, and letting them go."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Form
from starlette.requests import Request
from starlette.responses import Response

from myriad.apps.console.people import let_go
from myriad.apps.console.settings_view import SETTINGS, Told, back, draw_settings
from myriad.kit.errors import ConflictError, InvalidInputError
from myriad.scale.directory import (
    Role,
    change_role,
    invite_staff,
    invite_staff_again,
    link_of,
    withdraw,
)
from myriad.scale.http import CurrentRuntime, Owner, Router, TenantSession
from myriad.scale.ui.page import CurrentPage

PEOPLE = f"{SETTINGS}/people"
_INVITATION = f"{PEOPLE}/invitations/{{invitation_id}}"

router = Router(tags=["settings"])

Text = Annotated[str, Form(max_length=320)]


@router.post(f"{PEOPLE}/invitations")
async def invite_person(
    request: Request,
    caller: Owner,
    page: CurrentPage,
    session: TenantSession,
    name: Text,
    email: Text,
) -> Response:
    """Invite somebody to run the account as staff, and show their link this once."""
    try:
        invited = await invite_staff(session, caller, email=email, name=name)
    except (InvalidInputError, ConflictError) as error:
        typed = {"name": name, "email": email}
        told = Told(fault=error.detail, is_fault_of_people=True, typed=typed)
        return await draw_settings(page, caller, session, told, status=error.status)
    link = link_of(str(request.base_url), invited.token)
    return await draw_settings(page, caller, session, Told(invited=email.strip(), link=link))


@router.post(f"{_INVITATION}/again")
async def make_another_link(
    request: Request,
    caller: Owner,
    page: CurrentPage,
    session: TenantSession,
    invitation_id: UUID,
) -> Response:
    """Show another link for the same address, this once; the older one ends."""
    sent = await invite_staff_again(session, caller, invitation_id)
    link = link_of(str(request.base_url), sent.invited.token)
    return await draw_settings(page, caller, session, Told(invited=sent.email, link=link))


@router.post(f"{_INVITATION}/withdraw")
async def withdraw_invitation(
    caller: Owner, session: TenantSession, invitation_id: UUID
) -> Response:
    """End an invitation that nobody took; its link lets nobody in any more."""
    await withdraw(session, caller, invitation_id)
    return back("withdrawn")


@router.post(f"{PEOPLE}/{{user_id}}/role")
async def give_role(
    caller: Owner,
    session: TenantSession,
    user_id: UUID,
    role: Annotated[Literal["owner", "staff"], Form()],
) -> Response:
    """Make somebody an owner of the account, or an owner staff; the last owner stays."""
    await change_role(session, caller, user_id, Role(role))
    return back(role)


@router.post(f"{PEOPLE}/{{user_id}}/remove")
async def remove_person(
    caller: Owner,
    runtime: CurrentRuntime,
    user_id: UUID,
    keys: Annotated[Literal["", "revoke"], Form()] = "",
) -> Response:
    """Take a person's membership away at once; what they did stays."""
    await let_go(runtime.database, caller, user_id, revokes_keys=keys == "revoke")
    return back("removed")
