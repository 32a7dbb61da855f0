"""What holds of the market and the method where nobody says otherwise, with its source and day."""

from __future__ import annotations

from myriad.products.upswitch.conversation.keys.key import OURS, Key


def _assumption(
    name: str,
    label: str,
    meaning: str,
    default: float,
    source: str,
    as_of: str = "2026-09-30",
    **bounds: float,
) -> Key:
    return Key(
        name=name,
        label=label,
        meaning=meaning,
        kind="number" if bounds.get("high", 1.0) > 1.0 else "rate",
        group="assumptions",
        low=bounds.get("low", 0.0),
        high=bounds.get("high", 1.0),
        default=default,
        default_source=source,
        default_as_of=as_of,
    )


_LAW = "Belgian Income Tax Code 1992, art. 215"
ASSUMPTIONS = (
    _assumption(
        "input_sheet.effective_tax_rate",
        "Tax rate now",
        "Tax as a share of result",
        0.25,
        _LAW,
        "2020-01-01",
    ),
    _assumption(
        "input_sheet.marginal_tax_rate",
        "Tax rate later",
        "Tax rate in year ten",
        0.25,
        _LAW,
        "2020-01-01",
    ),
    _assumption(
        "input_sheet.sales_to_capital_years_1_to_5",
        "Turnover per euro invested",
        "How much more turnover each euro of new capital brings",
        2.0,
        OURS,
        low=0.05,
        high=50.0,
    ),
    _assumption(
        "input_sheet.riskfree_rate",
        "Riskfree rate",
        "Yield of ten-year government bonds of the best rating, in EUR",
        0.034,
        "ECB yield curve, AAA, spot rate of ten years, rounded; check it on the day of valuation",
        low=-0.02,
        high=0.2,
    ),
    _assumption(
        "mature_market_equity_risk_premium",
        "Equity risk premium",
        "What shares of mature markets bring beyond the riskfree rate",
        0.0433,
        "A. Damodaran, country risk premiums, January 2025: Belgium 5.13 % less 0.80 %",
        "2025-01-05",
        low=0.0,
        high=0.2,
    ),
    _assumption(
        "input_sheet.initial_cost_of_capital",
        "Cost of capital",
        "What investors in a small company ask for a year, debt and equity together",
        0.115,
        f"{OURS}: riskfree rate, premium of Belgium and 3 to 6 % for size, less cheaper debt",
        low=0.02,
        high=0.6,
    ),
    _assumption(
        "input_sheet.terminal_cost_of_capital",
        "Cost of capital after year ten",
        "The same once the company has become steadier",
        0.105,
        f"{OURS}: one point less than today",
        low=0.02,
        high=0.6,
    ),
    _assumption(
        "input_sheet.growth_rate_in_perpetuity",
        "Growth after year ten",
        "By how much turnover grows for ever; never above the riskfree rate",
        0.02,
        "the European Central Bank's aim for inflation",
        "2021-07-08",
        low=-0.1,
        high=0.1,
    ),
    _assumption(
        "input_sheet.probability_of_failure",
        "Chance of failure",
        "How likely it is that the company ends within ten years without a buyer",
        0.05,
        OURS,
    ),
    _assumption(
        "input_sheet.distress_proceeds_share",
        "What a failure would leave",
        "Share of the books that a forced sale would bring",
        0.4,
        OURS,
    ),
    _assumption(
        "discounts.price_deviation",
        "Swings of value a year",
        "Standard deviation of the value, for the discount of a share that cannot be sold at once",
        0.35,
        f"{OURS}; the discount follows Finnerty (2012)",
        low=0.01,
        high=2.0,
    ),
    _assumption(
        "discounts.holding_years",
        "Years until a sale",
        "How long a buyer is bound before selling",
        1.0,
        OURS,
        low=0.1,
        high=10.0,
    ),
    _assumption(
        "weights.dcf", "Weight of cash flows", "How much the cash flow method counts", 0.5, OURS
    ),
    _assumption(
        "weights.ebitda",
        "Weight of multiples",
        "How much the multiple of EBITDA counts",
        0.5,
        OURS,
    ),
)
