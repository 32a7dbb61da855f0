"""The register for operators: extracts taken, files that wait, loads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from myriad.products.upswitch.registry.kbo.folder import Found, find_gap, find_next
from myriad.products.upswitch.registry.sql import QUERIES
from myriad.products.upswitch.repository.companies import Rows, get_registry_state
from myriad.products.upswitch.views.register import ExtractRow, FileRow, LoadRow, RegisterView

_SHOWN = 20
_FILES = 1000
_NOT_OF_A_FILE = ("skipped", "refused")


async def get_register(reader: Rows, *, has_folder: bool) -> RegisterView:
    """Return what is loaded, what the last look saw in the folder, and what is missing."""
    extracts = await reader.rows(QUERIES["list_kbo_extracts"], {"limit": _SHOWN})
    files = await reader.rows(QUERIES["list_kbo_files"], {"limit": _FILES})
    loads = await reader.rows(QUERIES["list_kbo_loads"], {"limit": _SHOWN})
    (counted,) = await reader.rows(QUERIES["count_companies"])
    last = extracts[0]["number"] if extracts else None
    found = [_found(row) for row in files]
    upcoming = find_next(found, last)
    return RegisterView(
        state=await get_registry_state(reader),
        companies=counted["companies"],
        extracts=tuple(_extract(row) for row in extracts),
        files=tuple(FileRow(**row) for row in files[:_SHOWN]),
        loads=tuple(LoadRow(**row) for row in loads),
        gap=find_gap(found, last),
        upcoming=upcoming.path.name if upcoming else "",
        has_folder=has_folder,
    )


def _extract(row: dict[str, Any]) -> ExtractRow:
    counts = row["rows"]
    return ExtractRow(
        number=row["number"],
        is_full=row["is_full"],
        snapshot_date=row["snapshot_date"],
        loaded_at=row["loaded_at"],
        rows=sum(count for file, count in counts.items() if file not in _NOT_OF_A_FILE),
        skipped=counts.get("skipped", 0),
        refused=counts.get("refused", 0),
    )


def _found(row: dict[str, Any]) -> Found:
    """Return a noted file as the folder's own rules take it."""
    return Found(
        Path(row["name"]),
        row["size_bytes"],
        row["number"],
        row["is_full"],
        row["snapshot_date"],
        row["detail"] if row["state"] == "unusable" else "",
    )
