"""Card transactions of many people in one CSV, as public bodies and analysts keep them.

The header names `date`, `merchant` (or `description`), `card` (or `account`, `member`, whose each
is) and the amount with its currency, as in `amount_gbp`; money out is positive. Other columns are
left alone. An id is made from what a row says and how often the same stood before it.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from myriad.products.kamioi.intake.lines import (
    BadLine,
    BadLineError,
    Line,
    StatementFileError,
    check_line,
)
from myriad.products.kamioi.intake.values import DayOrder, find_order, read_amount, read_day
from myriad.products.kamioi.mapping.eligibility import kind_of
from myriad.products.kamioi.mapping.normalising import clean

_RAWS, _CARDS = ("merchant", "description", "raw"), ("card", "account", "member")
_AMOUNT = re.compile(r"amount_([a-z]{3})")
_LONGEST_SHOWN, _LONGEST_CARD = 2000, 60
_NEEDED = "date, merchant, card and the amount with its currency, as amount_usd"


@dataclass(frozen=True, slots=True)
class CardForm:
    """Which columns of a file say what, and in which currency its amounts are."""

    day: str
    raw: str
    card: str
    amount: str
    currency: str


@dataclass(frozen=True, slots=True)
class CardFile:
    """What a file holds: its rows, whose cards they are, how its days are written."""

    path: Path
    form: CardForm
    days: DayOrder
    cards: tuple[str, ...]
    rows: int


def read_header(path: Path) -> CardForm:
    """Return how a file is to be read; raises StatementFileError naming the missing columns."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = [name.strip().lower() for name in next(csv.reader(file), [])]
    except (OSError, UnicodeDecodeError, csv.Error):
        raise StatementFileError(f"{path.name} cannot be read as CSV in UTF-8") from None
    amounts = [found for name in header if (found := _AMOUNT.fullmatch(name))]
    raw, card = _first(_RAWS, header), _first(_CARDS, header)
    if "date" not in header or not raw or not card or len(amounts) != 1:
        had = ", ".join(header)[:200] or "nothing"
        raise StatementFileError(f"{path.name} needs the columns {_NEEDED}; it has {had}")
    found = amounts[0]
    return CardForm("date", raw, card, found.group(), found.group(1).upper())


def _first(names: Sequence[str], header: Sequence[str]) -> str:
    return next((name for name in names if name in header), "")


def look_at(path: Path) -> CardFile:
    """Return what a file holds, read once from end to end; raises StatementFileError."""
    form = read_header(path)
    cards: dict[str, None] = {}
    days: set[str] = set()
    rows = 0
    for _, row in _rows(path):
        rows += 1
        days.add(row.get(form.day, ""))
        if card := _card(row, form):
            cards.setdefault(card)
    return CardFile(path, form, find_order(sorted(days)), tuple(cards), rows)


def read_cards(file: CardFile, today: date) -> Iterator[tuple[str, Line] | BadLine]:
    """Yield each row as (card, line), or as a bad line with its reason."""
    seen: Counter[bytes] = Counter()
    for number, row in _rows(file.path):
        try:
            card = _card(row, file.form)
            if not card:
                raise BadLineError("it does not say whose card it is")
            yield card, check_line(_line(file, number, card, row, seen), today)
        except BadLineError as fault:
            yield BadLine(number, str(fault), ",".join(row.values())[:_LONGEST_SHOWN])


def _line(
    file: CardFile, number: int, card: str, row: dict[str, str], seen: Counter[bytes]
) -> Line:
    form = file.form
    day = read_day(row.get(form.day, ""), file.days)
    amount = read_amount(row.get(form.amount, ""), form.currency)
    raw = clean(row.get(form.raw, ""))
    text = f"{card}|{day.isoformat()}|{amount}|{raw}"
    key = hashlib.blake2b(text.encode(), digest_size=12).digest()
    seen[key] += 1
    return Line(
        number=number,
        external_id=f"{key.hex()}-{seen[key]}",
        day=day,
        amount_minor=amount,
        currency=form.currency,
        raw=raw,
        kind=kind_of(amount),
    )


def _card(row: dict[str, str], form: CardForm) -> str:
    return clean(row.get(form.card, "")).strip()[:_LONGEST_CARD]


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        reader = csv.reader(line.replace("\0", "") for line in file)
        header = [name.strip().lower() for name in next(reader, [])]
        for cells in reader:
            if cells:
                yield reader.line_num, dict(zip(header, cells, strict=False))
