"""Discounts and premiums for control, marketability and size.

Sources: D. Chaffe (1993), "Option pricing as a proxy for discount for lack of marketability",
Business Valuation Review 12(4): a European put at the money; J. Finnerty (2012), "An average-strike
put option model of the marketability discount", Journal of Derivatives 19(4).
"""

from __future__ import annotations

import math

from myriad.products.upswitch.engine.market_inputs import Discounts
from myriad.products.upswitch.engine.options import black_scholes_put, normal

FINNERTY_CAP = 2.0 * normal(math.sqrt(math.log(2.0)) / 2.0) - 1.0
"""What Finnerty's discount tends to for ever longer holding: 32.3 %."""


def chaffe(deviation: float, years: float, riskfree: float) -> float:
    """Return the discount as a share of the price: a put on it, at the money, over the holding."""
    return black_scholes_put(1.0, 1.0, years, deviation, riskfree)


def finnerty(deviation: float, years: float) -> float:
    """Return Finnerty's average-strike discount, without dividends.

    v^2 T = s^2 T + ln(2 (e^(s^2 T) - s^2 T - 1)) - 2 ln(e^(s^2 T) - 1); the discount is
    N(v sqrt(T) / 2) - N(-v sqrt(T) / 2).
    """
    variance = deviation**2 * years
    grown = math.expm1(variance)
    total = variance + math.log(2.0 * (grown - variance)) - 2.0 * math.log(grown)
    half = math.sqrt(max(total, 0.0)) / 2.0
    return min(normal(half) - normal(-half), FINNERTY_CAP)


def marketability(given: Discounts, riskfree: float) -> float:
    """Return the discount for lack of marketability by the chosen method."""
    if given.marketability_method == "chaffee":
        return chaffe(given.price_deviation, given.holding_years, riskfree)
    if given.marketability_method == "finnerty":
        return finnerty(given.price_deviation, given.holding_years)
    return given.marketability if given.marketability_method == "given" else 0.0


def kept_share(given: Discounts, riskfree: float, *, is_marketable: bool = True) -> float:
    """Return what remains of a value: x (1 + premium) (1 - control) (1 - marketability).

    Marketability comes after control and is left out (`is_marketable` false) where the multiple
    was paid for a company that could not be traded either.
    """
    control = (1.0 + given.control_premium) * (1.0 - given.lack_of_control)
    return control * (1.0 - (marketability(given, riskfree) if is_marketable else 0.0))


def sme_discount(sme_multiple: float, listed_multiple: float) -> float:
    """Return how much less is paid for a small company: 1 - SME multiple / listed multiple."""
    return 1.0 - sme_multiple / listed_multiple
