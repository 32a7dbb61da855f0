"""What holds for any company: direction, scale, currency, and the same figures one by one."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myriad.products.upswitch.engine.basis import Basis
from myriad.products.upswitch.engine.levers import shift, value_drivers
from myriad.products.upswitch.engine.proof import prove
from myriad.products.upswitch.engine.solved import solve
from tests.products.upswitch.engine.conftest import SHEET, basis_of

SHEETS = st.fixed_dictionaries(
    {
        "revenue_growth_next_year": st.floats(-0.2, 0.4),
        "revenue_growth_years_2_to_5": st.floats(-0.1, 0.3),
        "operating_income": st.floats(-300, 400),
        "operating_margin_next_year": st.floats(-0.3, 0.3),
        "target_operating_margin": st.floats(0.0, 0.4),
        "margin_convergence_year": st.floats(1, 10),
        "effective_tax_rate": st.floats(0, 0.4),
        "marginal_tax_rate": st.floats(0, 0.4),
        "sales_to_capital_years_1_to_5": st.floats(0.3, 5),
        "sales_to_capital_years_6_to_10": st.floats(0.3, 5),
        "riskfree_rate": st.floats(-0.02, 0.05),
        "initial_cost_of_capital": st.floats(0.06, 0.2),
        "override_net_operating_loss": st.booleans(),
        "net_operating_loss": st.floats(0, 500),
        "override_reinvestment_lag": st.booleans(),
        "reinvestment_lag_years": st.integers(0, 3),
        "override_failure": st.booleans(),
        "probability_of_failure": st.floats(0, 1),
        "distress_proceeds_tied_to": st.sampled_from(["B", "V"]),
        "minority_interests": st.floats(0, 100),
        "override_tax_rate_convergence": st.booleans(),
    }
)
FEW = settings(max_examples=60, deadline=None)


def per_share(basis: Basis) -> float:
    return float(solve(basis).equity.per_share)


@FEW
@given(SHEETS)
def test_any_company_is_worth_the_same_in_plain_python(
    plain: ModuleType, sheet: dict[str, Any]
) -> None:
    basis = basis_of(**sheet)
    assert per_share(basis) == pytest.approx(plain.value(plain.figures(basis)), rel=1e-9, abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(SHEETS)
def test_the_formulas_of_any_proof_come_to_their_numbers(sheet: dict[str, Any]) -> None:
    assert prove(basis_of(**sheet)).largest_error() < 1e-9


@FEW
@given(st.floats(0.07, 0.2), st.floats(0.001, 0.05))
def test_a_higher_cost_of_capital_never_raises_the_value(cost: float, more: float) -> None:
    low, high = (
        basis_of(initial_cost_of_capital=cost),
        basis_of(initial_cost_of_capital=cost + more),
    )
    assert per_share(high) < per_share(low)


@FEW
@given(st.floats(0.0, 0.3), st.floats(0.001, 0.1))
def test_a_higher_margin_raises_the_value(margin: float, more: float) -> None:
    low, high = (basis_of(target_operating_margin=m) for m in (margin, margin + more))
    assert per_share(high) > per_share(low)


@FEW
@given(st.floats(0.005, 0.03), st.floats(0.005, 0.03))
def test_growth_for_ever_is_worth_nothing_at_a_return_equal_to_its_cost(
    one: float, other: float
) -> None:
    """The terminal value per unit of after-tax income is 1 / cost, whatever the growth."""
    found = []
    for growth in (one, other):
        solved = solve(
            basis_of(override_growth_in_perpetuity=True, growth_rate_in_perpetuity=growth)
        )
        found.append(
            float(solved.discounted.terminal_value / solved.projection.after_tax_income[10])
        )
    assert found[0] == pytest.approx(found[1], rel=1e-12)
    assert found[0] == pytest.approx(1 / 0.08)


@FEW
@given(st.floats(0.005, 0.03), st.floats(0.005, 0.03))
def test_growth_for_ever_is_worth_something_at_a_return_above_its_cost(
    growth: float, more: float
) -> None:
    rows: dict[str, Any] = {
        "override_growth_in_perpetuity": True,
        "override_terminal_return_on_capital": True,
    }
    found = []
    for rate in (growth, growth + more):
        solved = solve(
            basis_of(**rows, growth_rate_in_perpetuity=rate, terminal_return_on_capital=0.15)
        )
        found.append(
            float(solved.discounted.terminal_value / solved.projection.after_tax_income[10])
        )
    assert found[1] > found[0]


@FEW
@given(st.floats(1e-3, 1e6))
def test_money_in_another_unit_is_the_same_value_in_that_unit(scale: float) -> None:
    names = (
        "revenues",
        "operating_income",
        "book_value_of_equity",
        "book_value_of_debt",
        "cash_and_marketable_securities",
    )
    scaled: dict[str, Any] = {name: SHEET[name] * scale for name in names}
    assert per_share(basis_of(**scaled)) == pytest.approx(per_share(basis_of()) * scale, rel=1e-9)


def test_the_name_of_the_currency_changes_no_figure() -> None:
    assert per_share(basis_of({"currency": "JPY"})) == per_share(basis_of({"currency": "EUR"}))


@FEW
@given(st.lists(st.floats(-0.03, 0.03), min_size=1, max_size=8))
def test_a_batch_is_its_companies_one_by_one(shifts: list[float]) -> None:
    basis = basis_of()
    batch = value_drivers(basis, shift(basis, {"growth": np.array(shifts)})).per_share
    alone = [value_drivers(basis, shift(basis, {"growth": one})).per_share for one in shifts]
    assert np.asarray(batch) == pytest.approx(np.array([float(x) for x in alone]), rel=1e-12)


@FEW
@given(st.floats(0.05, 0.2))
def test_mid_year_is_worth_the_root_more_at_one_rate(cost: float) -> None:
    rows: dict[str, Any] = {
        "initial_cost_of_capital": cost,
        "override_terminal_cost_of_capital": True,
        "terminal_cost_of_capital": cost,
    }
    end, middle, at_n = (
        float(solve(basis_of({"discounting": how}, **rows)).discounted.total)
        for how in ({}, {"mid_year": True}, {"mid_year": True, "gordon_at": "N"})
    )
    assert middle == pytest.approx(end * (1 + cost) ** 0.5, rel=1e-12)
    assert end < at_n < middle


def test_an_exit_multiple_takes_the_place_of_growth_for_ever() -> None:
    how: dict[str, Any] = {
        "exit_multiple": 6.0,
        "exit_metric": "ebitda",
        "depreciation_share_of_revenues": 0.05,
    }
    basis = basis_of({"discounting": how})
    solved = solve(basis)
    income, revenues = solved.projection.operating_income[9], solved.projection.revenues[9]
    assert float(solved.discounted.terminal_value) == pytest.approx(
        6.0 * (income + 0.05 * revenues)
    )
    assert prove(basis).largest_error() < 1e-12


def test_employee_options_come_off_the_equity() -> None:
    rows: dict[str, Any] = {
        "has_employee_options": True,
        "current_stock_price": 900.0,
        "options_outstanding": 0.05,
        "options_average_strike_price": 500.0,
        "options_average_maturity_years": 4.0,
    }
    basis = basis_of(**rows)
    assert basis.claims.value_of_options == pytest.approx(0.05 * 500, rel=0.3)
    assert per_share(basis) == pytest.approx(
        per_share(basis_of()) - float(basis.claims.value_of_options)
    )
    assert prove(basis).largest_error() < 1e-12


def test_trapped_cash_still_owes_the_difference_of_tax() -> None:
    rows: dict[str, Any] = {
        "override_trapped_cash": True,
        "trapped_cash": 40.0,
        "trapped_cash_foreign_tax_rate": 0.15,
    }
    assert per_share(basis_of(**rows)) == pytest.approx(per_share(basis_of()) - 40.0 * 0.10)
