"""What valuations look up, and what they cost."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from pydantic import BaseModel
from starlette.responses import Response

from myriad.kit.clock import utc_now
from myriad.products.upswitch.valuations.reading import load_usage
from myriad.products.upswitch.valuations.vintages import get_in_force, list_vintages
from myriad.products.upswitch.views.valuations import ParameterSetView, UsageView
from myriad.scale.http import CurrentRuntime, Router, Staff, TenantReadSession, json_answer

router = Router()
_YEAR = timedelta(days=366)
_NONE_YET: dict[int | str, dict[str, Any]] = {
    404: {"description": "No parameters were in force on that day."}
}


class ParametersAnswer(BaseModel):
    """The vintage in force on a day with all its rows, and which others there are."""

    in_force: dict[str, Any]
    vintages: list[ParameterSetView]


@router.get("/parameters", response_model=ParametersAnswer, responses=_NONE_YET)
async def read_parameters(
    _caller: Staff, runtime: CurrentRuntime, as_of: date | None = None
) -> Response:
    """Return the parameters in force on a day, else today, each table with source and date."""
    found = await get_in_force(runtime.database, as_of or utc_now().date())
    in_force = {
        "id": found.id,
        "sha256": found.sha256,
        "valid_from": found.valid_from,
        "parameters": found.parameters,
    }
    vintages = await list_vintages(runtime.database)
    return json_answer({"in_force": in_force, "vintages": vintages})


@router.get("/usage")
async def read_usage(caller: Staff, session: TenantReadSession) -> UsageView:
    """Return how many valuations a month, how long they took, and what models cost beside them."""
    zone = caller.tenant.timezone if caller.tenant else "UTC"
    return await load_usage(session, zone, utc_now() - _YEAR)
