"""Money as integers in the smallest unit of a currency (ISO 4217)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from myriad.kit.errors import InvalidInputError

_DIGITS = {"JPY": 0, "KRW": 0, "CLP": 0, "ISK": 0, "VND": 0, "BHD": 3, "KWD": 3, "OMR": 3, "TND": 3}
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "CAD": "CA$", "AUD": "A$"}
# Plain digits only: an exponent would be a number of any length.
_TYPED = re.compile(r"(?:[0-9]{1,12}|[0-9]{1,3}(?:,[0-9]{3}){1,3})(?:\.[0-9]{1,3})?", re.ASCII)


def minor_digits(currency: str) -> int:
    """Return how many decimal digits the currency's smallest unit has."""
    return _DIGITS.get(currency, 2)


@dataclass(frozen=True, order=True)
class Money:
    """An amount: `minor` units (cents for USD) of `currency`."""

    minor: int
    currency: str

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other).minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other).minor, self.currency)

    def _same(self, other: Money) -> Money:
        if other.currency != self.currency:
            message = f"cannot combine {self.currency} with {other.currency}; convert first"
            raise InvalidInputError(message)
        return other

    def format(self, *, whole: bool = False) -> str:
        """Return the amount for people, such as `$1,240.50`, or `$1,241` when `whole`."""
        digits = minor_digits(self.currency)
        sign = "-" if self.minor < 0 else ""
        units, rest = divmod(abs(self.minor), 10**digits)
        if whole and digits:
            units += rest * 2 >= 10**digits
        tail = f".{rest:0{digits}d}" if digits and not whole else ""
        symbol = _SYMBOLS.get(self.currency, self.currency + " ")
        return f"{sign}{symbol}{units:,}{tail}"


def parse_minor(text: str, currency: str) -> int | None:
    """Return what a person typed in the currency's smallest unit, None of nothing.

    `25`, `25.50` and `$1,250` are amounts. Raises InvalidInputError for anything else: below zero,
    finer than the currency is, or with a comma that may part thousands or decimals (`1,5`).
    """
    plain = text.strip().lstrip("$€£¥ ")
    if not plain:
        return None
    if _TYPED.fullmatch(plain):
        minor = Decimal(plain.replace(",", "")).scaleb(minor_digits(currency))
        if minor == minor.to_integral_value():
            return int(minor)
    raise InvalidInputError(f"give an amount in {currency}, such as 25 or 1250.50")
