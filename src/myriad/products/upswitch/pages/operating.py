"""Operations of Upswitch: parameters with their vintages, and what valuations cost."""

from __future__ import annotations

from pathlib import Path

from starlette.responses import Response

from myriad.kit.clock import utc_now
from myriad.products.upswitch.valuations.sql import QUERIES
from myriad.products.upswitch.valuations.vintages import get_in_force, list_vintages
from myriad.scale import ui
from myriad.scale.http import CurrentRuntime, Operator, Router
from myriad.scale.ui.page import OperatorPage

router = Router()
_RENDERER = ui.Renderer(Path(__file__).parents[1] / "templates")


@router.get("/ops")
async def operations(_caller: Operator, page: OperatorPage, runtime: CurrentRuntime) -> Response:
    """Show which parameters are in force, which others are kept, and what a valuation costs."""
    in_force = await get_in_force(runtime.database, utc_now().date())
    rows = await runtime.database.crossing_rows(
        "an operator looks at what valuations cost", QUERIES["sum_valuations_of_all"]
    )
    return _RENDERER.respond(
        page,
        "upswitch/operations.html",
        in_force=in_force,
        vintages=await list_vintages(runtime.database),
        cost=rows[0],
    )
