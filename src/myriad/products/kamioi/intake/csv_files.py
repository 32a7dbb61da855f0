"""Statements in CSV, by the profile of a bank or by named columns.

A line has no id of its own: it is the digest of its day, amount, text and ordinal among equal lines
of that day, so that the same file, or one that overlaps with it by whole days, tells nothing twice.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice

from myriad.products.kamioi.intake.lines import (
    BadLine,
    BadLineError,
    Line,
    Read,
    StatementFileError,
    check_line,
)
from myriad.products.kamioi.intake.profiles import (
    IN,
    OUT,
    Profile,
    Spending,
    find_profile,
    header_of,
    named_columns,
)
from myriad.products.kamioi.intake.values import DayOrder, find_order, read_amount, read_day
from myriad.products.kamioi.mapping.eligibility import kind_of
from myriad.products.kamioi.mapping.normalising import clean

_HEADER_WITHIN_LINES = 20
_LONGEST_SHOWN = 2000
_LONGEST_CELL = 100_000
_DELIMITERS = (",", ";", "\t", "|")
_KINDS = {
    "fee": "fee",
    "atm": "cash_advance",
    "gm": "cash_advance",
    "cash advance": "cash_advance",
    "payment": "transfer",
    "acct xfer": "transfer",
    "transfer": "transfer",
    "topup": "transfer",
    "exchange": "transfer",
    "faster payment": "transfer",
    "pot transfer": "transfer",
    "ov": "transfer",
    "gt": "transfer",
    "loan pmt": "loan",
    "interest": "fee",
}
_PENDING = ("pending",)
_NEVER = ("reverted", "declined", "failed", "cancelled", "canceled")

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
    text = decode_csv(content).replace("\0", " ")
    wanted = named_columns(form.columns) if form.columns else None
    head = text[:4000]
    for delimiter in sorted(_DELIMITERS, key=head.count, reverse=True):
        rows = _rows(text, delimiter)
        for _, cells in islice(rows, _HEADER_WITHIN_LINES):
            header, currencies = header_of(cells)
            profile = _profile_of(header, wanted)
            if profile is not None:
                known = replace(form, currency=_currency_of(profile, currencies) or form.currency)
                return _statement(profile, header, list(rows), known)
    message = (
        "no line of this file names columns that are known; say which columns they are, as in "
        "date=When,amount=Sum,description=What"
    )
    raise StatementFileError(message, [("/columns", "date, description and amount")])


def _currency_of(profile: Profile, currencies: dict[str, str]) -> str:
    return currencies.get(profile.amount or profile.debit, "")


def _profile_of(header: tuple[str, ...], wanted: Profile | None) -> Profile | None:
    if wanted is None:
        return find_profile(header)
    is_whole = wanted.day and wanted.raw and (wanted.amount or (wanted.debit and wanted.credit))
    return wanted if is_whole and set(wanted.columns) <= set(header) else None


def _statement(
    profile: Profile, header: tuple[str, ...], rows: list[Row], form: CsvForm
) -> CsvStatement:
    spending = form.spending or profile.spending
    asked: list[StatementFileError] = []
    if profile.amount and not profile.sign and spending is None:
        message = (
            "nothing in this file says whether a purchase is negative or positive; "
            "say which sign spending has: negative or positive"
        )
        asked.append(StatementFileError(message, [("/spending", "negative or positive")]))
    place = header.index(profile.day)
    days = form.days or profile.days
    try:
        days = days or find_order([cells[place] for _, cells in rows if place < len(cells)])
    except StatementFileError as error:
        asked.append(error)
    if asked or days is None:
        told = ". Also: ".join(error.detail for error in asked)
        raise StatementFileError(told, [one for error in asked for one in error.errors])
    return CsvStatement(profile, header, rows, spending, days, form.currency)


def _rows(text: str, delimiter: str) -> Iterator[Row]:
    csv.field_size_limit(_LONGEST_CELL)
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


def main_currency(lines: Sequence[Line]) -> str:
    """Return the currency of most lines, which is the account's; nothing of none."""
    counted = Counter(line.currency for line in lines).most_common(1)
    return counted[0][0] if counted else ""


def _line(
    statement: CsvStatement, number: int, cells: list[str], seen: Counter[tuple[date, int, str]]
) -> Line:
    profile = statement.profile
    if len(cells) <= statement.header.index(profile.day):
        raise BadLineError("it has fewer columns than the header")
    state = statement.cell(cells, profile.state).lower() if profile.state else ""
    if state in _NEVER:
        raise BadLineError(f"it was {state}: no money moved")
    is_pending = state in _PENDING
    shown = _shown(statement, cells)
    day = shown if is_pending and shown else _day(statement, cells)
    currency = statement.cell(cells, profile.currency).upper() or statement.currency
    out = _amount(statement, cells, currency)
    raw = clean(statement.cell(cells, profile.raw) or statement.cell(cells, profile.raw_else))
    key = (day, out, raw)
    seen[key] += 1
    text = f"{day.isoformat()}|{out}|{currency}|{raw}|{seen[key]}"
    told = statement.cell(cells, profile.kind).lower().replace("_", " ") if profile.kind else ""
    return Line(
        number=number,
        external_id=hashlib.sha256(text.encode()).hexdigest(),
        day=day,
        amount_minor=out,
        currency=currency,
        raw=raw,
        kind=_KINDS.get(told) or kind_of(out),
        is_pending=is_pending,
        shown_on=shown,
    )


def _day(statement: CsvStatement, cells: list[str]) -> date:
    return read_day(statement.cell(cells, statement.profile.day), statement.days)


def _amount(statement: CsvStatement, cells: list[str], currency: str) -> int:
    """Return the money out of a row in minor units."""
    profile = statement.profile
    if profile.sign:
        return _signed(statement, cells, currency)
    if profile.amount:
        amount = read_amount(statement.cell(cells, profile.amount), currency)
        return -amount if statement.spending == "negative" else amount
    given = [statement.cell(cells, name) for name in (profile.debit, profile.credit)]
    debit, credit = (read_amount(cell, currency) if cell else 0 for cell in given)
    # Some banks write a nought into the column in which nothing stands.
    if not any(given) or (debit and credit):
        raise BadLineError("it has neither or both of a debit and a credit")
    return abs(debit) or -abs(credit)


def _signed(statement: CsvStatement, cells: list[str], currency: str) -> int:
    amount = abs(read_amount(statement.cell(cells, statement.profile.amount), currency))
    told = statement.cell(cells, statement.profile.sign).lower()
    if told in OUT:
        return amount
    if told in IN:
        return -amount
    raise BadLineError("it does not say whether money went out or came in")


def _shown(statement: CsvStatement, cells: list[str]) -> date | None:
    if not statement.profile.shown:
        return None
    try:
        return read_day(statement.cell(cells, statement.profile.shown), statement.days)
    except BadLineError:
        return None
