"""What a member sees: home, activity with the reason of each purchase, rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Form, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from myriad.kit.clock import utc_now
from myriad.kit.errors import InvalidInputError
from myriad.products.kamioi.broker.market import market_day
from myriad.products.kamioi.intake.lines import FIRST_DAY
from myriad.products.kamioi.member import activity, home, rules, why
from myriad.products.kamioi.pages import own_words
from myriad.products.kamioi.people import CurrentMember, MemberFacts, MemberPage
from myriad.scale import ui
from myriad.scale.http import BoundReader, OwnPageRequest, OwnReader, OwnSession, Router

HOME, ACTIVITY, RULES = "/kamioi/home", "/kamioi/activity", "/kamioi/rules"
_SEE_OTHER = 303
_LAST_DAY, _LAST_ID = date(9999, 12, 31), UUID(int=2**128 - 1)

router = Router()
_RENDERER = ui.Renderer(Path(__file__).parents[1] / "templates", words=own_words, rules=rules)

Show = Annotated[str, Query(pattern="^(all|pending|open)$")]
Year = Annotated[int, Query(ge=1990, le=2100)]


def _to(path: str, **query: str) -> RedirectResponse:
    return RedirectResponse(f"{path}?{urlencode(query)}" if query else path, _SEE_OTHER)


@router.get("/home")
async def show_home(page: MemberPage, member: CurrentMember, reader: OwnReader) -> Response:
    """Show what waits, when it is pulled, what the shares are worth and how the banks stand."""
    view = await home.look_home(reader, member, utc_now())
    return _RENDERER.respond(page, "kamioi/home.html", view=view)


@router.post("/pause")
async def pause(member: CurrentMember, session: OwnSession) -> Response:
    """Let nothing be pulled until the member goes on."""
    await rules.set_paused(session, member, True, utc_now())
    return _to(HOME)


@router.post("/resume")
async def resume(member: CurrentMember, session: OwnSession) -> Response:
    """Let pulls go on."""
    await rules.set_paused(session, member, False, utc_now())
    return _to(HOME)


@router.get("/activity")
async def show_activity(
    page: MemberPage,
    member: CurrentMember,
    reader: OwnReader,
    paging: OwnPageRequest,
    show: Show = "all",
) -> Response:
    """Show the member's purchases, each with its company and what it rounds up by."""
    filters = activity.Filters(
        FIRST_DAY,
        _LAST_DAY,
        state="pending" if show == "pending" else None,
        is_undecided=show == "open",
    )
    after = paging.after or (_LAST_DAY, _LAST_ID)
    found = await activity.list_purchases(reader, member, filters, after, paging.fetch)
    cursor = paging.next_cursor(found, lambda one: (one.booked_on, one.id))
    return _RENDERER.respond(
        page,
        "kamioi/activity.html",
        purchases=found[: paging.limit],
        show=show,
        first_href=f"{ACTIVITY}?show={show}" if paging.after else "",
        next_href=paging.next_path(cursor) if cursor else "",
    )


@router.get("/activity/{booked_on}/{purchase_id}")
async def show_why(
    page: MemberPage,
    member: CurrentMember,
    reader: OwnReader,
    booked_on: date,
    purchase_id: UUID,
    year: Year = why.REPLAY_YEAR,
    q: Annotated[str, Query(max_length=100)] = "",
    done: Annotated[str, Query(pattern="^(own|all|back|sure)?$")] = "",
) -> Response:
    """Show why a purchase buys what it buys, and let its company be changed."""
    view = await why.explain(reader, member, booked_on, purchase_id, year)
    found = await activity.search_brands(reader, q, market_day(utc_now()))
    return _RENDERER.respond(
        page,
        "kamioi/why.html",
        view=view,
        here=_place(booked_on, purchase_id),
        year=year,
        wanted=q,
        found=found,
        done=done,
    )


@router.post("/activity/{booked_on}/{purchase_id}/company")
async def change_company(
    member: CurrentMember,
    session: OwnSession,
    booked_on: date,
    purchase_id: UUID,
    brand_id: Annotated[str, Form(pattern="^([0-9a-f-]{36}|none|programme)$")],
) -> Response:
    """Let the member's purchases with this text count as another company, at once."""
    place = _place(booked_on, purchase_id)
    if brand_id == "programme":
        await activity.take_back_change(session, member, booked_on, purchase_id)
        return _to(place, done="back")
    brand = None if brand_id == "none" else _id(brand_id)
    done = await activity.change_company(session, member, booked_on, purchase_id, brand)
    return _to(place, done="all" if done.is_proposed_to_all else "own")


@router.post("/activity/{booked_on}/{purchase_id}/confirm")
async def confirm_purchase(
    member: CurrentMember, session: OwnSession, booked_on: date, purchase_id: UUID
) -> Response:
    """Let a large purchase that waits for the member round up."""
    await activity.confirm_own(session, member, booked_on, purchase_id)
    return _to(_place(booked_on, purchase_id), done="sure")


def _place(booked_on: date, purchase_id: UUID) -> str:
    return f"{ACTIVITY}/{booked_on}/{purchase_id}"


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InvalidInputError("that names no company", [("/brand_id", "an id")]) from None


@router.get("/rules")
async def show_rules(
    page: MemberPage,
    member: CurrentMember,
    reader: OwnReader,
    q: Annotated[str, Query(max_length=100)] = "",
    saved: bool = False,
) -> Response:
    """Show the member's rules, and companies to leave out."""
    return await _draw_rules(page, member, reader, wanted=q, saved=saved)


@router.post("/rules")
async def change_rules(
    request: Request,
    page: MemberPage,
    member: CurrentMember,
    reader: OwnReader,
    session: OwnSession,
) -> Response:
    """Put the typed rules in the place of those that the page showed."""
    typed = dict(await request.form())
    now = await rules.get_rules(reader, member)
    try:
        await rules.put_rules(session, member, rules.rules_of(typed, now, member.currency))
    except InvalidInputError as error:
        faults = {pointer.strip("/"): expected for pointer, expected in error.errors}
        return await _draw_rules(page, member, reader, typed=typed, faults=faults)
    return _to(RULES, saved="true")


@router.post("/rules/excluded")
async def change_excluded(
    member: CurrentMember,
    reader: OwnReader,
    session: OwnSession,
    brand_id: Annotated[UUID, Form()],
    leave_out: Annotated[bool, Form()] = False,
) -> Response:
    """Leave a company out of all round-ups from now on, or let it in again."""
    await rules.set_excluded(session, reader, member, brand_id, leave_out)
    return _to(RULES, saved="true")


async def _draw_rules(
    page: ui.PageContext,
    member: MemberFacts,
    reader: BoundReader,
    *,
    wanted: str = "",
    saved: bool = False,
    typed: Mapping[str, object] | None = None,
    faults: dict[str, str] | None = None,
) -> Response:
    view = await rules.look_rules(reader, member)
    found = await activity.search_brands(reader, wanted, market_day(utc_now()))
    return _RENDERER.respond(
        page,
        "kamioi/rules.html",
        status=422 if faults else 200,
        view=view,
        currency=member.currency,
        wanted=wanted,
        found=found,
        saved=saved,
        typed=typed or {},
        faults=faults or {},
    )
