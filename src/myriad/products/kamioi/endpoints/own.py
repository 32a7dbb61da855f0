"""What a member asks of themselves: purchases and why, round-ups, rules, corrections."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from myriad.kit.clock import utc_now
from myriad.products.kamioi.endpoints.intake import Transaction
from myriad.products.kamioi.intake.lines import FIRST_DAY
from myriad.products.kamioi.member import activity, rules, why
from myriad.products.kamioi.people import NO_PART, CurrentMember
from myriad.products.kamioi.repository.sql import QUERIES
from myriad.scale.http import OwnPageRequest, OwnReader, OwnSession, Page, Router, json_answer

router = Router(responses=dict(NO_PART))
_LAST_DAY, _LAST_ID = date(9999, 12, 31), UUID(int=2**128 - 1)
_Since = Annotated[date, Query()]


class RoundUpRead(BaseModel):
    """What a purchase rounded up by; `state` is accrued, swept or reversed."""

    id: UUID
    booked_on: date
    purchase_id: UUID
    amount_minor: int
    currency: str
    destination: Literal["security", "cash", "queue", "skip"]
    state: Literal["accrued", "swept", "reversed"]
    brand: str | None
    ticker: str | None
    sweep_id: UUID | None
    reverses_id: UUID | None


class SettingsWrite(BaseModel):
    """All rules of a member; `version` is the one that was read, amounts are minor units."""

    model_config = ConfigDict(extra="forbid")

    multiplier: int = Field(default=1, ge=1, le=rules.LARGEST_MULTIPLE)
    rounds_whole_amounts: bool = False
    cap_day_minor: int | None = Field(default=None, ge=0, le=rules.LARGEST_MINOR)
    cap_week_minor: int | None = Field(default=None, ge=0, le=rules.LARGEST_MINOR)
    sweep_minor: int = Field(default=500, ge=rules.LEAST_SWEEP_MINOR, le=rules.LARGEST_MINOR)
    guard_minor: int = Field(default=2500, ge=0, le=rules.LARGEST_MINOR)
    private_policy: Literal["etf", "cash", "skip"] = "etf"
    etf_security_id: UUID | None = None
    excluded_brand_ids: list[UUID] = Field(default=[], max_length=rules.MOST_EXCLUDED)
    is_paused: bool = False
    version: int = Field(default=0, ge=0)


class OverrideWrite(BaseModel):
    """The brand that the member's purchases with this text are of; null: of none."""

    model_config = ConfigDict(extra="forbid")

    brand_id: UUID | None


class OverrideRead(BaseModel):
    """What a correction did: round-ups made anew, and whether it is proposed to everybody now."""

    round_ups: int
    is_proposed_to_all: bool


class StepRead(BaseModel):
    """One step from the text on a statement to the share."""

    title: str
    found: str
    source: str


class WhyRead(BaseModel):
    """Why a purchase buys what it buys, and what it would have bought in another year."""

    answer: str
    steps: list[StepRead]
    replay: str


@router.get("/transactions", response_model=Page[Transaction])
async def list_transactions(
    paging: OwnPageRequest,
    member: CurrentMember,
    reader: OwnReader,
    since: _Since = FIRST_DAY,
    until: Annotated[date, Query()] = _LAST_DAY,
) -> Response:
    """Return the caller's purchases, the last booked first."""
    after_day, after_id = paging.after or (_LAST_DAY, _LAST_ID)
    rows = await reader.rows(
        QUERIES["kamioi_transactions"],
        {
            "member_id": member.id,
            "since": since,
            "until": until,
            "after_day": after_day,
            "after_id": after_id,
            "limit": paging.fetch,
        },
    )
    return paging.answer(rows, position=lambda row: (row["booked_on"], row["id"]))


@router.get("/transactions/{booked_on}/{purchase_id}/why")
async def explain_transaction(
    booked_on: date,
    purchase_id: UUID,
    member: CurrentMember,
    reader: OwnReader,
    year: Annotated[int, Query(ge=1990, le=2100)] = why.REPLAY_YEAR,
) -> WhyRead:
    """Return each step from the text on the statement to the share."""
    view = await why.explain(reader, member, booked_on, purchase_id, year)
    steps = [StepRead(title=one.title, found=one.found, source=one.source) for one in view.steps]
    return WhyRead(answer=view.answer, steps=steps, replay=view.replay_words)


@router.post("/transactions/{booked_on}/{purchase_id}/override")
async def override_transaction(
    booked_on: date,
    purchase_id: UUID,
    body: OverrideWrite,
    member: CurrentMember,
    session: OwnSession,
) -> OverrideRead:
    """Let the caller's purchases with this text count as another brand, at once and for good."""
    done = await activity.change_company(session, member, booked_on, purchase_id, body.brand_id)
    return OverrideRead(round_ups=done.round_ups, is_proposed_to_all=done.is_proposed_to_all)


@router.post("/transactions/{purchase_id}/override")
async def override_by_id(
    purchase_id: UUID, body: OverrideWrite, member: CurrentMember, session: OwnSession
) -> OverrideRead:
    """Do the same by the purchase's id alone."""
    booked_on = await activity.find_day(session, member, purchase_id)
    done = await activity.change_company(session, member, booked_on, purchase_id, body.brand_id)
    return OverrideRead(round_ups=done.round_ups, is_proposed_to_all=done.is_proposed_to_all)


@router.delete("/transactions/{purchase_id}/override")
async def take_back_override_by_id(
    purchase_id: UUID, member: CurrentMember, session: OwnSession
) -> OverrideRead:
    """Do the same by the purchase's id alone."""
    booked_on = await activity.find_day(session, member, purchase_id)
    done = await activity.take_back_change(session, member, booked_on, purchase_id)
    return OverrideRead(round_ups=done.round_ups, is_proposed_to_all=False)


@router.delete("/transactions/{booked_on}/{purchase_id}/override")
async def take_back_override(
    booked_on: date, purchase_id: UUID, member: CurrentMember, session: OwnSession
) -> OverrideRead:
    """Let the programme decide again what the caller's purchases with this text stand for."""
    done = await activity.take_back_change(session, member, booked_on, purchase_id)
    return OverrideRead(round_ups=done.round_ups, is_proposed_to_all=False)


@router.post("/transactions/{booked_on}/{purchase_id}/confirm", status_code=204)
async def confirm_transaction(
    booked_on: date, purchase_id: UUID, member: CurrentMember, session: OwnSession
) -> None:
    """Let a purchase of the caller above 10,000 round up, which waits for them."""
    await activity.confirm_own(session, member, booked_on, purchase_id)


@router.get("/roundups", response_model=Page[RoundUpRead])
async def list_round_ups(
    paging: OwnPageRequest,
    member: CurrentMember,
    reader: OwnReader,
    since: _Since = FIRST_DAY,
    until: Annotated[date, Query()] = _LAST_DAY,
    state: Annotated[Literal["accrued", "swept", "reversed"] | None, Query()] = None,
) -> Response:
    """Return what the caller's purchases rounded up by, the last booked first."""
    after_day, after_id = paging.after or (_LAST_DAY, _LAST_ID)
    rows = await reader.rows(
        QUERIES["member_round_ups"],
        {
            "member_id": member.id,
            "since": since,
            "until": until,
            "state": state,
            "after_day": after_day,
            "after_id": after_id,
            "limit": paging.fetch,
        },
    )
    return paging.answer(rows, position=lambda row: (row["booked_on"], row["id"]))


@router.get("/settings", response_model=SettingsWrite)
async def get_settings(member: CurrentMember, reader: OwnReader) -> Response:
    """Return the caller's rules."""
    found = await rules.get_rules(reader, member)
    facts = {**msgspec.structs.asdict(found), "is_paused": member.state == "paused"}
    return json_answer(facts)


@router.put("/settings", response_model=SettingsWrite)
async def put_settings(body: SettingsWrite, member: CurrentMember, session: OwnSession) -> Response:
    """Put these rules in the place of those of their version; 409 when others hold meanwhile."""
    wanted = body.model_dump(exclude={"is_paused"})
    excluded = tuple(dict.fromkeys(body.excluded_brand_ids))
    made = await rules.put_rules(
        session, member, rules.Rules(**{**wanted, "excluded_brand_ids": excluded})
    )
    if body.is_paused != (member.state == "paused"):
        await rules.set_paused(session, member, body.is_paused, utc_now())
    return json_answer({**msgspec.structs.asdict(made), "is_paused": body.is_paused})
