"""A night that begins from the night before ends where a night that begins from nothing does."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myriad.products.keeper.retention import bgnbd, gamma_gamma
from myriad.products.keeper.retention.bgnbd_likelihood import Summary, objective
from myriad.products.keeper.retention.bookings import Bookings
from myriad.products.keeper.retention.churn import view_at
from myriad.products.keeper.retention.earlier import JUDGED_EVERY_DAYS, Earlier, Judged
from myriad.products.keeper.retention.fit import Retention, fit_account, forecast
from myriad.products.keeper.retention.history import Floats, Visits, history_at
from tests.products.keeper.retention.accounts import FIRST_DAY, spa

LAST_DAY = FIRST_DAY + 719
# What a warm night may differ from a cold one: a hundredth of a percent of a probability.
TOLERANCE = 1e-4
# What somebody's chance may differ from that of a fit of tonight, while parameters are the week's.
FARTHEST_OFF, MEAN_OFF = 0.02, 0.005


def earlier_of(found: Retention) -> Earlier:
    """Return what a night leaves to the next, as it is stored."""
    judged = Judged.from_dict(json.loads(json.dumps(found.report.judged.as_dict())))
    spend = found.report.spend
    return Earlier(found.report.model.parameters, spend.parameters if spend else None, judged)


def night(customers: int, day: int, earlier: Earlier = Earlier()) -> Retention:
    """Return the fit of an account as it stood on a day."""
    columns = spa(customers).columns
    return fit_account(*columns, day, earlier=earlier)


@settings(max_examples=12, deadline=None)
@given(customers=st.integers(40, 250), back=st.integers(1, 60))
def test_a_fit_from_an_earlier_day_finds_what_a_fit_from_nothing_finds(
    customers: int, back: int
) -> None:
    visits = Visits.of(*spa(customers).columns)
    before, now = (history_at(visits, day) for day in (LAST_DAY - back, LAST_DAY))
    first = Summary.of(before.x, before.t_x, before.age)
    summary = Summary.of(now.x, now.t_x, now.age)
    cold = bgnbd.maximise(summary)
    warm = bgnbd.maximise(summary, start=bgnbd.maximise(first))
    least = bgnbd.log_likelihood(cold, summary)
    assert bgnbd.log_likelihood(warm, summary) >= least - 1e-6 * abs(least)
    away = [bgnbd.churn(p, now.x, now.t_x, now.age, 90 / 7) for p in (cold, warm)]
    assert np.abs(away[0] - away[1]).max() < TOLERANCE
    spends = [gamma_gamma.fit(h.x, h.mean_repeat_spend).parameters for h in (before, now)]
    again = gamma_gamma.fit(now.x, now.mean_repeat_spend, spends[0]).parameters
    expected = [
        gamma_gamma.expected_spend(p, now.x, now.mean_repeat_spend)[now.x > 0]
        for p in (spends[1], again)
    ]
    assert np.allclose(expected[0], expected[1], rtol=TOLERANCE)


def test_a_warm_fit_takes_fewer_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []
    plain = objective

    def counted(*given: Any) -> tuple[float, Floats]:
        value, slopes = plain(*given)
        asked.append(value)
        return value, slopes

    monkeypatch.setattr(bgnbd, "objective", counted)
    visits = Visits.of(*spa(300).columns)
    before, now = (history_at(visits, day) for day in (LAST_DAY - 1, LAST_DAY))
    known = bgnbd.maximise(Summary.of(before.x, before.t_x, before.age))
    summary = Summary.of(now.x, now.t_x, now.age)
    asked.clear()
    bgnbd.maximise(summary)
    cold = len(asked)
    bgnbd.maximise(summary, start=known)
    assert len(asked) - cold < 0.6 * cold


def test_a_guess_at_the_end_of_the_world_is_not_begun_from() -> None:
    visits = Visits.of(*spa(120).columns)
    now = history_at(visits, LAST_DAY)
    summary = Summary.of(now.x, now.t_x, now.age)
    far = bgnbd.Parameters(1e-5, 1e5, 1e5, 1e5)
    assert bgnbd.maximise(summary, start=far) == bgnbd.maximise(summary)


def test_what_ships_is_judged_once_a_week() -> None:
    first = night(200, LAST_DAY - JUDGED_EVERY_DAYS)
    next_night = night(200, LAST_DAY - JUDGED_EVERY_DAYS + 1, earlier_of(first))
    week_later = night(200, LAST_DAY, earlier_of(next_night))
    assert next_night.report.judged.as_of == LAST_DAY - JUDGED_EVERY_DAYS
    assert next_night.report.verdict.shipped == first.report.verdict.shipped
    assert week_later.report.judged.as_of == LAST_DAY


def test_much_new_data_is_judged_at_once() -> None:
    person, day, net = spa(200).columns
    half = np.asarray(person) % 2 == 0
    first = fit_account(person[half], day[half], net[half], LAST_DAY - 1)
    assert night(200, LAST_DAY, earlier_of(first)).report.judged.as_of == LAST_DAY


def test_a_judgement_of_a_later_day_says_nothing_about_an_earlier_one() -> None:
    later = night(200, LAST_DAY)
    assert night(200, LAST_DAY - 3, earlier_of(later)).report.judged.as_of == LAST_DAY - 3


def fitted_tonight(customers: int, seed: int, earlier: Earlier) -> tuple[Floats, Floats]:
    """Return P(alive) and the churn of 60 days by tonight's own fit, with what ships of the week."""
    visits = Visits.of(*spa(customers, seed).columns)
    view = view_at(visits, Bookings(), LAST_DAY, None, earlier.model)
    assert earlier.judged is not None
    shipped, stack = earlier.judged.verdict.shipped, earlier.judged.stack
    odds = stack.log_odds(view) if stack and shipped == "stack" else None
    past = view.history.x, view.history.t_x, view.history.age
    alive = bgnbd.p_alive(view.model.parameters, *past)
    return alive, forecast(view, shipped, 60, odds)


@pytest.mark.parametrize("back", [1, 3, 6])
@pytest.mark.parametrize(("customers", "seed"), [(50, 0), (120, 1), (300, 2), (800, 3)])
def test_between_fits_everybodys_chance_is_close_to_that_of_a_nightly_fit(
    customers: int, seed: int, back: int
) -> None:
    columns = spa(customers, seed).columns
    earlier = earlier_of(fit_account(*columns, LAST_DAY - back))
    quick = fit_account(*columns, LAST_DAY, earlier=earlier)
    assert quick.report.judged.as_of == LAST_DAY - back
    alive, churn = fitted_tonight(customers, seed, earlier)
    for found, wanted in ((quick.p_alive, alive), (quick.churn[60], churn)):
        off = np.abs(found - wanted)
        assert off.max() < FARTHEST_OFF
        assert off.mean() < MEAN_OFF


def test_between_fits_the_parameters_are_those_of_the_week() -> None:
    """Those of a small account, which a day may move, are tonight's."""
    for customers, is_kept in ((120, True), (60, False)):
        first = night(customers, LAST_DAY - 1)
        second = night(customers, LAST_DAY, earlier_of(first))
        models = [each.report.model.parameters for each in (first, second)]
        spends = [each.report.spend and each.report.spend.parameters for each in (first, second)]
        assert (models[0] == models[1]) is is_kept
        assert (spends[0] == spends[1]) is is_kept


def test_the_fit_of_the_week_is_what_a_nightly_fit_finds() -> None:
    first = night(300, LAST_DAY - JUDGED_EVERY_DAYS)
    week_later, cold = night(300, LAST_DAY, earlier_of(first)), night(300, LAST_DAY)
    assert week_later.report.model.parameters != first.report.model.parameters
    for found, wanted in (
        (week_later.p_alive, cold.p_alive),
        (week_later.churn[60], cold.churn[60]),
    ):
        assert np.abs(found - wanted).max() < TOLERANCE


def test_another_prior_is_fitted_with_at_once() -> None:
    """An account that joins the network, or whose trade is published anew, does not wait a week."""
    columns, prior = spa(200).columns, bgnbd.Parameters(1.0, 9.0, 0.7, 5.0)
    alone = earlier_of(night(200, LAST_DAY - 1))
    joined = fit_account(*columns, LAST_DAY, earlier=alone, prior=prior)
    assert (joined.report.judged.as_of, joined.report.model.source) == (LAST_DAY, "shrunk")
    later = fit_account(*columns, LAST_DAY + 1, earlier=earlier_of(joined), prior=prior)
    assert (later.report.judged.as_of, later.report.model.source) == (LAST_DAY, "shrunk")


@pytest.mark.parametrize("back", [1, 3, 6])
def test_between_judgements_the_forecasts_stay_close_to_those_of_a_full_night(back: int) -> None:
    earlier = earlier_of(night(400, LAST_DAY - back))
    quick, full = night(400, LAST_DAY, earlier), night(400, LAST_DAY)
    assert quick.report.verdict.shipped == full.report.verdict.shipped == "stack"
    assert abs(quick.churn[60].mean() - full.churn[60].mean()) < MEAN_OFF
    # The stack may be six days old: nobody's chance moves by more than a tenth for it.
    assert np.abs(quick.churn[60] - full.churn[60]).max() < 0.1


def test_the_judgement_survives_its_storing() -> None:
    judged = night(150, LAST_DAY).report.judged
    again = Judged.from_dict(json.loads(json.dumps(judged.as_dict())))
    assert again.as_dict() == judged.as_dict()
