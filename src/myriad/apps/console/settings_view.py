"""The page of an account's settings, as it stands after a look or a form."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from starlette.responses import RedirectResponse, Response

from myriad.scale.data import ReadSession
from myriad.scale.directory import (
    Principal,
    Role,
    list_api_keys,
    list_members,
    list_staff_invitations,
)
from myriad.scale.ui import PageContext, Renderer

SETTINGS = "/settings"
Done = Literal["", "removed", "withdrawn", "owner", "staff"]
_SEE_OTHER = 303
_SAID: dict[Done, tuple[str, str]] = {
    "": ("", ""),
    "removed": (
        "The membership has ended",
        "They are signed out and open nothing here any more. What they did stays.",
    ),
    "withdrawn": ("The invitation is withdrawn", "Its link lets nobody in any more."),
    "owner": ("They own the account now", "They may do all that you may, from now on."),
    "staff": (
        "They are staff now",
        "An owner's keys that they issued have ended, and so have invitations that they sent.",
    ),
}
_renderer = Renderer(Path(__file__).parent / "templates")


@dataclass(frozen=True)
class Told:
    """What a form came to: a key or a link that is shown once, or a fault with what was typed.

    `is_fault_of_people` says that the fault belongs to the form that invites.
    """

    token: str = ""
    fault: str = ""
    is_fault_of_people: bool = False
    invited: str = ""
    link: str = ""
    typed: dict[str, str] = field(default_factory=dict)
    done: Done = ""


NOTHING = Told()


async def draw_settings(
    page: PageContext,
    caller: Principal,
    session: ReadSession,
    told: Told = NOTHING,
    *,
    status: int = 200,
) -> Response:
    """Return the page: the account, its people and, to an owner, invitations and API keys."""
    members = await list_members(session, caller.tenant_id)
    keys = await list_api_keys(session) if caller.is_owner else []
    return _renderer.respond(
        page,
        "console/settings.html",
        status=status,
        is_owner=caller.is_owner,
        members=members,
        owners=sum(1 for one in members if one.role is Role.OWNER),
        waiting=await list_staff_invitations(session) if caller.is_owner else [],
        keys=keys,
        issued=Counter(key.created_by for key in keys if key.revoked_at is None),
        told=told,
        done=_SAID[told.done],
    )


def back(done: Done = "") -> Response:
    """Return the way back to the page after a form."""
    return RedirectResponse(f"{SETTINGS}?done={done}" if done else SETTINGS, _SEE_OTHER)
