"""Kamioi's jobs: ids in, load, one call."""

from __future__ import annotations

# Importing them registers their jobs.
from myriad.products.kamioi import (
    card_tasks,
    item_tasks,
    mapping_tasks,
    member_tasks,
    operation_tasks,
)
from myriad.products.kamioi.center import tasks as center_tasks
from myriad.products.kamioi.facts import tasks as fact_tasks
from myriad.products.kamioi.legacy import tasks as legacy_tasks
from myriad.products.kamioi.money import tasks as money_tasks

__all__ = [
    "card_tasks",
    "center_tasks",
    "fact_tasks",
    "item_tasks",
    "legacy_tasks",
    "mapping_tasks",
    "member_tasks",
    "money_tasks",
    "operation_tasks",
]
