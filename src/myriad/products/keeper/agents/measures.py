"""Everybody's numbers on one day: from rows to the models and back to rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from myriad.kit.money import Money
from myriad.products.keeper.repository.sql import Row
from myriad.products.keeper.retention.bgnbd import Parameters
from myriad.products.keeper.retention.bookings import Bookings
from myriad.products.keeper.retention.cadence import LAPSED_FROM, LIKELY_LAPSED_FROM
from myriad.products.keeper.retention.earlier import Earlier, Judged
from myriad.products.keeper.retention.errors import NotEnoughHistoryError
from myriad.products.keeper.retention.fit import STANDARD_HORIZONS_DAYS, Retention, fit_account
from myriad.products.keeper.retention.gamma_gamma import SpendParameters
from myriad.products.keeper.retention.history import Visits, history_at

_WEEKS_A_YEAR = 365 / 7
_SHORTEST_WEEKS = _WEEKS_A_YEAR / 2
FIXED_STATES = {"one_time": "new", "not_enough_history": "unknown"}


@dataclass(frozen=True)
class Measured:
    """The models' answer and whose row is whose."""

    people: tuple[UUID, ...]
    retention: Retention


def require_customers(visits: Sequence[Row], minimum: int) -> None:
    """Raise NotEnoughHistoryError unless more than `minimum` people came."""
    people = {row["person_id"] for row in visits}
    if len(people) <= minimum:
        raise NotEnoughHistoryError(len(people), 0, minimum + 1)


def measure(
    visits: Sequence[Row],
    bookings: Sequence[Row],
    day: date,
    horizons_days: Sequence[int] = STANDARD_HORIZONS_DAYS,
    earlier: Earlier = Earlier(),
    prior: Parameters | None = None,
) -> Measured:
    """Fit the account's models, from where an `earlier` night left them if there was one.

    `prior` is what the network's accounts of the same kind say, None while it says nothing. Raises NotEnoughHistoryError, InvalidInputError.
    """
    people, index = _index(visits)
    known = [row for row in bookings if row["person_id"] in index]
    retention = fit_account(
        [index[row["person_id"]] for row in visits],
        [row["local_date"].toordinal() for row in visits],
        [row["net"] for row in visits],
        day.toordinal(),
        horizons_days=horizons_days,
        prior=prior,
        bookings=Bookings.of(
            [index[row["person_id"]] for row in known],
            [row["made"].toordinal() for row in known],
            [row["start"].toordinal() for row in known],
            [row["no_show"] for row in known],
        ),
        earlier=earlier,
    )
    return Measured(people, retention)


def read_earlier(row: Row | None) -> Earlier:
    """Return what a row of model_fit of another night says to begin from."""
    if row is None or row["r"] is None:
        return Earlier()
    spend = row["gamma_p"] and SpendParameters(row["gamma_p"], row["gamma_q"], row["gamma_v"])
    judged = row["detail"].get("judged")
    return Earlier(
        model=Parameters(row["r"], row["alpha"], row["a"], row["b"]),
        spend=spend or None,
        judged=Judged.from_dict(judged) if judged else None,
    )


def bare_metrics(visits: Sequence[Row], day: date) -> list[dict[str, Any]]:
    """Return what can be said without a model: counts and gaps, state unknown."""
    people, index = _index(visits)
    history = history_at(
        Visits.of(
            [index[row["person_id"]] for row in visits],
            [row["local_date"].toordinal() for row in visits],
            [row["net"] for row in visits],
        ),
        day.toordinal(),
    )
    empty = dict.fromkeys((*_MODELLED, "expected_spend", "clv_12m"))
    return [
        {
            "person_id": people[history.person[row]],
            "x": int(history.x[row]),
            "t_x_weeks": float(history.t_x[row]),
            "age_weeks": float(history.age[row]),
            "gap_days": int(history.gap[row]),
            "itt_median_days": _number(history.median_interval[row]),
            "itt_mad_days": _number(history.mad_interval[row]),
            **empty,
            "value_at_risk": 0,
            "state": "unknown",
            "reason": {"rule": "not_enough_history"},
            "model_version": "",
        }
        for row in range(history.customers)
    ]


_MODELLED = ("p_alive", "churn_30", "churn_60", "churn_90", "expected_visits_90")


def metrics(measured: Measured, currency: str) -> list[dict[str, Any]]:
    """Return one row of person_metrics for everybody who has come."""
    found = measured.retention
    history = found.history
    states = final_states(found)
    return [
        {
            "person_id": measured.people[history.person[row]],
            "x": int(history.x[row]),
            "t_x_weeks": float(history.t_x[row]),
            "age_weeks": float(history.age[row]),
            "gap_days": int(history.gap[row]),
            "itt_median_days": _number(history.median_interval[row]),
            "itt_mad_days": _number(history.mad_interval[row]),
            "p_alive": float(found.p_alive[row]),
            "churn_30": float(found.churn[30][row]),
            "churn_60": float(found.churn[60][row]),
            "churn_90": float(found.churn[90][row]),
            "expected_visits_90": float(found.expected_visits_90[row]),
            "expected_spend": _cents(found.expected_spend[row]),
            "clv_12m": _cents(found.clv_12m[row]),
            "value_at_risk": _cents(found.value_at_risk[row]) or 0,
            "state": states[row],
            "reason": describe(found, row, states[row], currency),
            "model_version": found.report.version,
        }
        for row in range(history.customers)
    ]


def final_states(found: Retention) -> list[str]:
    """Return everybody's state in the words of the screens.

    Who came once and is late has no rhythm of their own: churn alone says how far they are gone.
    """
    states = []
    for row, name in enumerate(found.cadence.state):
        churn = found.churn[60][row]
        if name == "one_time" and churn >= LIKELY_LAPSED_FROM:
            states.append("lapsed" if churn >= LAPSED_FROM else "likely_lapsed")
        else:
            states.append(FIXED_STATES.get(str(name), str(name)))
    return states


def describe(found: Retention, row: int, state: str, currency: str) -> dict[str, Any]:
    """Return why a person is in their state: numbers, facts in words, and one sentence."""
    reason = found.cadence.reason(row).as_dict()
    yearly = yearly_value(found, row)
    gap, interval = int(found.cadence.gap_days[row]), float(found.cadence.interval_days[row])
    churn, visits = float(found.churn[60][row]), int(found.history.x[row]) + 1
    own = bool(found.cadence.own[row])
    rhythm = "Usual gap" if own else "Usual gap here"
    facts = [
        {"label": "Last visit", "value": days(gap) + " ago", "weight": _lean(gap, interval)},
        {"label": rhythm, "value": days(round(interval)), "weight": None},
        {"label": "Visits so far", "value": f"{visits:,}", "weight": -min(visits / 20, 1.0)},
        {"label": "No visit within 60 days", "value": f"{churn:.0%}", "weight": 2 * churn - 1},
    ]
    if yearly is not None:
        worth = Money(yearly, currency).format(whole=True)
        facts.append({"label": "Brought so far", "value": f"{worth} a year", "weight": None})
    return {
        **reason,
        "state": state,
        "yearly_value": yearly or 0,
        "evidence": facts,
        "sentence": sentence(gap, interval, churn, own),
    }


def sentence(gap: int, interval: float, churn: float, own: bool) -> str:
    """Return the reason in words."""
    rhythm = (
        f"Usually comes every {days(round(interval))}"
        if own
        else f"People here usually come back within {days(round(interval))}"
    )
    return f"{rhythm}; last seen {days(gap)} ago. {churn:.0%} likely to stay away for 60 days."


def days(count: int) -> str:
    """Return a number of days in words."""
    return f"{count} day" if count == 1 else f"{count:,} days"


def yearly_value(found: Retention, row: int) -> int | None:
    """Return what the person has brought a year so far, in minor units.

    Visits over the time since the first one (at least half a year, so that a good first month is
    not taken for a year) times the expected spend of a visit; None for who came once.
    """
    spend, history = float(found.expected_spend[row]), found.history
    if math.isnan(spend) or history.x[row] < 1:
        return None
    weeks = max(float(history.age[row]), _SHORTEST_WEEKS)
    return round((float(history.x[row]) + 1) / weeks * _WEEKS_A_YEAR * spend)


def fit_facts(measured: Measured) -> dict[str, Any]:
    """Return the row of model_fit."""
    report = measured.retention.report
    model, verdict = report.model.parameters, report.verdict
    spend = report.spend.parameters if report.spend else None
    scores = {
        score.name: {name: _number(getattr(score, name)) for name in ("auc", "brier", "ece")}
        for score in verdict.scores
    }
    return {
        "r": model.r,
        "alpha": model.alpha,
        "a": model.a,
        "b": model.b,
        "gamma_p": spend.p if spend else None,
        "gamma_q": spend.q if spend else None,
        "gamma_v": spend.v if spend else None,
        "customers": report.model.customers,
        "repeaters": report.model.repeaters,
        "auc_model": _number(verdict.shipped_score.auc),
        "auc_gap": _number(verdict.gap_auc),
        "ece": _number(verdict.shipped_score.ece),
        "shipped": verdict.shipped,
        "detail": {
            "version": report.version,
            "source": report.model.source,
            "window_days": verdict.window_days,
            "cuts": verdict.cuts,
            "scores": scores,
            "spend_correlation": _number(report.spend.correlation) if report.spend else None,
            "negative_net": report.negative_net,
            "judged": report.judged.as_dict(),
        },
    }


def bare_fit(customers: int, repeaters: int, why: str) -> dict[str, Any]:
    """Return the row of model_fit of an account with too little history."""
    names = ("r", "alpha", "a", "b", "gamma_p", "gamma_q", "gamma_v", "auc_model", "auc_gap", "ece")
    return {
        **dict.fromkeys(names),
        "customers": customers,
        "repeaters": repeaters,
        "shipped": "gap",
        "detail": {"version": "", "not_enough_history": why},
    }


def _index(visits: Sequence[Row]) -> tuple[tuple[UUID, ...], Mapping[UUID, int]]:
    people = tuple(dict.fromkeys(row["person_id"] for row in visits))
    return people, {person: place for place, person in enumerate(people)}


def _lean(gap: float, interval: float) -> float:
    """How far a gap speaks for staying away: 0 at the usual interval, near 1 at three of them."""
    return round(math.tanh((gap / max(interval, 1.0) - 1.0) / 1.5), 3)


def _number(value: Any) -> float | None:
    number = float(value)
    return None if math.isnan(number) else number


def _cents(value: Any) -> int | None:
    number = _number(value)
    return None if number is None else round(number)
