"""What capital costs: CAPM, betas, debt at market value, weighted average.

Sources: A. Damodaran, fcffsimpleginzu.xlsx, sheet "Cost of capital worksheet"; R. Hamada (1972),
"The effect of the firm's capital structure on the systematic risk of common stocks", Journal of
Finance 27(2); A. Damodaran, industry tables betas.xls (cash correction). All take floats or arrays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from myriad.products.upswitch.engine.arrays import Number


def cost_of_equity(riskfree: Number, beta: Number, premium: Number, size: Number = 0.0) -> Number:
    """CAPM: riskfree + beta x equity risk premium, plus a size premium where the user gives one."""
    return riskfree + beta * premium + size


def after_tax(pretax_cost_of_debt: Number, tax_rate: Number) -> Number:
    """Return the cost of debt after its tax shield."""
    return pretax_cost_of_debt * (1.0 - tax_rate)


def lever(unlevered_beta: Number, tax_rate: Number, debt_to_equity: Number) -> Number:
    """Hamada: unlevered x (1 + (1 - tax) x D/E)."""
    return unlevered_beta * (1.0 + (1.0 - tax_rate) * debt_to_equity)


def unlever(levered_beta: Number, tax_rate: Number, debt_to_equity: Number) -> Number:
    """Hamada, solved for the beta without debt."""
    return levered_beta / (1.0 + (1.0 - tax_rate) * debt_to_equity)


def correct_for_cash(unlevered_beta: Number, cash_share_of_firm: Number) -> Number:
    """Return the beta of the operations alone: cash has a beta of 0 (Damodaran, betas.xls)."""
    return unlevered_beta / (1.0 - cash_share_of_firm)


def total_beta(beta: Number, correlation: Number) -> Number:
    """Return the beta of an owner who holds nothing else: beta / correlation with the market.

    Source: A. Damodaran, Investment Valuation, 3rd ed., ch. 24. The open alternative to a
    proprietary size premium.
    """
    return beta / correlation


def market_value_of_debt(
    interest: Number, book: Number, pretax_cost: Number, maturity_years: Number
) -> Number:
    """Return the book debt priced as one coupon bond (sheet, C53 and C54).

    interest x (1 - (1+k)^-n) / k + book / (1+k)^n.
    """
    factor = (1.0 + pretax_cost) ** -np.asarray(maturity_years, dtype=float)
    worth: Number = interest * (1.0 - factor) / pretax_cost + book * factor
    return worth


@dataclass(frozen=True, slots=True)
class CapitalMix:
    """Market values of the sources of capital, and what they weigh (sheet, rows 60 and 61)."""

    equity: Number
    debt: Number
    preferred: Number = 0.0

    @property
    def total(self) -> Number:
        """All capital."""
        return self.equity + self.debt + self.preferred


def weighted_cost(
    mix: CapitalMix, equity_cost: Number, debt_cost: Number, preferred_cost: Number = 0.0
) -> Number:
    """Return the cost of capital (sheet, E62); `debt_cost` is after tax."""
    total = mix.total
    return (
        mix.equity / total * equity_cost
        + mix.debt / total * debt_cost
        + mix.preferred / total * preferred_cost
    )


def industry_cost(equity_cost: Number, pretax_debt: Number, tax: Number, debt: Number) -> Number:
    """Return an industry's cost of capital from its debt share of capital at market values."""
    return equity_cost * (1.0 - debt) + after_tax(pretax_debt, tax) * debt
