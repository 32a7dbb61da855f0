"""Days that were out of the ordinary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from myriad.products.keeper.repository.sql import Row


def find_anomalies(totals: Sequence[Row], judged_days: int) -> list[dict[str, Any]]:
    """Judge the last `judged_days` of the days in `totals` against those before."""
    del totals, judged_days
    return []
