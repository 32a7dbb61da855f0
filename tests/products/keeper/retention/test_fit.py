"""The one call of the analysis agent: shapes, speed, and refusals in plain words."""

from __future__ import annotations

import time

import numpy as np
import pytest

from myriad.kit.errors import InvalidInputError
from myriad.products.keeper.retention.bookings import Bookings
from myriad.products.keeper.retention.cadence import State
from myriad.products.keeper.retention.errors import NotEnoughHistoryError
from myriad.products.keeper.retention.fit import fit_account
from tests.products.keeper.retention.accounts import FIRST_DAY, SPA, spa

LAST_DAY = FIRST_DAY + 719


def test_every_array_has_one_row_for_each_customer() -> None:
    found = fit_account(*spa(300).columns, LAST_DAY, horizons_days=[45])
    customers = found.history.customers
    arrays = [found.p_alive, found.expected_visits_90, found.expected_spend, found.clv_12m]
    arrays += [found.value_at_risk, found.cadence.state, *found.churn.values()]
    assert {array.shape for array in arrays} == {(customers,)}
    assert sorted(found.churn) == [30, 45, 60, 90]
    assert found.report.model.customers == customers == 300


def test_money_is_known_for_who_came_back_and_unknown_for_who_came_once() -> None:
    found = fit_account(*spa(300).columns, LAST_DAY)
    once = found.history.x == 0
    assert once.any()
    assert np.isnan(found.expected_spend[once]).all()
    assert np.isfinite(found.expected_spend[~once]).all()
    assert (found.value_at_risk[once] == 0).all()
    assert (found.value_at_risk >= 0).all()
    assert found.value_at_risk.max() > 0


def test_who_is_booked_is_in_state_booked() -> None:
    bookings = Bookings.of([3], [LAST_DAY - 2], [LAST_DAY + 9], [False])
    found = fit_account(*spa(100).columns, LAST_DAY, bookings=bookings)
    row = int(np.flatnonzero(found.person == 3)[0])
    assert found.cadence.state[row] == State.BOOKED
    assert (found.cadence.state == State.BOOKED).sum() == 1


def test_a_prior_carries_a_small_account() -> None:
    found = fit_account(*spa(40).columns, LAST_DAY, prior=SPA)
    assert found.report.model.source == "prior"
    assert found.report.model.parameters == SPA


def test_three_hundred_customers_take_a_fraction_of_a_second() -> None:
    account = spa(300)
    fit_account(*account.columns, LAST_DAY)
    spent = []
    for _ in range(5):
        start = time.process_time()
        fit_account(*account.columns, LAST_DAY)
        spent.append(time.process_time() - start)
    assert min(spent) < 0.3


@pytest.mark.parametrize("customers", [1, 12, 30])
def test_account_with_0_to_30_customers_says_not_enough_history(customers: int) -> None:
    with pytest.raises(NotEnoughHistoryError, match="not enough history"):
        fit_account(*spa(customers).columns, LAST_DAY, prior=SPA)


def test_an_empty_account_says_not_enough_history() -> None:
    with pytest.raises(NotEnoughHistoryError):
        fit_account([], [], [], LAST_DAY)


def test_negative_amounts_and_future_dates_are_set_aside_and_counted() -> None:
    account = spa(60)
    found = fit_account(
        np.append(account.person, [0, 1]),
        np.append(account.day, [LAST_DAY + 5, LAST_DAY]),
        np.append(account.net, [100.0, -1e9]),
        LAST_DAY,
    )
    assert (found.report.future_visits, found.report.negative_net) == (1, 1)


def test_a_horizon_must_be_at_least_a_day() -> None:
    with pytest.raises(InvalidInputError):
        fit_account(*spa(60).columns, LAST_DAY, horizons_days=[0])
