"""The arithmetic of money and shares, in whole units: nothing is lost and nothing appears.

Shares are counted in billionths (`UNITS` to one share), as NUMERIC(20, 9) stores them, money in
the smallest unit of its currency. The SQL beside it computes the same for millions of rows; tests
hold the two together.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

from myriad.kit.errors import InvalidInputError
from myriad.kit.money import minor_digits

UNITS = 1_000_000_000
_DIGITS = 60


def minor_units(currency: str) -> int:
    """Return how many of its smallest units a whole unit of a currency has."""
    units: int = 10 ** minor_digits(currency)
    return units


def minor_of(amount: Decimal, currency: str) -> int:
    """Return an amount in whole units in the currency's smallest unit, half to even."""
    return half_even(amount * minor_units(currency))


def round_up(
    amount_minor: int, currency: str, *, multiplier: int = 1, rounds_whole: bool = False
) -> int:
    """Return what a purchase rounds up by: to the next whole unit of its currency, multiplied.

    `amount_minor` above zero is money out; a refund or nothing rounds up by nothing. A whole amount
    rounds up by a whole unit only when `rounds_whole`; of a currency without a smaller unit, such as
    the yen, every amount is whole.
    """
    if amount_minor <= 0:
        return 0
    whole = minor_units(currency)
    rest = -amount_minor % whole
    return (rest or (whole if rounds_whole else 0)) * multiplier


def within_cap(amounts: Sequence[int], cap: int | None, taken: int = 0) -> list[int]:
    """Return what of each amount, in order, still fits under `cap` when `taken` is gone already."""
    if cap is None:
        return list(amounts)
    room, granted = max(cap - taken, 0), []
    for amount in amounts:
        granted.append(min(amount, room))
        room -= granted[-1]
    return granted


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """Share `total` in proportion to `weights` by largest remainder (Hamilton); the sum is exact.

    The first of two equal remainders gets the unit. No share exceeds its weight while `total` does
    not exceed their sum. Raises InvalidInputError when nobody has a weight above zero, when one is
    below, or `total` is.
    """
    whole = sum(weights)
    if total < 0 or whole <= 0 or min(weights) < 0:
        message = "only a total of zero or more is shared, by weights of which one is above zero"
        raise InvalidInputError(message)
    shares = [total * weight // whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda at: (-(total * weights[at] % whole), at))
    for at in order[: total - sum(shares)]:
        shares[at] += 1
    return shares


def half_even(amount: Decimal) -> int:
    """Return the whole number nearest to `amount`; exactly between two, the even one."""
    with localcontext() as context:
        context.prec = _DIGITS
        return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def units_of(qty: Decimal) -> int:
    """Return a number of shares in billionths; raises InvalidInputError when it is finer."""
    with localcontext() as context:
        context.prec = _DIGITS
        units = qty * UNITS
    if units != int(units):
        raise InvalidInputError(f"{qty} is finer than a billionth of a share")
    return int(units)


def shares_of(units: int) -> Decimal:
    """Return billionths as a number of shares with nine decimals."""
    with localcontext() as context:
        context.prec = _DIGITS
        return Decimal(units).scaleb(-9)


def split_units(units: Sequence[int], numerator: int, denominator: int) -> tuple[list[int], int]:
    """Return each lot's billionths after a split, and the rest that is less than one.

    What all lots come to is the whole position after the split, cut to a billionth; the rest is
    that fraction's numerator over `denominator`.
    """
    held = sum(units)
    if not held:
        return list(units), 0
    after, rest = divmod(held * numerator, denominator)
    return apportion(after, units), rest


def exchanged_basis(cost_minor: int, cash_minor: int, value_minor: int) -> int:
    """Return what the shares cost that a merger gave, besides cash, for a lot that cost so much.

    `value_minor` is what those shares were worth. The gain is taxed as far as cash came for it, a
    loss is not taken (26 U.S.C. 356(a)(1), (c)): what is taxed is cash + the result - the cost. The
    cost goes on less the cash and plus that gain (26 U.S.C. 358(a)(1)), lot by lot, each with its
    part of the cash (26 CFR 1.356-1(b)). All of that is the middle one of three: the cost, the cost
    less the cash, and the value.
    """
    return max(cost_minor - cash_minor, min(cost_minor, value_minor))


def amortized(cost: int, months: int, month: int) -> int:
    """Return the share of `cost` that month number `month` (from 1) bears, of `months` alike.

    Whole units; over all months they come to `cost` exactly, and no two differ by more than one.
    """
    if not 1 <= month <= months:
        return 0
    return cost * month // months - cost * (month - 1) // months
