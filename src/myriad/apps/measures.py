"""The metrics that products measure over all tenants, kept up to date by the ticker."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from pydantic import BaseModel

from myriad.apps.products import PRODUCTS
from myriad.scale.data import Database
from myriad.scale.manifest import load
from myriad.scale.observe.logs import get_logger

EVERY_SECONDS = 600.0
# Of capabilities; products name theirs in their manifests.
SCALE_MEASURES = ("myriad.scale.storage.archive.measuring:measure_by",)

_log = get_logger(__name__)


async def serve_measures(database: Database, settings: Sequence[BaseModel]) -> None:
    """Let every product measure itself, now and every ten minutes, until cancelled."""
    while True:
        for reference in SCALE_MEASURES:
            await _measure(reference, database, settings)
        for product in PRODUCTS:
            if product.measures:
                await _measure(product.measures, database, settings)
        await asyncio.sleep(EVERY_SECONDS)


async def _measure(reference: str, database: Database, settings: Sequence[BaseModel]) -> None:
    try:
        await load(reference)(database, settings)
    except Exception as error:  # noqa: BLE001 - the loop outlives any outage
        _log.warning("product_unmeasured", measures=reference, error=type(error).__name__)
