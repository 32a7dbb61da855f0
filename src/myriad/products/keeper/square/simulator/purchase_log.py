"""A purchase log as people have it: any separator, usual encodings, dates and amounts.

Nothing is guessed away: a row that cannot be read ends the reading with its line, what it holds and
what was expected.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

from myriad.kit.errors import InvalidInputError
from myriad.kit.money import minor_digits
from myriad.products.keeper.csv_records import (
    SEPARATORS,
    Record,
    guess_encoding,
    iter_records,
    open_text,
)
from myriad.products.keeper.errors import InputFileError
from myriad.products.keeper.reviews.columns import plain
from myriad.products.keeper.reviews.dates import guess_day_first, parse_moment
from myriad.products.keeper.reviews.errors import ReviewDateError

COLUMNS = ("customer_id", "date", "quantity", "amount")
CURRENCY = "USD"
_NAMES = {
    column: tuple(names.split())
    for column, names in {
        "customer_id": "customerid customer clientid client memberid kundennummer kundennr kunde "
        "idclient klantnummer idcliente cliente",
        "date": "date purchasedate orderdate invoicedate transactiondate day datum fecha data",
        "quantity": "quantity qty units items anzahl menge quantite cantidad quantita aantal",
        "amount": "amount total price paid betrag summe umsatz montant importe importo bedrag",
    }.items()
}
# Those that Square sells in.
_CURRENCIES = ("usd", "eur", "gbp", "cad", "aud", "jpy")
_LONGEST_ID = 100
_MOST_MINOR = 10**11
_LOOKED_AT = 5_000
_MARKS = re.compile(r"[\s$\u20ac\u00a3\u00a5'\u2019]|(?<=\d)[A-Z]{3}$|^[A-Z]{3}(?=[\d-])")
_WITH_POINT = re.compile(r"[0-9]+(?:\.[0-9]+)?|[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?", re.ASCII)
_WITH_COMMA = re.compile(r"(?:[0-9]+|[0-9]{1,3}(?:\.[0-9]{3})+),[0-9]{1,2}", re.ASCII)


class PurchaseLogError(InvalidInputError):
    """The purchase log cannot be used; says which line and what was expected."""

    code = "keeper_purchase_log"
    title = "Unusable purchase log"


@dataclass(frozen=True)
class Purchase:
    """One row: who, on which day, how many items, and the amount in cents; below 0 is a refund."""

    customer_id: str
    day: date
    quantity: int
    cents: int
    line: int = 0


@dataclass(frozen=True)
class PurchaseLog:
    """The rows in order of date, and the currency that the amount's column names (ISO 4217)."""

    rows: list[Purchase]
    currency: str = CURRENCY


def read_log(path: Path, zone: str) -> PurchaseLog:
    """Return what a log holds, or raise PurchaseLogError naming the first bad line.

    `zone` (IANA) says how "03/04/2026" is meant where no number above twelve does.
    """
    try:
        encoding = guess_encoding(path)
        with open_text(path, encoding) as file:
            first = file.read(10_000).lstrip().partition("\n")[0]
        separator = max(SEPARATORS, key=first.count)
        with open_text(path, encoding) as file:
            records = list(iter_records(file, separator))
    except InputFileError as error:
        raise PurchaseLogError(error.detail) from None
    places, currency = _places(path, records[0].cells if records else ())
    rows = _rows(path, records[1:], places, currency, zone)
    if not rows:
        raise PurchaseLogError(f"{path} has no purchases below its header; give at least one row")
    return PurchaseLog(sorted(rows, key=lambda row: row.day), currency)


def _places(path: Path, header: Sequence[str]) -> tuple[dict[str, int], str]:
    """Return the place of each column, and the currency."""
    bare = [plain(cell) for cell in header]
    currency = next((c for name in bare for c in _CURRENCIES if _is_amount_in(name, c)), "")
    bare = ["amount" if currency and _is_amount_in(name, currency) else name for name in bare]
    places = {
        column: next(bare.index(name) for name in names if name in bare)
        for column, names in _NAMES.items()
        if not set(names).isdisjoint(bare)
    }
    missing = [name for name in COLUMNS if name not in places]
    # A log that counts no items is one of single purchases.
    if missing and missing != ["quantity"]:
        found = f"found: {', '.join(cell.strip() for cell in header)[:300]}; " if header else ""
        raise PurchaseLogError(
            f"{path} line 1: expected the columns {', '.join(COLUMNS)}; "
            f"missing: {', '.join(missing)}; {found}add them to the header"
        )
    return places, currency.upper() or CURRENCY


def _is_amount_in(name: str, currency: str) -> bool:
    return name.endswith(currency) and name.removesuffix(currency) in _NAMES["amount"]


def _rows(
    path: Path, records: Sequence[Record], places: Mapping[str, int], currency: str, zone: str
) -> list[Purchase]:
    dates = (_cell(record, places["date"]) for record in islice(records, _LOOKED_AT))
    day_first = guess_day_first(dates, zone)
    rows = []
    for record in records:
        where = f"{path} line {record.line}"
        if record.fault:
            raise PurchaseLogError(f"{where} is no row of values; close every quotation mark")
        typed = {column: _cell(record, place) for column, place in places.items()}
        cents = _cents(typed["amount"], currency, where)
        rows.append(
            Purchase(
                _customer_id(typed["customer_id"], where),
                _day(typed["date"], ZoneInfo(zone), day_first, where),
                _quantity(typed.get("quantity", "1"), where, is_refund=cents < 0),
                cents,
                record.line,
            )
        )
    return rows


def _cell(record: Record, place: int) -> str:
    return record.cells[place].strip() if place < len(record.cells) else ""


def _customer_id(text: str, where: str) -> str:
    if not text or len(text) > _LONGEST_ID or not text.isprintable():
        raise PurchaseLogError(
            f"{where}: customer_id is {text[:40]!r}; expected 1 to {_LONGEST_ID} characters"
        )
    return text


def _day(text: str, zone: ZoneInfo, day_first: bool, where: str) -> date:
    try:
        day = parse_moment(text, zone, day_first=day_first).astimezone(zone).date()
    except ReviewDateError:
        raise PurchaseLogError(
            f"{where}: date is {text!r}; expected YYYYMMDD or YYYY-MM-DD, such as 19970131"
        ) from None
    if not date(1970, 1, 1) <= day <= datetime.now(UTC).date() + timedelta(days=1):
        raise PurchaseLogError(f"{where}: date is {text!r}; expected a day from 1970 to today")
    return day


def _quantity(text: str, where: str, *, is_refund: bool) -> int:
    number = re.fullmatch(r"([+-]?)([0-9]{1,9})(?:[.,]0+)?", text, re.ASCII)
    if number is None or (number[1] == "-" and not is_refund):
        raise PurchaseLogError(f"{where}: quantity is {text!r}; expected a whole number from 0")
    return int(number[2])


def _cents(text: str, currency: str, where: str) -> int:
    bare = _MARKS.sub("", text.replace("\u2212", "-"))
    is_back = bare.startswith("-") or (bare.startswith("(") and bare.endswith(")"))
    digits = bare.removeprefix("-").removeprefix("+").strip("()")
    if _WITH_COMMA.fullmatch(digits):
        digits = digits.replace(".", "").replace(",", ".")
    if _WITH_POINT.fullmatch(digits):
        cents = Decimal(digits.replace(",", "")).scaleb(minor_digits(currency))
        if cents == cents.to_integral_value() and cents < _MOST_MINOR:
            return -int(cents) if is_back else int(cents)
    what = "dollars and cents" if currency == CURRENCY else currency
    raise PurchaseLogError(f"{where}: amount is {text!r}; expected {what} from 0, such as 29.33")
