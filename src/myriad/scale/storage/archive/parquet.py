"""Rows of PostgreSQL as Parquet and back, value for value.

Whole numbers, exact decimals, days, times and truth values become Parquet's own types; anything
else, and what a type cannot hold (the day `infinity`), stays PostgreSQL's text. Going back, every
value is the text that PostgreSQL wrote.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from myriad.kit.lazy import lazily

if TYPE_CHECKING:
    from polars import DataFrame

pl = lazily("polars")

Row = tuple[str | None, ...]
_NUMERIC = re.compile(r"numeric\((\d+),(\d+)\)")
_WHOLE = {"smallint": "Int16", "integer": "Int32", "bigint": "Int64"}
_TIME = "%Y-%m-%d %H:%M:%S%.f"


def to_parquet(columns: Sequence[tuple[str, str]], rows: Sequence[Row]) -> bytes:
    """Return `rows`, in PostgreSQL's text, as Parquet; `columns` are names and types."""
    frame = pl.DataFrame(list(rows), schema={name: pl.String for name, _ in columns}, orient="row")
    typed = [_typed(frame[name], kind) for name, kind in columns]
    out = io.BytesIO()
    pl.DataFrame(typed).write_parquet(out, compression="zstd")
    return out.getvalue()


def read_parquet(content: bytes) -> DataFrame:
    """Return the rows of a Parquet file."""
    frame: DataFrame = pl.read_parquet(io.BytesIO(content))
    return frame


def to_rows(frame: DataFrame) -> Iterator[Row]:
    """Yield the rows of a frame in PostgreSQL's text."""
    yield from pl.DataFrame([_texts(column) for column in frame.get_columns()]).iter_rows()


def join(frames: Iterable[DataFrame]) -> DataFrame:
    """Return the rows of `frames` one after the other; a column that differs in type is text."""
    frame: DataFrame = pl.concat(list(frames), how="vertical_relaxed")
    return frame


def _typed(texts: Any, kind: str) -> Any:
    try:
        found = _parse(texts, kind)
    except pl.exceptions.PolarsError:
        return texts
    # What does not come back as it was stays text.
    return found if _texts(found).equals(texts, null_equal=True) else texts


def _parse(texts: Any, kind: str) -> Any:
    if kind in _WHOLE:
        return texts.cast(getattr(pl, _WHOLE[kind]))
    if kind == "boolean":
        return texts.replace_strict({"t": True, "f": False}, return_dtype=pl.Boolean)
    if kind == "date":
        return texts.str.to_date("%Y-%m-%d")
    if kind == "timestamp with time zone":
        whole = texts.str.strip_suffix("+00")
        return whole.str.to_datetime(_TIME, time_unit="us").dt.replace_time_zone("UTC")
    if exact := _NUMERIC.fullmatch(kind):
        return texts.cast(pl.Decimal(int(exact[1]), int(exact[2])))
    return texts


def _texts(column: Any) -> Any:
    kind = column.dtype
    if kind == pl.Boolean:
        return column.replace_strict({True: "t", False: "f"}, return_dtype=pl.String)
    if kind == pl.Date:
        return column.dt.to_string("%Y-%m-%d")
    if kind == pl.Datetime:
        return _time_texts(column)
    return column.cast(pl.String)


def _time_texts(column: Any) -> Any:
    """Return times as PostgreSQL writes them in UTC: without the zeros that end a fraction."""
    whole = column.dt.to_string("%Y-%m-%d %H:%M:%S%.6f")
    return whole.str.strip_chars_end("0").str.strip_suffix(".") + "+00"
