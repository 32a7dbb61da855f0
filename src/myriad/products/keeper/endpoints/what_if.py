"""What-ifs: figures about what has not happened, with their bounds and assumptions."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from myriad.products.keeper.views.what_if import QuietDayView, Wish
from myriad.products.keeper.wondering import get_quiet_day
from myriad.scale.http import Router, Staff, TenantReadSession

router = Router()
Weekday = Annotated[
    int | None, Query(ge=1, le=7, description="ISO weekday; the quietest if unsaid")
]
Fill = Annotated[float, Query(ge=0, le=1, description="share of the gap that is filled")]
New = Annotated[float, Query(ge=0, le=1, description="share of those visits that are additional")]
Discount = Annotated[float, Query(ge=0, le=0.9, description="what everybody that day pays less")]


@router.get("/what-if/quiet-day")
async def quiet_day(
    caller: Staff,
    session: TenantReadSession,
    weekday: Weekday = None,
    fill: Fill = 0.5,
    new: New = 0.5,
    discount: Discount = 0.0,
) -> QuietDayView:
    """Return what filling a quiet weekday would bring a month, with a 90 % interval."""
    wish = Wish(weekday=weekday, fill=fill, new=new, discount=discount)
    return await get_quiet_day(session, wish)
