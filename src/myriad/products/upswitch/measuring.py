"""What the ticker measures of Upswitch: how old the register is. It also has it kept up to date."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from myriad.kit.clock import utc_now
from myriad.products.upswitch.registry.sql import QUERIES
from myriad.products.upswitch.schedules import REGISTER_SCHEDULE
from myriad.products.upswitch.settings import UpswitchSettings
from myriad.scale.data import Database
from myriad.scale.observe.metrics import Gauge
from myriad.scale.schedule import ensure_operator_schedules

AGE = Gauge("myriad_upswitch_register_age_days", "Days since the day that the register is as of")


async def measure_by(database: Database, settings: Sequence[BaseModel]) -> None:
    """Set the register's age; where a folder of extracts is set, have it looked at every hour."""
    rows = await database.crossing_rows(
        "the age of the company register is measured", QUERIES["last_kbo_extract"]
    )
    if rows:
        AGE.set((utc_now().date() - rows[0]["snapshot_date"]).days)
    mine = [one for one in settings if isinstance(one, UpswitchSettings)]
    if mine and mine[0].kbo_folder is not None:
        await ensure_operator_schedules(database, (REGISTER_SCHEDULE,))
