"""One line of a statement, wherever it came from, and what of it cannot be used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from myriad.kit.errors import InvalidInputError
from myriad.kit.money import minor_digits

# Above this (in units of the currency) a purchase waits until its member confirms it.
HELD_ABOVE_UNITS = 10_000
FIRST_DAY = date(2010, 1, 1)
_DAYS_AHEAD = 7
_LARGEST_MINOR = 10**14
_LONGEST_ID = 200

Source = Literal["plaid", "ofx", "csv"]


class StatementFileError(InvalidInputError):
    """A statement's file cannot be read, or one thing must be said about it first."""

    code = "statement_file"
    title = "The file cannot be imported as it is"


class BadLineError(Exception):
    """One line cannot be used; the message says why, without the line's own words."""


@dataclass(frozen=True, slots=True)
class Line:
    """One movement on an account; `amount_minor` > 0 is money out.

    `day` is when it was booked or, pending, when it was seen; `shown_on` the day of the purchase
    where the bank says it. `number` is its line in the file or its place in the answer.
    """

    number: int
    external_id: str
    day: date
    amount_minor: int
    currency: str
    raw: str
    kind: str
    is_pending: bool = False
    pending_external_id: str | None = None
    shown_on: date | None = None
    category: str | None = None
    mcc: str | None = None
    channel: str | None = None
    merchant_entity_id: str | None = None


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that was kept apart: its number, why, and what it held."""

    number: int
    reason: str
    text: str


Read = Iterator[Line | BadLine]


def check_line(line: Line, today: date) -> Line:
    """Return the line, or raise BadLineError for one that no account can have."""
    if not FIRST_DAY <= line.day <= today + timedelta(days=_DAYS_AHEAD):
        raise BadLineError(f"its day lies before {FIRST_DAY.year} or in the future")
    if abs(line.amount_minor) > _LARGEST_MINOR:
        raise BadLineError("its amount is beyond any account")
    if len(line.currency) != len("USD") or not line.currency.isalpha():
        raise BadLineError("its currency is no ISO 4217 code of three letters")
    if not line.external_id or len(line.external_id) > _LONGEST_ID:
        raise BadLineError(f"its id is empty or longer than {_LONGEST_ID} characters")
    if not line.raw.strip():
        raise BadLineError("it does not say where the money went")
    return line


def is_held(line: Line, currency: str) -> bool:
    """Whether a purchase waits for its member: above 10,000 units, or in a foreign currency."""
    limit = HELD_ABOVE_UNITS * int(10 ** minor_digits(line.currency))
    return line.amount_minor > limit or line.currency != currency
