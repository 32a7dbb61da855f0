"""Rollups: counts and sums beside the rows they count, kept by triggers of statements."""

from myriad.scale.data.rollups.ddl import create_rollup, drop_rollup
from myriad.scale.data.rollups.declaration import (
    Rollup,
    RollupError,
    UnknownRollupError,
    get_rollup,
    list_rollups,
    with_rollups,
)
from myriad.scale.data.rollups.upkeep import Difference, compare, rebuild

__all__ = [
    "Difference",
    "Rollup",
    "RollupError",
    "UnknownRollupError",
    "compare",
    "create_rollup",
    "drop_rollup",
    "get_rollup",
    "list_rollups",
    "rebuild",
    "with_rollups",
]
