"""States from personal cadence, each with its reason."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from myriad.products.keeper.retention.cadence import State, classify, value_at_risk
from myriad.products.keeper.retention.history import Visits, history_at

AS_OF = 1000


def _visits(*people: list[int]) -> Visits:
    """People given as the days before AS_OF on which each of them came."""
    rows = [(person, AS_OF - ago, 50) for person, days in enumerate(people) for ago in days]
    return Visits.of(*zip(*rows, strict=True))


def _state(gap: int, churn_60: float, booked: bool = False, x: int = 6) -> tuple[str, str]:
    """The state of somebody who came every 30 days and then not for `gap` days."""
    history = history_at(_visits([gap + 30 * visit for visit in range(x + 1)]), AS_OF)
    found = classify(history, np.array([churn_60]), np.array([booked]))
    return str(found.state[0]), found.reason(0).rule


def test_who_is_within_their_cadence_is_active_whatever_the_model_says() -> None:
    assert _state(gap=29, churn_60=0.99) == (State.ACTIVE, "within_cadence")


def test_who_is_past_their_cadence_is_slowing() -> None:
    assert _state(gap=45, churn_60=0.5) == (State.SLOWING, "past_cadence")


@pytest.mark.parametrize(
    ("churn_60", "state"),
    [
        (0.69, State.SLOWING),
        (0.7, State.LIKELY_LAPSED),
        (0.89, State.LIKELY_LAPSED),
        (0.9, State.LAPSED),
    ],
)
def test_lapsing_begins_at_seven_and_nine_tenths(churn_60: float, state: State) -> None:
    assert _state(gap=80, churn_60=churn_60)[0] == state


def test_who_is_booked_is_booked_before_anything_else() -> None:
    assert _state(gap=300, churn_60=0.95, booked=True) == (State.BOOKED, "booked_ahead")


def test_who_came_once_is_new_until_the_accounts_usual_interval_has_passed() -> None:
    regulars = [[30 * visit for visit in range(6)] for _ in range(4)]
    history = history_at(_visits(*regulars, [20], [200]), AS_OF)
    found = classify(history, np.full(6, 0.95), np.zeros(6, dtype=bool))
    assert found.state.tolist()[4:] == [State.NEW, State.ONE_TIME]
    assert found.reason(4).cadence == "account"


def test_slowing_begins_one_and_a_half_deviations_after_the_median() -> None:
    days = np.cumsum([0, 20, 30, 40, 20, 30, 40])
    history = history_at(_visits((50 + days).tolist()), AS_OF)
    found = classify(history, np.array([0.2]), np.array([False]))
    assert found.interval_days[0] == 30
    assert found.late_after_days[0] == pytest.approx(30 + 1.5 * 1.4826 * 10)
    assert found.state[0] == State.ACTIVE


def test_a_day_late_does_not_alarm_about_a_perfect_regular() -> None:
    assert _state(gap=31, churn_60=0.2)[0] == State.ACTIVE


def test_a_reason_is_plain_json() -> None:
    history = history_at(_visits([10, 40, 70]), AS_OF)
    reason = classify(history, np.array([0.3]), np.array([False])).reason(0)
    assert json.loads(json.dumps(reason.as_dict()))["rule"] == "within_cadence"


def test_nobody_at_all_has_no_state() -> None:
    history = history_at(Visits.of([], [], []), AS_OF)
    assert classify(history, np.zeros(0), np.zeros(0, dtype=bool)).state.size == 0


@given(
    st.floats(0, 1),
    st.floats(0, 1),
    st.one_of(st.just(float("nan")), st.floats(0, 1e6)),
    st.floats(0, 100),
)
def test_value_at_risk_is_never_negative_nor_above_the_spend_expected(
    churn: float, baseline: float, spend: float, visits: float
) -> None:
    found = value_at_risk(*(np.array([value]) for value in (churn, baseline, spend, visits)))[0]
    assert 0 <= found <= np.nan_to_num(spend) * visits * (1 + 1e-12)
    assert churn > baseline or found == 0
