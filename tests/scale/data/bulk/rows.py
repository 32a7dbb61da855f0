"""The table of these tests as it is declared, and its rows."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from myriad.kit.ids import new_id
from myriad.scale.data.bulk import BulkTable, Column

SEEN = dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)
DAY = dt.date(2026, 5, 1)
ROWS = 30_000


def declared(name: str) -> BulkTable:
    """Return the declaration of the table `name`."""
    return BulkTable(
        name,
        columns=(
            Column("id", "uuid"),
            Column("account", "text"),
            Column("external_id", "text"),
            Column("booked_on", "date"),
            Column("amount_minor", "bigint"),
            Column("share", "numeric", is_required=False),
            Column("seen_at", "timestamptz"),
            Column("facts", "jsonb", is_required=False),
        ),
        key=("account", "external_id", "booked_on"),
    )


def row(number: int, *, account: str = "a", amount: Any = 100) -> tuple[Any, ...]:
    """Return a row whose natural key is `account` and `number`."""
    day = DAY + dt.timedelta(days=number % 90)
    share = Decimal("0.000000001")
    return (new_id(), account, f"x{number:07}", day, amount, share, SEEN, {"n": number})
