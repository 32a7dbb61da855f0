"""Bulk intake: the same call for ten rows and for ten million, idempotent under re-sending."""

from myriad.scale.data.bulk.intake import Intake, take_in, take_in_again, take_in_batches
from myriad.scale.data.bulk.quarantine import (
    QuarantinedRow,
    drop_quarantined,
    list_quarantined,
)
from myriad.scale.data.bulk.table import BulkTable, Column

__all__ = [
    "BulkTable",
    "Column",
    "Intake",
    "QuarantinedRow",
    "drop_quarantined",
    "list_quarantined",
    "take_in",
    "take_in_again",
    "take_in_batches",
]
