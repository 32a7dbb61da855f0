"""From the engine's floats to money: integer minor units with a currency, rounded once."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, Decimal

from myriad.kit.money import Money, minor_digits
from myriad.products.upswitch.errors import InputsError


def money(amount: float, currency: str, units: int = 1) -> Money:
    """Return an amount in `units` of the currency as money; half a cent goes to the even one.

    Raises InputsError for what is no number.
    """
    if not math.isfinite(amount):
        raise InputsError("the value is not a finite number; check growth, margins and rates")
    exact = Decimal(repr(amount)) * units * 10 ** minor_digits(currency)
    return Money(int(exact.quantize(Decimal(1), rounding=ROUND_HALF_EVEN)), currency)
