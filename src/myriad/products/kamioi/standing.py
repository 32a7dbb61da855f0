"""Whether orders buy with money: said above every page, so that nobody mistakes one for the other."""

from __future__ import annotations

from myriad.products.kamioi.settings import PAPER, KamioiSettings
from myriad.scale.directory import Principal
from myriad.scale.runtime import Runtime
from myriad.scale.ui.context import Standing

_SIMULATION = Standing(
    "Simulation", "No money moves and no share is bought. Nothing here is advice."
)
_PAPER = Standing(
    "Simulation", "Orders go to a paper account at Alpaca; no money moves. Nothing here is advice."
)
_LIVE = Standing(
    "Live",
    "Orders buy shares with the money of the account at Alpaca. Pulls from members' banks are "
    "simulated. Nothing here is advice.",
    "bad",
)


def standing_of(runtime: Runtime, caller: Principal) -> Standing:
    """Return what holds of the programme that the caller looks at."""
    settings = runtime.settings_of(KamioiSettings)
    if caller.tenant is None or settings.broker_of(caller.tenant_id) == PAPER:
        return _SIMULATION
    return _LIVE if settings.is_real_money else _PAPER
