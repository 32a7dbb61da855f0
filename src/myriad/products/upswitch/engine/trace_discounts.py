"""The trace of discounts and of the way from enterprise value to equity.

Source: Upswitch specification sections 4.7 and 4.8.
"""

from __future__ import annotations

from myriad.products.upswitch.engine.discounts import FINNERTY_CAP, marketability
from myriad.products.upswitch.engine.market_inputs import Discounts
from myriad.products.upswitch.engine.trace import Trace
from myriad.products.upswitch.engine.valuation import Valuation

_GIVEN = "given with the inputs"
_METHOD = "Upswitch specification section 4.8"
_PUT = "NORMSDIST(-({d})+{s})*EXP(-riskfree_rate*holding_years)-NORMSDIST(-({d}))"
_LEAST_VARIANCE = 0.02
"""Below it the formula of Finnerty's discount loses digits that a workbook shows."""


def trace_discounts(trace: Trace, valuation: Valuation) -> None:
    """Add what control and marketability take, and what is kept."""
    given = valuation.inputs.discounts
    trace.given("control_premium", "Premium for control", given.control_premium, _GIVEN)
    trace.given("lack_of_control", "Discount for lack of control", given.lack_of_control, _GIVEN)
    discount = _marketability(trace, valuation)
    control = "(1+control_premium)*(1-lack_of_control)"
    kept = (1 + given.control_premium) * (1 - given.lack_of_control)
    trace.made("kept_illiquid", "Kept after control", kept, control, _METHOD)
    whole = "kept_illiquid*(1-lack_of_marketability)"
    trace.made("kept_liquid", "Kept after all discounts", kept * (1 - discount), whole, _METHOD)


def _marketability(trace: Trace, valuation: Valuation) -> float:
    given = valuation.inputs.discounts
    discount = marketability(given, valuation.inputs.input_sheet.riskfree_rate)
    key, label = "lack_of_marketability", "Discount for lack of marketability"
    source = f"method {given.marketability_method}: specification section 4.7"
    formula = _formula(given) if valuation.solved is not None else None
    if formula is None:
        trace.given(key, label, discount, source)
        return discount
    trace.given("holding_years", "Years until it can be sold", given.holding_years, _GIVEN)
    label_of_price = "Standard deviation of the price"
    trace.given("price_deviation", label_of_price, given.price_deviation, _GIVEN)
    trace.made(key, label, discount, formula, source)
    return discount


def _formula(given: Discounts) -> str | None:
    if given.marketability_method == "chaffee":
        spread = "price_deviation*SQRT(holding_years)"
        first = f"(riskfree_rate+price_deviation^2/2)*holding_years/({spread})"
        return _PUT.format(d=first, s=spread)
    variance = "price_deviation^2*holding_years"
    if given.marketability_method != "finnerty" or _variance(given) < _LEAST_VARIANCE:
        return None
    grown = f"(EXP({variance})-1)"
    total = f"{variance}+LN(2*({grown}-{variance}))-2*LN({grown})"
    return f"MIN(2*NORMSDIST(SQRT(MAX({total},0))/2)-1,{FINNERTY_CAP!r})"


def _variance(given: Discounts) -> float:
    return given.price_deviation**2 * given.holding_years


def trace_bridge(trace: Trace, valuation: Valuation) -> None:
    """Add what stands between the enterprise and its equity where multiples value it."""
    approach, sheet = valuation.inputs.market_approach, valuation.inputs.input_sheet
    if approach is None:
        return
    is_linked = valuation.solved is not None
    debt = approach.net_financial_debt
    if debt is None and is_linked:
        formula = "book_value_of_debt-cash_and_marketable_securities"
        amount = sheet.book_value_of_debt - sheet.cash_and_marketable_securities
        trace.made("bridge_net_debt", "bridge net debt", amount, formula, _METHOD)
    else:
        amount = sheet.book_value_of_debt - sheet.cash_and_marketable_securities
        trace.given("bridge_net_debt", "bridge net debt", amount if debt is None else debt, _GIVEN)
    for name, figure in (
        ("bridge_working_capital", approach.working_capital_normalisation),
        ("bridge_provisions", approach.provisions),
        ("bridge_surplus", approach.surplus_assets),
    ):
        trace.given(name, name.replace("_", " "), figure, _GIVEN)
    name, rate = "bridge_tax_rate", sheet.marginal_tax_rate
    if is_linked:
        trace.made(name, "bridge tax rate", rate, "marginal_tax_rate", _METHOD)
    else:
        trace.given(name, "bridge tax rate", rate, _GIVEN)
