"""The forecasts of churn, their scores and the gate they must pass."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myriad.products.keeper.retention import churn, gate
from myriad.products.keeper.retention.bookings import Bookings
from myriad.products.keeper.retention.churn import shifted, train, view_at
from myriad.products.keeper.retention.errors import NotEnoughHistoryError
from myriad.products.keeper.retention.fit import fit_account
from myriad.products.keeper.retention.gate import Score
from myriad.products.keeper.retention.history import Floats, Visits, stayed_away
from myriad.products.keeper.retention.scores import auc, brier, ece, ece_bins
from tests.products.keeper.retention.accounts import FIRST_DAY, cdnow, spa

LAST_DAY = FIRST_DAY + 719
scored = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60)


@given(scored)
def test_auc_is_the_share_of_pairs_in_order(rows: list[tuple[float, bool]]) -> None:
    away = [score for score, happened in rows if happened]
    back = [score for score, happened in rows if not happened]
    found = auc(*zip(*rows, strict=True))
    if not away or not back:
        assert np.isnan(found)
    else:
        pairs = [(one > other) + 0.5 * (one == other) for one in away for other in back]
        assert found == pytest.approx(np.mean(pairs))


@given(scored)
def test_brier_and_ece_are_between_zero_and_one(rows: list[tuple[float, bool]]) -> None:
    forecast, happened = zip(*rows, strict=True)
    assert 0 <= brier(forecast, happened) <= 1
    assert 0 <= ece(forecast, happened) <= 1


def test_a_calibrated_forecast_has_no_calibration_error() -> None:
    assert ece([0.25] * 400, [True] * 100 + [False] * 300, bins=1) == 0
    assert ece([0.9, 0.9], [False, False], bins=1) == pytest.approx(0.9)
    assert [ece_bins(n) for n in (31, 300, 5000)] == [1, 3, 10]


@given(st.lists(st.floats(-30, 30), min_size=1, max_size=50), st.floats(0.001, 0.999))
def test_the_shift_gives_the_wanted_mean_and_keeps_the_order(
    log_odds: list[float], mean: float
) -> None:
    scores = np.array(log_odds)
    moved = shifted(scores, mean)
    assert moved.mean() == pytest.approx(mean, abs=1e-8)
    assert (np.diff(moved[np.argsort(scores)]) >= 0).all()


def test_logistic_regression_finds_the_weights_that_made_the_outcome() -> None:
    random = np.random.default_rng(1)
    columns = random.normal(size=(40_000, 2))
    away = random.random(40_000) < 1 / (1 + np.exp(-(0.5 + columns @ [1.0, -2.0])))
    found = churn.logistic_regression(columns, away.astype(float), 1.0)
    np.testing.assert_allclose(found, [0.5, 1.0, -2.0], atol=0.08)


@pytest.mark.parametrize("shipped", ["stack", "bgnbd", "gap"])
def test_every_forecast_is_a_probability_that_falls_with_the_horizon_and_keeps_the_mean(
    shipped: str,
) -> None:
    rolling = gate.roll(Visits.of(*spa(400).columns), Bookings(), LAST_DAY, None)
    stack = rolling.stack(0)
    assert stack is not None
    forecasts = {
        "stack": lambda days: churn.stack_churn(stack, rolling.views[0], days),
        "bgnbd": lambda days: churn.bgnbd_churn(rolling.views[0], days),
        "gap": lambda days: churn.gap_churn(rolling.views[0], days),
    }
    rows = np.array([forecasts[shipped](days) for days in (7, 30, 90, 365)])
    means = [churn.bgnbd_churn(rolling.views[0], days).mean() for days in (7, 30, 90, 365)]
    assert ((rows >= 0) & (rows <= 1)).all()
    assert (np.diff(rows, axis=0) <= 1e-12).all()
    np.testing.assert_allclose(rows.mean(axis=1), means, atol=1e-3)


def test_the_gap_forecast_ranks_exactly_as_the_gap() -> None:
    view = view_at(Visits.of(*spa(200).columns), Bookings(), LAST_DAY, None)
    order = np.argsort(view.history.gap, kind="stable")
    assert (np.diff(churn.gap_churn(view, 60)[order]) >= 0).all()


def test_the_stack_knows_nothing_after_its_day() -> None:
    """No leakage: visits after the as-of day change neither training nor forecast."""
    account = spa(300, seed=4)
    as_of = LAST_DAY - 120
    whole = fit_account(*account.columns, as_of)
    known = account.day <= as_of
    cut = fit_account(*(column[known] for column in account.columns), as_of)
    np.testing.assert_array_equal(whole.churn[60], cut.churn[60])
    assert whole.report.verdict == cut.report.verdict
    assert (whole.report.future_visits, cut.report.future_visits) == (int((~known).sum()), 0)


def test_a_feature_that_never_varied_in_training_does_not_speak() -> None:
    visits = Visits.of(*spa(300, seed=5).columns)
    earlier = view_at(visits, Bookings(), LAST_DAY - 90, None)
    stack = train(earlier, stayed_away(visits, earlier.history, 90), 90)
    assert stack is not None
    assert stack.weights[churn.FEATURES.index("booked")] == 0


def test_nothing_is_learned_when_everybody_did_the_same() -> None:
    visits = Visits.of(*spa(300, seed=5).columns)
    earlier = view_at(visits, Bookings(), LAST_DAY - 90, None)
    assert train(earlier, np.ones(earlier.history.customers, dtype=bool), 90) is None


def _score(name: str, area: float, error: float) -> Score:
    return Score(name, area, 0.1, error)


@pytest.mark.parametrize(
    ("stack", "bg", "ships"),
    [
        ((0.755, 0.05), (0.80, 0.01), "stack"),
        ((0.754, 0.05), (0.80, 0.01), "bgnbd"),
        ((0.80, 0.051), (0.80, 0.01), "bgnbd"),
        ((0.80, 0.051), (0.70, 0.01), "gap"),
        ((np.nan, np.nan), (np.nan, np.nan), "gap"),
    ],
)
def test_the_gate_ships_the_first_that_holds_both_marks(
    stack: tuple[float, float], bg: tuple[float, float], ships: str
) -> None:
    gap = _score("gap", 0.76, 0.02)
    assert gate.choose(_score("stack", *stack), _score("bgnbd", *bg), gap) == ships


def test_a_young_account_without_known_outcomes_ships_the_gap() -> None:
    account = spa(200, seed=6, days=60)
    young = fit_account(*account.columns, FIRST_DAY + 20, prior=None)
    assert young.report.verdict.shipped == "gap"
    assert young.report.verdict.cuts == 0


def test_roll_refuses_an_account_without_enough_history() -> None:
    with pytest.raises(NotEnoughHistoryError):
        gate.roll(Visits.of([0], [FIRST_DAY], [1]), Bookings(), LAST_DAY, None)


def test_bookings_are_seen_as_they_were_on_the_day() -> None:
    bookings = Bookings.of([0, 0, 1], [10, 30, 5], [20, 50, 15], [True, False, False])
    people = np.array([0, 1, 2])
    assert bookings.booked(people, 12).tolist() == [True, True, False]
    assert bookings.booked(people, 25).tolist() == [False, False, False]
    assert bookings.booked(people, 40).tolist() == [True, False, False]
    assert bookings.no_show_share(people, 60).tolist() == [0.5, 0.0, 0.0]


@pytest.mark.parametrize(
    ("cut", "horizon"),
    [
        (date(1997, 7, 31), 90),
        (date(1997, 9, 30), 90),
        (date(1997, 9, 30), 273),
        (date(1997, 12, 31), 90),
        (date(1998, 3, 31), 90),
    ],
)
def test_what_ships_on_cdnow_beats_the_gap_and_is_calibrated(
    shared_data: Path, cut: date, horizon: int
) -> None:
    """B3 and B3b at several cut dates: the stack ships, ranks better, and never P(alive)."""
    account = cdnow(shared_data)
    found = fit_account(*account.columns, cut.toordinal(), horizons_days=[horizon])
    away = stayed_away(Visits.of(*account.columns), found.history, horizon)
    assert found.report.verdict.shipped == "stack"
    assert auc(found.churn[horizon], away) > auc(found.history.gap, away) + 0.005
    assert ece(found.churn[horizon], away) <= 0.05
    assert auc(1 - found.p_alive, away) < 0.5


def test_on_cdnow_the_stack_beats_the_closed_form_in_both_scores(shared_data: Path) -> None:
    account = cdnow(shared_data)
    found = fit_account(*account.columns, date(1997, 9, 30).toordinal(), horizons_days=[273])
    visits = Visits.of(*account.columns)
    away = stayed_away(visits, found.history, 273)
    view = view_at(visits, Bookings(), date(1997, 9, 30).toordinal(), None)
    closed: Floats = churn.bgnbd_churn(view, 273)
    assert auc(found.churn[273], away) > auc(closed, away)
    assert brier(found.churn[273], away) < min(brier(closed, away), 0.160)


@settings(deadline=None, max_examples=5)
@given(st.integers(0, 2**32 - 1))
def test_the_order_of_visits_changes_nothing(seed: int) -> None:
    account = spa(120, seed=7)
    order = np.random.default_rng(seed).permutation(account.day.size)
    one = fit_account(*account.columns, LAST_DAY)
    other = fit_account(*(column[order] for column in account.columns), LAST_DAY)
    np.testing.assert_array_equal(one.churn[90], other.churn[90])
    np.testing.assert_array_equal(one.cadence.state, other.cadence.state)
