"""A file of closes as CSV: ticker, day (YYYY-MM-DD), close in the share's currency."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from myriad.products.kamioi.facts.brand_files import read_rows

CLOSE_COLUMNS = ("ticker", "day", "close")
_MOST, _DECIMALS = Decimal(10) ** 12, 6

Refuse = Callable[[int, str, str], None]


def read_closes(path: Path, refuse: Refuse) -> Iterator[dict[str, Any]]:
    """Yield the rows of a file; what is no close is given to `refuse(line, reason, row)`."""
    for line, row in read_rows(path, CLOSE_COLUMNS):
        day, close = _day(row["day"]), _close(row["close"])
        text = ",".join(row.values())
        if not row["ticker"].strip():
            refuse(line, "a close needs a ticker", text)
        elif day is None:
            refuse(line, "the day is not written as YYYY-MM-DD", text)
        elif close is None:
            refuse(line, "the close is no price above zero with at most six decimals", text)
        else:
            ticker = row["ticker"].strip().upper()
            yield {"line": line, "ticker": ticker, "day": day, "close": close}


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()) if len(text.strip()) == len("2026-11-20") else None
    except ValueError:
        return None


def _close(text: str) -> Decimal | None:
    try:
        close = Decimal(text.strip())
    except InvalidOperation:
        return None
    if not close.is_finite() or not 0 < close < _MOST:
        return None
    return close if close == round(close, _DECIMALS) else None
