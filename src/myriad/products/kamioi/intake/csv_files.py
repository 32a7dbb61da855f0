"""Statements in CSV, by the profile of a bank or by named columns.

A line has no id of its own: it is the digest of its day, amount, text and ordinal among equal lines
of that day, so that the same file, or one that overlaps with it by whole days, tells nothing twice.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from myriad.products.kamioi.intake.lines import (
    BadLine,
    BadLineError,
    Line,
    Read,
    StatementFileError,
    check_line,
)
from myriad.products.kamioi.intake.profiles import Profile, Spending, find_profile, named_columns
from myriad.products.kamioi.intake.values import DayOrder, find_order, read_amount, read_day
from myriad.products.kamioi.mapping.eligibility import kind_of
from myriad.products.kamioi.mapping.normalising import clean

_HEADER_WITHIN_LINES = 20
_LONGEST_SHOWN = 2000
_LONGEST_CELL = 100_000
_KINDS = {
    "fee": "fee",
    "atm": "cash_advance",
    "cash advance": "cash_advance",
    "payment": "transfer",
    "acct_xfer": "transfer",
    "loan_pmt": "loan",
    "interest": "fee",
}

Row = tuple[int, list[str]]


@dataclass(frozen=True, slots=True)
class CsvForm:
    """What is said about a file: columns, sign of spending, order of days; None is found out."""

    columns: str | None = None
    spending: Spending | None = None
    days: DayOrder | None = None
    currency: str = "USD"


@dataclass(frozen=True, slots=True)
class CsvStatement:
    """A file whose columns are known."""

    profile: Profile
    header: tuple[str, ...]
    rows: list[Row]
    spending: Spending | None
    days: DayOrder
    currency: str

    def cell(self, row: list[str], column: str) -> str:
        """Return a cell, empty where the column or the cell is not there."""
        place = self.header.index(column) if column in self.header else len(row)
        return row[place].strip() if place < len(row) else ""


def decode_csv(content: bytes) -> str:
    """Return the text: UTF-8 or UTF-16 with a mark, else UTF-8, else Windows-1252."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def read_csv(content: bytes, form: CsvForm) -> CsvStatement:
    """Return the rows under their profile.

    Raises StatementFileError for a file without known columns, one whose days can be read in two
    ways, and one that does not say which sign spending has: that is asked, not guessed.
    """
    numbered = list(_rows(decode_csv(content).replace("\0", " ")))
    wanted = named_columns(form.columns) if form.columns else None
    for place, (_, cells) in enumerate(numbered[:_HEADER_WITHIN_LINES]):
        header = tuple(cell.strip().lower() for cell in cells)
        profile = _profile_of(header, wanted)
        if profile is not None:
            return _statement(profile, header, numbered[place + 1 :], form)
    message = (
        "no line of this file names columns that are known; say which they are, as in "
        "columns=date=When,amount=Sum,description=What"
    )
    raise StatementFileError(message, [("/columns", "date, description and amount")])


def _profile_of(header: tuple[str, ...], wanted: Profile | None) -> Profile | None:
    if wanted is None:
        return find_profile(header)
    is_whole = wanted.day and wanted.raw and (wanted.amount or (wanted.debit and wanted.credit))
    return wanted if is_whole and set(wanted.columns) <= set(header) else None


def _statement(
    profile: Profile, header: tuple[str, ...], rows: list[Row], form: CsvForm
) -> CsvStatement:
    spending = form.spending or profile.spending
    if profile.amount and spending is None:
        message = (
            "nothing in this file says whether a purchase is negative or positive; "
            "say spending=negative or spending=positive"
        )
        raise StatementFileError(message, [("/spending", "negative or positive")])
    place = header.index(profile.day)
    days = form.days or profile.days
    if days is None:
        days = find_order([cells[place] for _, cells in rows if place < len(cells)])
    return CsvStatement(profile, header, rows, spending, days, form.currency)


def _rows(text: str) -> Iterator[Row]:
    csv.field_size_limit(_LONGEST_CELL)
    head = text[:4000]
    delimiter = max((",", ";", "\t"), key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield number, []
            continue
        if any(cell.strip() for cell in cells):
            yield number, cells


def read_lines(statement: CsvStatement, today: date) -> Read:
    """Yield each row as a line, or as a bad line with its reason; nothing is left out."""
    seen: Counter[tuple[date, int, str]] = Counter()
    for number, cells in statement.rows:
        try:
            line = _line(statement, number, cells, seen)
            yield check_line(line, today)
        except BadLineError as fault:
            yield BadLine(number, str(fault), ",".join(cells)[:_LONGEST_SHOWN])


def _line(
    statement: CsvStatement, number: int, cells: list[str], seen: Counter[tuple[date, int, str]]
) -> Line:
    profile = statement.profile
    if len(cells) <= statement.header.index(profile.day):
        raise BadLineError("it has fewer columns than the header")
    day = read_day(statement.cell(cells, profile.day), statement.days)
    out = _amount(statement, cells)
    raw = clean(statement.cell(cells, profile.raw))
    key = (day, out, raw)
    seen[key] += 1
    text = f"{day.isoformat()}|{out}|{statement.currency}|{raw}|{seen[key]}"
    kind = _KINDS.get(statement.cell(cells, profile.kind).lower()) if profile.kind else None
    return Line(
        number=number,
        external_id=hashlib.sha256(text.encode()).hexdigest(),
        day=day,
        amount_minor=out,
        currency=statement.currency,
        raw=raw,
        kind=kind or kind_of(out),
        shown_on=_shown(statement, cells),
    )


def _amount(statement: CsvStatement, cells: list[str]) -> int:
    """Return the money out of a row in minor units."""
    profile, currency = statement.profile, statement.currency
    if profile.amount:
        amount = read_amount(statement.cell(cells, profile.amount), currency)
        return -amount if statement.spending == "negative" else amount
    debit = statement.cell(cells, profile.debit)
    credit = statement.cell(cells, profile.credit)
    if bool(debit) == bool(credit):
        raise BadLineError("it has neither or both of a debit and a credit")
    if debit:
        return abs(read_amount(debit, currency))
    return -abs(read_amount(credit, currency))


def _shown(statement: CsvStatement, cells: list[str]) -> date | None:
    if not statement.profile.shown:
        return None
    try:
        return read_day(statement.cell(cells, statement.profile.shown), statement.days)
    except BadLineError:
        return None
