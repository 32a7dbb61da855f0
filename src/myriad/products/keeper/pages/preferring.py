"""Settings: what the owner prefers, and what of it concerns staff."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from myriad.kit.errors import ForbiddenError, InvalidInputError
from myriad.products.keeper.export_answer import answer_export
from myriad.products.keeper.pages import setting_forms
from myriad.products.keeper.pages.route import page_router, see_other
from myriad.products.keeper.preferences import (
    PreferenceError,
    Preferences,
    read_preferences,
    write_preferences,
)
from myriad.products.keeper.views.preferences import NOTICE_KINDS
from myriad.scale import ui
from myriad.scale.data import ReadSession, Session
from myriad.scale.directory import Principal, list_members
from myriad.scale.http import CurrentRuntime, Owner, Staff, TenantReadSession, TenantSession
from myriad.scale.ui.page import CurrentPage

SETTINGS = "/keeper/settings"
_RENDERER = ui.Renderer(Path(__file__).parents[1] / "templates")
_UNUSABLE = 422
_LONGEST_FORM = 60
KIND_WORDS = {
    "low_review": "A review of one or two stars",
    "urgent_insight": "Something urgent in your figures",
    "new_tasks": "New people to call",
    "report": "A report is ready",
    "connection": "Square can no longer be read",
    "data_accuracy": "Totals differ from Square",
}
PRIVACY_WORDS = (
    ("owner_only", "Only owners see figures of staff"),
    ("own", "Everybody sees their own figures"),
    ("team", "Everybody sees the whole team's figures"),
)
TONE_WORDS = (("warm", "Warm"), ("formal", "Formal"), ("short", "Short"))

router = page_router()


@dataclass(frozen=True)
class Sent:
    """A form that could not be used: which, what was typed, and what is wrong with it."""

    part: str = ""
    typed: dict[str, str] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)

    def value(self, part: str, name: str, otherwise: object) -> object:
        """Return what was typed into a field, or else what holds now."""
        return self.typed.get(name, "") if part == self.part else otherwise

    def fault(self, part: str, name: str) -> str:
        """Return what is wrong with a field."""
        return self.faults.get(name, "") if part == self.part else ""


@router.get("/settings")
async def settings(page: CurrentPage, caller: Staff, session: TenantReadSession) -> Response:
    """Show the settings; staff see what concerns them."""
    return await _draw(page, caller, session)


@router.get("/export.zip")
async def export(caller: Owner, runtime: CurrentRuntime, session: TenantSession) -> Response:
    """Download everything that the account holds."""
    return await answer_export(session, runtime, caller)


@router.post("/settings/notices")
async def choose_emails(
    request: Request, page: CurrentPage, caller: Staff, session: TenantSession
) -> Response:
    """Choose which e-mails come: everybody their own, an owner anybody's."""
    typed, many = await _read(request)
    typed.setdefault("user_id", str(caller.id))
    if not caller.is_owner and typed["user_id"] != str(caller.id):
        raise ForbiddenError("only an owner of the account may choose the e-mails of others")
    return await _change(page, caller, session, "notices", typed, many)


@router.post("/settings/{part}")
async def change(
    request: Request, page: CurrentPage, caller: Owner, session: TenantSession, part: str
) -> Response:
    """Change one part of the settings."""
    if part not in setting_forms.FORMS:
        raise InvalidInputError(f"there is no part {part!r} of the settings")
    typed, many = await _read(request)
    return await _change(page, caller, session, part, typed, many)


async def _read(request: Request) -> tuple[dict[str, str], list[str]]:
    """Return what was typed, and the boxes that were ticked under the name `kind`."""
    form = await request.form(max_fields=_LONGEST_FORM)
    typed = {name: value for name, value in form.items() if isinstance(value, str)}
    return typed, [value for value in form.getlist("kind") if isinstance(value, str)]


async def _change(
    page: ui.PageContext,
    caller: Principal,
    session: Session,
    part: str,
    typed: dict[str, str],
    many: list[str],
) -> Response:
    try:
        now = await read_preferences(session)
        changes = setting_forms.changes_of(part, typed, many, now)
        await write_preferences(session, changes, caller)
    except PreferenceError as error:
        sent = Sent(part, typed, setting_forms.faults_of(part, error))
        return await _draw(page, caller, session, sent)
    return see_other(f"{SETTINGS}#{'closed' if part in ('close', 'reopen') else part}")


async def _draw(
    page: ui.PageContext, caller: Principal, session: ReadSession, sent: Sent = Sent()
) -> Response:
    now = await read_preferences(session)
    return _RENDERER.respond(
        page,
        "keeper/settings.html",
        status=_UNUSABLE if sent.faults else 200,
        now=now,
        sent=sent,
        is_owner=caller.is_owner,
        people=await _people(session, caller, now),
        forms=setting_forms,
        kinds=KIND_WORDS,
        privacies=PRIVACY_WORDS,
        tones=TONE_WORDS,
        verticals=setting_forms.trades(now),
        answer=_answer(now, caller),
    )


async def _people(
    session: ReadSession, caller: Principal, now: Preferences
) -> list[dict[str, Any]]:
    """Return who gets which e-mails: everybody for an owner, oneself for staff."""
    members = await list_members(session, caller.tenant_id)
    shown = [item for item in members if caller.is_owner or item.user_id == caller.id]
    return [{"member": item, "kinds": _kinds(now, item.user_id)} for item in shown]


def _kinds(now: Preferences, user_id: UUID) -> set[str]:
    return setting_forms.kinds_of(now, user_id, NOTICE_KINDS)


def _answer(now: Preferences, caller: Principal) -> str:
    quiet = now.quiet_hours
    if quiet is None:
        first = "Messages may come at any hour"
    else:
        first = f"Nobody is disturbed from {quiet.start:%H:%M} to {quiet.end:%H:%M}"
    if not caller.is_owner:
        return first
    shared = "figures are compared with peers" if now.network_opt_in else "nothing is shared"
    return f"{first}; {shared}"
