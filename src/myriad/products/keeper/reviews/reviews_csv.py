"""A file of reviews as people have it: each row is a review or is kept apart, none is lost.

Reading goes over the file twice, once to see its encoding and how it writes dates, and keeps one
row in memory. Cells are text: what looks like a formula stays what was written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

from myriad.kit.clock import get_zone
from myriad.kit.errors import InvalidInputError
from myriad.products.keeper.csv_records import (
    SEPARATORS,
    Record,
    guess_encoding,
    iter_records,
    open_text,
)
from myriad.products.keeper.errors import InputFileError
from myriad.products.keeper.reviews.columns import SYNONYMS, find_columns
from myriad.products.keeper.reviews.dates import guess_day_first, parse_moment
from myriad.products.keeper.reviews.errors import (
    IncompleteReviewError,
    ReviewColumnsError,
    ReviewFileError,
)
from myriad.products.keeper.reviews.stars import parse_stars

_HEADER_WITHIN = 10
_DATES_LOOKED_AT = 5_000
_LONGEST_SHOWN = 2_000
_NOBODY = frozenset({"", "anonymous", "a google user", "unknown", "n/a", "none", "null", "guest"})
_FAULTS = {
    "unclosed_quote": "a quotation mark is never closed; close it, or double it inside a text",
    "line_too_long": "the line is longer than 100,000 characters",
    "broken": "the line is no row of separated values",
}


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """One review of a file; `line` is where it begins.

    `stars` is 1 to 5 or None for unknown, moments are in UTC, `ext_id` is None where the file
    names none. `text` holds the title, where there is one, in a line of its own.
    """

    line: int
    stars: int | None
    text: str
    reviewed_at: datetime | None = None
    changed_at: datetime | None = None
    ext_id: str | None = None
    author: str | None = None
    location: str | None = None
    source: str | None = None
    reply: str | None = None
    replied_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that is no review: where it begins, which rule it breaks, and what it holds."""

    line: int
    reason: str
    detail: str
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class ReviewFile:
    """How a file is to be read, found by looking at it."""

    path: Path
    encoding: str
    separator: str
    header: tuple[str, ...]
    header_line: int
    columns: dict[str, int]
    zone: ZoneInfo
    day_first: bool

    def rows(self) -> Iterator[ReviewRow | RefusedRow]:
        """Yield every row below the header in the file's order."""
        with open_text(self.path, self.encoding) as file:
            for record in iter_records(file, self.separator):
                if record.line > self.header_line:
                    yield self._row(record)

    def _row(self, record: Record) -> ReviewRow | RefusedRow:
        fault = record.fault or self._width_fault(record)
        if fault:
            return self._refused(record, fault, _FAULTS.get(fault, self._width_words(record)))
        try:
            return _review(record.line, self._typed(record), self.zone, self.day_first)
        except InvalidInputError as error:
            return self._refused(record, error.code.removeprefix("keeper_"), error.detail)

    def _width_fault(self, record: Record) -> str | None:
        # Trailing separators and cells that were left off at the end are common and harmless.
        too_many = any(cell.strip() for cell in record.cells[len(self.header) :])
        too_few = len(record.cells) <= min(self.columns.values())
        return "columns" if too_many or too_few else None

    def _width_words(self, record: Record) -> str:
        return (
            f"expected {len(self.header)} values as in the header, found {len(record.cells)}; "
            "put texts that contain the separator in quotation marks"
        )

    def _typed(self, record: Record) -> dict[str, str]:
        cells = record.cells
        return {f: cells[n].strip() for f, n in self.columns.items() if n < len(cells)}

    def _refused(self, record: Record, reason: str, detail: str) -> RefusedRow:
        names = [*self.header, *(f"column {n + 1}" for n in range(len(self.header), 999))]
        cells = {n: c[:_LONGEST_SHOWN] for n, c in zip(names, record.cells, strict=False)}
        return RefusedRow(record.line, reason, f"line {record.line}: {detail}", cells)


def open_reviews(
    path: Path,
    zone: str,
    mapping: Mapping[str, str] | None = None,
    required: Collection[str] = ("date",),
) -> ReviewFile:
    """Look at a file and say how to read it; `zone` is the account's (IANA).

    A column for the text or the stars is always needed, those in `required` as well. Raises
    ReviewFileError with what was found and how to name columns.
    """
    try:
        encoding = guess_encoding(path)
    except InputFileError as error:
        raise ReviewFileError(error.detail) from error
    separator, top, columns = _best_header(path, encoding, mapping)
    header = tuple(cell.strip() for cell in top.cells)
    missing = [field for field in required if field not in columns]
    if missing or not {"text", "stars"} & set(columns):
        raise _no_columns(path, header, missing or ["text", "stars"])
    found = ReviewFile(
        path, encoding, separator, header, top.line, columns, get_zone(zone), day_first=False
    )
    dates = guess_day_first(_dates(found), zone)
    return ReviewFile(path, encoding, separator, header, top.line, columns, found.zone, dates)


def _best_header(
    path: Path, encoding: str, mapping: Mapping[str, str] | None
) -> tuple[str, Record, dict[str, int]]:
    """Return the separator, the record and the columns that make most sense of the file's top."""
    tops = [(s, record) for s in SEPARATORS for record in _top(path, encoding, s)]
    if not tops:
        raise ReviewFileError(f"{path} is empty: expected a header and one line per review.")
    # Separators in texts may split a header too: most known fields, then the earliest, decide.
    separator, record = max(
        tops, key=lambda top: (len(find_columns(top[1].cells)), len(top[1].cells), -top[1].line)
    )
    try:
        return separator, record, find_columns(record.cells, mapping)
    except KeyError as error:
        raise ReviewFileError(
            f"--map {error.args[0]}: expected FIELD=COLUMN with a field of {', '.join(SYNONYMS)} "
            f"and a column of {', '.join(record.cells)}."
        ) from None


def _top(path: Path, encoding: str, separator: str) -> list[Record]:
    with open_text(path, encoding) as file:
        return list(islice(iter_records(file, separator), _HEADER_WITHIN))


def _dates(file: ReviewFile) -> Iterator[str]:
    place = file.columns.get("date")
    if place is None:
        return
    with open_text(file.path, file.encoding) as text:
        for record in islice(iter_records(text, file.separator), _DATES_LOOKED_AT):
            if record.line > file.header_line and place < len(record.cells):
                yield record.cells[place]


def _no_columns(path: Path, header: Sequence[str], missing: Sequence[str]) -> ReviewFileError:
    names = " or ".join(f"a column for the {field}" for field in missing)
    ways = " ".join(f"--map {field}=COLUMN" for field in missing)
    shown = ", ".join(header)[:500]
    return ReviewColumnsError(
        f"{path}: expected {names} (such as {', '.join(SYNONYMS[missing[0]][:3])}), found: {shown}",
        ways,
    )


def _review(line: int, typed: Mapping[str, str], zone: ZoneInfo, day_first: bool) -> ReviewRow:
    def moment(field: str) -> datetime | None:
        value = typed.get(field)
        return parse_moment(value, zone, day_first=day_first) if value else None

    stars = parse_stars(typed.get("stars", ""))
    text = "\n".join(typed[part] for part in ("title", "text") if typed.get(part))
    if stars is None and not text:
        raise IncompleteReviewError("neither stars nor a text")
    reviewed_at = moment("date")
    if "date" in typed and reviewed_at is None:
        raise IncompleteReviewError("no date; a review without its day cannot be placed")
    author = typed.get("author", "")
    return ReviewRow(
        line=line,
        stars=stars,
        text=text,
        reviewed_at=reviewed_at,
        changed_at=moment("changed") or reviewed_at,
        ext_id=typed.get("ext_id", "").strip("'\"=") or None,
        author=None if author.casefold() in _NOBODY else author,
        location=typed.get("location") or None,
        source=typed.get("source") or None,
        reply=typed.get("reply") or None,
        replied_at=moment("replied"),
    )
