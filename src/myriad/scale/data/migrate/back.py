"""The way back of single values: what PostgreSQL holds, as the old program would have written it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from myriad.scale.data.migrate.dates import COUNTED, count_back, write_back
from myriad.scale.data.migrate.mapping import Calls, ColumnMap

Back = Callable[[Any], Any]


def find_back(
    column: ColumnMap, calls: Calls, looked_up: Mapping[str, dict[Any, Any]]
) -> Back | None:
    """Return what turns a column's values back; None where nothing can. Keys (uuid) are not its task."""
    if column.back:
        return calls.get(column.back)
    if column.transform == "minor":
        return lambda value: float(Decimal(value).scaleb(-column.digits))
    if column.transform == "lookup":
        known = looked_up[column.lookup or ""]
        words = {found: word for word, found in known.items()}
        return words.__getitem__ if len(words) == len(known) else None
    if column.transform in COUNTED:
        return count_back(column.transform, column.zone or "UTC")
    if column.transform or column.type == "uuid":
        return None
    if column.form and column.type in ("timestamptz", "date"):
        return write_back(column.form, column.zone or "UTC")
    if column.type == "timestamptz":
        zone = ZoneInfo(column.zone or "UTC")
        return lambda value: _moment(value, zone)
    return _PLAIN[column.type]


def _same(value: Any) -> Any:
    return value


def _moment(value: dt.datetime, zone: ZoneInfo) -> str:
    """Return the text of a moment; the second of two like hours keeps its offset."""
    there = value.astimezone(zone)
    bare = there.replace(tzinfo=None, fold=0)
    text = bare if bare.replace(tzinfo=zone).astimezone(dt.UTC) == value else there
    return text.isoformat(" ")


_PLAIN: dict[str, Back] = {
    "smallint": _same,
    "integer": _same,
    "bigint": _same,
    "boolean": int,
    "text": _same,
    "date": dt.date.isoformat,
    "numeric": float,
    "real": _same,
    "double precision": _same,
    "bytea": bytes,
    "jsonb": json.dumps,
}
