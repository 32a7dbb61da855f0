"""Proof: what calls bring; and which kinds of insight may speak."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Annotated, Literal

from fastapi import Form, Path
from starlette.responses import Response

from myriad.products.keeper.pages import kept as keeping
from myriad.products.keeper.pages import links, proof_figures, proof_words
from myriad.products.keeper.pages.kept import CurrentKept, asked_of
from myriad.products.keeper.pages.links import Place
from myriad.products.keeper.pages.route import page_router, see_other
from myriad.products.keeper.repository.insights import list_insights
from myriad.products.keeper.repository.muting import mute_kind, unmute_kind
from myriad.products.keeper.repository.proof import get_proof, switch_control_group
from myriad.products.keeper.settings import KeeperSettings
from myriad.products.keeper.views import InsightsView, ProofView
from myriad.scale import ui
from myriad.scale.data import ReadSession
from myriad.scale.http import Owner, PageRequest, TenantSession

PROOF, INSIGHTS = "/keeper/proof", "/keeper/insights"
Kind = Annotated[str, Path(max_length=60)]

router = page_router()
_RENDERER = ui.Renderer(FilePath(__file__).parents[1] / "templates")


@router.get("/insights")
async def insights(kept: CurrentKept, paging: PageRequest) -> Response:
    """Show claims, what they predict, and how earlier ones were graded."""
    least = kept.runtime.settings_of(KeeperSettings).minimum_customers

    async def draw(session: ReadSession) -> ui.Part:
        view = await list_insights(session, paging.after_key, minimum_customers=least)
        at = links.place(paging, view.next_after)
        return draw_insights(kept.zone, view, at, kept.caller.is_owner)

    return await kept.respond(keeping.INSIGHTS, (least, *asked_of(paging)), draw)


@router.post("/insights/kinds/{kind}/mute")
async def mute(caller: Owner, session: TenantSession, kind: Kind) -> Response:
    """Silence a kind of insight."""
    await mute_kind(session, kind, caller)
    return see_other(INSIGHTS)


@router.post("/insights/kinds/{kind}/unmute")
async def unmute(caller: Owner, session: TenantSession, kind: Kind) -> Response:
    """Let a kind of insight speak again."""
    await unmute_kind(session, kind, caller)
    return see_other(INSIGHTS)


@router.get("/proof")
async def proof(kept: CurrentKept) -> Response:
    """Show what calls brought, against the people who were not called."""

    async def draw(session: ReadSession) -> ui.Part:
        return draw_proof(kept.zone, await get_proof(session), kept.caller.is_owner)

    return await kept.respond(keeping.PROOF, (), draw)


@router.post("/proof/control-group")
async def control_group(
    caller: Owner, session: TenantSession, on: Annotated[Literal["yes", "no"], Form()]
) -> Response:
    """Switch the control group on or off."""
    await switch_control_group(session, on == "yes", caller)
    return see_other(PROOF)


def draw_insights(
    zone: str, view: InsightsView, at: Place = Place(), is_owner: bool = True
) -> ui.Part:
    """Return insights with their grades."""
    return _draw(zone, "insights", view=view, at=at, is_owner=is_owner)


def draw_proof(zone: str, view: ProofView, is_owner: bool = True) -> ui.Part:
    """Return what calls brought."""
    return _draw(zone, "proof", view=view, is_owner=is_owner)


def _draw(zone: str, name: str, **values: object) -> ui.Part:
    return _RENDERER.draw(
        zone, f"keeper/{name}.html", words=proof_words, figures=proof_figures, **values
    )
