"""Employee options, and the put options behind discounts for lack of marketability.

Sources: F. Black & M. Scholes (1973), "The pricing of options and corporate liabilities", Journal
of Political Economy 81(3); dilution as in A. Damodaran, fcffsimpleginzu.xlsx, sheet "Option value".
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from myriad.products.upswitch.errors import InputsError

_MOST_STEPS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Warrants:
    """Options on a company's own shares. Rates and the deviation are yearly fractions."""

    price: float
    strike: float
    years: float
    deviation: float
    riskfree: float
    count: float
    shares: float
    dividend_yield: float = 0.0


def normal(value: float) -> float:
    """Return the cumulative normal distribution."""
    return 0.5 * math.erfc(-value / math.sqrt(2.0))


def black_scholes_call(
    price: float,
    strike: float,
    years: float,
    deviation: float,
    riskfree: float,
    payout: float = 0.0,
) -> float:
    """Return a European call: S e^-qT N(d1) - K e^-rT N(d2)."""
    spread = deviation * math.sqrt(years)
    first = (math.log(price / strike) + (riskfree - payout + deviation**2 / 2) * years) / spread
    held = price * math.exp(-payout * years) * normal(first)
    return held - strike * math.exp(-riskfree * years) * normal(first - spread)


def black_scholes_put(
    price: float, strike: float, years: float, deviation: float, riskfree: float
) -> float:
    """Return a European put by parity with the call: C - S + K e^-rT."""
    call = black_scholes_call(price, strike, years, deviation, riskfree)
    return call - price + strike * math.exp(-riskfree * years)


def value_per_option(warrants: Warrants) -> float:
    """Return the value of one option, diluted by its own exercise.

    The sheet's adjusted price, (S x shares + value x options) / (shares + options), depends on the
    value: the fixed point is what its iterative calculation converges to. The map is a
    contraction, since a call moves by less than its share.
    """
    value, total = 0.0, warrants.shares + warrants.count
    for _ in range(_MOST_STEPS):
        price = (warrants.price * warrants.shares + value * warrants.count) / total
        found = black_scholes_call(
            price,
            warrants.strike,
            warrants.years,
            warrants.deviation,
            warrants.riskfree,
            warrants.dividend_yield,
        )
        if abs(found - value) <= 1e-14 * max(1.0, found):
            return found
        value = found
    raise InputsError("the value of the employee options does not settle; check their figures")
