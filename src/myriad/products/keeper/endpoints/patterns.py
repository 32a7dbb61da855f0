"""What the weekly search found, and the account beside its peers."""

from __future__ import annotations

from starlette.responses import Response

from myriad.products.keeper.endpoints.paging import page
from myriad.products.keeper.repository.benchmarks import get_benchmarks
from myriad.products.keeper.repository.patterns import get_patterns, list_patterns
from myriad.products.keeper.views.patterns import (
    BenchmarksView,
    PatternKind,
    PatternRow,
    TrendRow,
)
from myriad.scale.http import Page, PageRequest, Router, TenantReadSession

router = Router()


@router.get("/patterns")
async def patterns(
    paging: PageRequest,
    session: TenantReadSession,
    response: Response,
    kind: PatternKind | None = None,
) -> Page[PatternRow]:
    """Return the pairs and sequences of the last weekly search, the surest first."""
    rows, next_after = await list_patterns(session, kind, paging.after_key, paging.limit)
    return page(paging, response, rows, next_after)


@router.get("/trends")
async def trends(session: TenantReadSession) -> list[TrendRow]:
    """Return where the weekly figures are going, five at most."""
    return list((await get_patterns(session)).trends)


@router.get("/benchmarks")
async def benchmarks(session: TenantReadSession) -> BenchmarksView:
    """Return the account's figures, and its peers' where it has joined and enough of them have."""
    return await get_benchmarks(session)
