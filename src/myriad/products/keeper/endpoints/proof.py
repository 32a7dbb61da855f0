"""What is proven: how often insights come true, and what calls bring."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from pydantic import BaseModel
from starlette.responses import Response

from myriad.products.keeper import repository
from myriad.products.keeper.endpoints.paging import page
from myriad.products.keeper.repository.insights import list_scores
from myriad.products.keeper.repository.muting import mute_kind, unmute_kind
from myriad.products.keeper.repository.proof import get_proof, switch_control_group
from myriad.products.keeper.views import InsightCard, KindScore, ProofView
from myriad.scale.http import Owner, Page, PageRequest, Router, TenantReadSession, TenantSession

router = Router()
Kind = Annotated[str, Path(max_length=60, description="a kind of insight, such as takings_trend")]


class InsightsPage(Page[InsightCard]):
    """One page of insights, with how often each kind came true against the goal."""

    accuracy: list[KindScore]
    goal: float


class ControlGroupChoice(BaseModel):
    """Whether a tenth of the call list is held out."""

    on: bool


@router.get("/insights")
async def list_insights(
    paging: PageRequest, session: TenantReadSession, response: Response
) -> InsightsPage:
    """Return claims with evidence, predictions and grades, the latest day first; silent kinds not."""
    view = await repository.list_insights(session, paging.after_key, paging.limit)
    rows = page(paging, response, view.insights, view.next_after)
    return InsightsPage(
        items=rows.items,
        next_cursor=rows.next_cursor,
        accuracy=list(view.scores),
        goal=view.goal,
    )


@router.post("/insights/kinds/{kind}/mute")
async def mute(kind: Kind, caller: Owner, session: TenantSession) -> list[KindScore]:
    """Silence a kind of insight until the owner lets it speak again; return every kind's accuracy."""
    await mute_kind(session, kind, caller)
    return list(await list_scores(session))


@router.post("/insights/kinds/{kind}/unmute")
async def unmute(kind: Kind, caller: Owner, session: TenantSession) -> list[KindScore]:
    """Let a kind speak again, judged by what it says from now on; return every kind's accuracy."""
    await unmute_kind(session, kind, caller)
    return list(await list_scores(session))


@router.get("/proof")
async def proof(session: TenantReadSession) -> ProofView:
    """Return what calls brought over a year, against the tenth of the list that was not called."""
    return await get_proof(session)


@router.post("/proof/control-group")
async def control_group(
    body: ControlGroupChoice, caller: Owner, session: TenantSession
) -> ProofView:
    """Switch the control group on or off; without it nobody can say what calls bring."""
    await switch_control_group(session, body.on, caller)
    return await get_proof(session)
