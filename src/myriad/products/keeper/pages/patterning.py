"""Patterns: what goes together, what follows what; Benchmarks: the account beside its peers."""

from __future__ import annotations

from pathlib import Path

from starlette.responses import HTMLResponse, Response

from myriad.products.keeper.pages import pattern_figures, pattern_words
from myriad.products.keeper.pages.kept import PATTERNS, CurrentKept
from myriad.products.keeper.pages.route import page_router, see_other
from myriad.products.keeper.preferences import write_preferences
from myriad.products.keeper.repository.benchmarks import get_benchmarks
from myriad.products.keeper.repository.patterns import get_patterns
from myriad.products.keeper.views.patterns import BenchmarksView, PatternsView
from myriad.scale import ui
from myriad.scale.data import ReadSession
from myriad.scale.http import Owner, Staff, TenantReadSession, TenantSession
from myriad.scale.ui.page import CurrentPage

BENCHMARKS = "/keeper/benchmarks"
_RENDERER = ui.Renderer(Path(__file__).parents[1] / "templates")

router = page_router()


@router.get("/patterns")
async def patterns(kept: CurrentKept) -> Response:
    """Show what the last weekly search found."""

    async def draw(session: ReadSession) -> ui.Part:
        return draw_patterns(kept.zone, await get_patterns(session))

    return await kept.respond(PATTERNS, (), draw)


@router.get("/benchmarks")
async def benchmarks(page: CurrentPage, caller: Staff, session: TenantReadSession) -> Response:
    """Show the account beside its peers."""
    return draw_benchmarks(page, await get_benchmarks(session), caller.is_owner)


@router.post("/benchmarks/join")
async def join(caller: Owner, session: TenantSession) -> Response:
    """Lend the account's figures to the pool: a job of this transaction measures them at once."""
    await write_preferences(session, {"network_opt_in": True}, caller)
    return see_other(BENCHMARKS)


@router.post("/benchmarks/leave")
async def leave(caller: Owner, session: TenantSession) -> Response:
    """Take the account's figures back; what it lent is deleted in the same transaction."""
    await write_preferences(session, {"network_opt_in": False}, caller)
    return see_other(BENCHMARKS)


def draw_patterns(zone: str, view: PatternsView) -> ui.Part:
    """Return the Patterns screen."""
    return _RENDERER.draw(
        zone, "keeper/patterns.html", view=view, words=pattern_words, figures=pattern_figures
    )


def draw_benchmarks(page: ui.PageContext, view: BenchmarksView, is_owner: bool) -> HTMLResponse:
    """Return the Benchmarks screen."""
    return _RENDERER.respond(
        page,
        "keeper/benchmarks.html",
        view=view,
        is_owner=is_owner,
        words=pattern_words,
        figures=pattern_figures,
    )
