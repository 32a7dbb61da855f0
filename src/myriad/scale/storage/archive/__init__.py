"""Months that leave the database: into Parquet, sealed per tenant, and read back."""

from myriad.scale.storage.archive.errors import (
    ArchiveDiffersError,
    MonthBusyError,
    MonthNotSettledError,
    NotArchivedError,
)
from myriad.scale.storage.archive.keeping import Kept, keep_months, list_archives, settle_month
from myriad.scale.storage.archive.months import Manifest, read_manifest, read_month

__all__ = [
    "ArchiveDiffersError",
    "Kept",
    "Manifest",
    "MonthBusyError",
    "MonthNotSettledError",
    "NotArchivedError",
    "keep_months",
    "list_archives",
    "read_manifest",
    "read_month",
    "settle_month",
]
