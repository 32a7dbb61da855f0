"""Published vectors that need no data beside them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from myriad.products.upswitch.engine import capital
from myriad.products.upswitch.engine.capital import CapitalMix
from myriad.products.upswitch.engine.discounts import (
    FINNERTY_CAP,
    chaffe,
    finnerty,
    kept_share,
    sme_discount,
)
from myriad.products.upswitch.engine.equity import enterprise_value, gordon, present_value
from myriad.products.upswitch.engine.leases import convert_leases
from myriad.products.upswitch.engine.market_inputs import Discounts
from myriad.products.upswitch.engine.options import Warrants, black_scholes_call, value_per_option
from myriad.products.upswitch.engine.parameters import RatingBand
from myriad.products.upswitch.engine.rating import interest_coverage, rate
from myriad.products.upswitch.engine.research import capitalize_research
from myriad.products.upswitch.engine.worksheets import LeaseConverter, ResearchConverter


def test_debt_beta_and_weighted_cost_follow_the_published_chain() -> None:
    debt = capital.market_value_of_debt(3_182.0, 161_574.0, 0.05, 3.0)
    assert debt == pytest.approx(148_239.0714, abs=1e-4)
    beta = capital.lever(1.278331, 0.25, 148_239.07 / 1_773_148)
    assert beta == pytest.approx(1.358484, abs=1e-6)
    equity = capital.cost_of_equity(0.0408, 1.358484335, 0.04901547956)
    assert equity == pytest.approx(0.1073867612, abs=1e-9)
    mix = CapitalMix(1_773_148.0, 148_239.0714)
    assert capital.weighted_cost(mix, equity, capital.after_tax(0.05, 0.25)) == pytest.approx(
        0.1019948499, abs=1e-9
    )


def test_leases_become_the_published_debt() -> None:
    leases = LeaseConverter(
        current_year_expense=295.0,
        commitments_years_1_to_5=(287.0, 235.0, 194.0, 151.0, 98.0),
        commitments_beyond_year_5=605.0,
    )
    found = convert_leases(leases, 0.05)
    assert found.years_beyond == 3
    assert found.debt == pytest.approx(1_285.386837, abs=1e-6)
    assert found.depreciation == pytest.approx(160.673355, abs=1e-6)
    assert found.income_adjustment == pytest.approx(134.326645, abs=1e-6)


def test_a_small_remainder_of_leases_is_due_in_year_six() -> None:
    leases = LeaseConverter(
        current_year_expense=10.0,
        commitments_years_1_to_5=(10.0,) * 5,
        commitments_beyond_year_5=4.0,
    )
    found = convert_leases(leases, 0.1)
    assert found.years_beyond == 0
    assert found.present_values[5] == pytest.approx(4.0 / 1.1**6)


def test_research_becomes_the_published_asset() -> None:
    given = ResearchConverter(
        amortization_years=3,
        current_year_expense=85_622.0,
        past_expenses=(73_213.0, 56_052.0, 42_740.0, 99_999.0),
    )
    found = capitalize_research(given)
    assert found.asset == pytest.approx(153_114.6667, abs=1e-4)
    assert found.amortization == pytest.approx(57_335.0)
    assert found.income_adjustment == pytest.approx(28_287.0)


def test_coverage_gives_the_published_rating() -> None:
    bands = [
        RatingBand(coverage_from=-100_000.0, rating="D2/D", spread=0.2),
        RatingBand(coverage_from=7.5, rating="A1/A+", spread=0.0092),
        RatingBand(coverage_from=9.5, rating="Aa2/AA", spread=0.007),
        RatingBand(coverage_from=12.5, rating="Aaa/AAA", spread=0.0059),
    ]
    found = rate(interest_coverage(36_852.0, 3_182.0), bands, 0.0408)
    assert found.coverage == pytest.approx(11.581, abs=1e-3)
    assert found.rating == "Aa2/AA"
    assert found.pretax_cost_of_debt == pytest.approx(0.0478)
    assert rate(interest_coverage(-1.0, 5.0), bands, 0.04).rating == "D2/D"
    assert rate(interest_coverage(1.0, 0.0), bands, 0.04).rating == "Aaa/AAA"


def test_mid_year_is_the_year_end_value_times_the_root() -> None:
    flows = np.full(5, 100.0)
    assert present_value(flows, 0.1) == pytest.approx(379.078677, abs=1e-6)
    assert present_value(flows, 0.1, mid_year=True) == pytest.approx(397.581071, abs=1e-6)


def test_gordon_is_discounted_where_it_is_said() -> None:
    flows = np.array([100.0, 110.0, 121.0, 133.1, 146.41])
    assert gordon(146.41, 0.1, 0.02) == pytest.approx(1_866.7275)
    assert enterprise_value(flows, 0.1, 0.02) == pytest.approx(1_613.636364, abs=1e-6)
    mid = enterprise_value(flows, 0.1, 0.02, mid_year=True)
    assert mid == pytest.approx(1_692.396096, abs=1e-6)
    at_n = enterprise_value(flows, 0.1, 0.02, mid_year=True, gordon_at="N")
    assert at_n == pytest.approx(mid - 1_866.7275 * (1.1**-4.5 - 1.1**-5))


@pytest.mark.parametrize(
    ("deviation", "years", "percent"),
    [(0.3, 1.0, 10.3279), (0.5, 1.0, 18.0061), (0.3, 3.0, 15.5999), (0.5, 3.0, 27.9167)],
)
def test_chaffes_put_is_the_published_discount(
    deviation: float, years: float, percent: float
) -> None:
    assert chaffe(deviation, years, 0.03) * 100 == pytest.approx(percent, abs=5e-5)


@pytest.mark.parametrize(
    ("deviation", "years", "percent"),
    [(0.3, 1.0, 6.8495), (0.5, 1.0, 11.2381), (0.3, 3.0, 11.6560), (0.5, 3.0, 18.5196)],
)
def test_finnertys_discount_is_the_published_one(
    deviation: float, years: float, percent: float
) -> None:
    assert finnerty(deviation, years) * 100 == pytest.approx(percent, abs=5e-5)


def test_finnertys_discount_never_passes_its_cap() -> None:
    assert pytest.approx(0.323, abs=5e-4) == FINNERTY_CAP
    assert finnerty(0.9, 40.0) <= FINNERTY_CAP


def test_discounts_multiply_and_marketability_comes_last() -> None:
    given = Discounts(lack_of_control=0.2, marketability_method="given", marketability=0.1)
    assert kept_share(given, 0.03) == pytest.approx(0.72)
    assert kept_share(given, 0.03, is_marketable=False) == pytest.approx(0.8)
    assert sme_discount(5.6, 11.2) == pytest.approx(0.5)


def test_an_option_without_dilution_is_black_scholes() -> None:
    call = black_scholes_call(100.0, 100.0, 1.0, 0.2, 0.05)
    assert call == pytest.approx(10.450584, abs=1e-6)
    one = Warrants(
        price=100.0, strike=100.0, years=1.0, deviation=0.2, riskfree=0.05, count=1e-9, shares=1.0
    )
    assert value_per_option(one) == pytest.approx(call, abs=1e-6)


def test_dilution_is_the_fixed_point_of_the_sheet() -> None:
    given = Warrants(
        price=169.0,
        strike=1.29,
        years=7.0,
        deviation=0.45,
        riskfree=0.0408,
        count=772.0,
        shares=10_492.0,
    )
    value = value_per_option(given)
    price = (169.0 * 10_492.0 + value * 772.0) / (10_492.0 + 772.0)
    assert black_scholes_call(price, 1.29, 7.0, 0.45, 0.0408) == pytest.approx(value)
    assert value < black_scholes_call(169.0, 1.29, 7.0, 0.45, 0.0408)


def test_total_beta_grows_as_correlation_falls() -> None:
    assert capital.total_beta(1.0, 0.5) == pytest.approx(2.0)
    assert math.isclose(float(capital.correct_for_cash(0.9, 0.1)), 1.0)
