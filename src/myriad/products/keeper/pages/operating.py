"""Operations: how Keeper runs for all accounts; for operators of the installation."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from starlette.responses import Response

from myriad.kit.clock import utc_now
from myriad.products.keeper.operations.measuring import measured_lately
from myriad.products.keeper.pages import operation_figures, operation_words
from myriad.products.keeper.pages.route import page_router
from myriad.products.keeper.settings import KeeperSettings
from myriad.products.keeper.views.operations import LaneRow, OperationsView
from myriad.scale.http import CurrentRuntime, Operator
from myriad.scale.jobs.overview import look_at_lanes
from myriad.scale.limits.refusals import list_refusals
from myriad.scale.runtime import Runtime
from myriad.scale.ui import Renderer
from myriad.scale.ui.page import OperatorPage

_RENDERER = Renderer(Path(__file__).parents[1] / "templates")
_SELLER = "square:seller:"

router = page_router()


@router.get("/ops")
async def operations(
    _caller: Operator,
    page: OperatorPage,
    runtime: CurrentRuntime,
    by: Literal["accounts", "seconds"] = "accounts",
) -> Response:
    """Show the schedule of all accounts as a heat map, bounds, refusals and costs."""
    return _RENDERER.respond(
        page,
        "keeper/operations.html",
        view=await look(runtime, by),
        say=operation_words,
        figures=operation_figures,
    )


async def look(runtime: Runtime, by: str = "accounts") -> OperationsView:
    """Return what is measured (about five minutes old at most), and the queue as it stands."""
    settings = runtime.settings_of(KeeperSettings)
    measured = await measured_lately(runtime.caches, runtime.database, settings.prices_file)
    async with runtime.database.crossing("an operator looks at Keeper's queue") as session:
        lanes = await look_at_lanes(session)
    refusals = await list_refusals(runtime.cache, _SELLER)
    now = utc_now()
    return OperationsView(
        measured,
        tuple(
            LaneRow(
                lane.job_class,
                lane.ready,
                lane.running,
                lane.dead,
                lane.age_seconds(now),
                lane.is_stuck(now),
            )
            for lane in lanes
        ),
        tuple((key.removeprefix(_SELLER), times) for key, times in refusals),
        by,
    )
