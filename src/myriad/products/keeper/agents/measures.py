"""Everybody's numbers on one day: from columns to the models and on to rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import numpy as np

from myriad.products.keeper.repository.columns import BookingColumns, VisitColumns
from myriad.products.keeper.repository.sql import Row
from myriad.products.keeper.retention.anchor import Anchor
from myriad.products.keeper.retention.bgnbd import Parameters
from myriad.products.keeper.retention.bookings import Bookings
from myriad.products.keeper.retention.cadence import LAPSED_FROM, LIKELY_LAPSED_FROM
from myriad.products.keeper.retention.earlier import Earlier, Judged
from myriad.products.keeper.retention.errors import NotEnoughHistoryError
from myriad.products.keeper.retention.fit import STANDARD_HORIZONS_DAYS, Retention, fit_account
from myriad.products.keeper.retention.gamma_gamma import SpendParameters
from myriad.products.keeper.retention.history import Floats, History, Ints, Visits, history_at

_WEEKS_A_YEAR = 365 / 7
_SHORTEST_WEEKS = _WEEKS_A_YEAR / 2
FIXED_STATES = {"one_time": "new", "not_enough_history": "unknown"}


@dataclass(frozen=True)
class Measured:
    """The models' answer and whose row is whose."""

    people: tuple[UUID, ...]
    retention: Retention


def require_customers(visits: VisitColumns, minimum: int) -> None:
    """Raise NotEnoughHistoryError unless more than `minimum` people came."""
    if len(visits.people) <= minimum:
        raise NotEnoughHistoryError(len(visits.people), 0, minimum + 1)


def measure(
    visits: VisitColumns,
    bookings: BookingColumns,
    day: date,
    horizons_days: Sequence[int] = STANDARD_HORIZONS_DAYS,
    earlier: Earlier = Earlier(),
    prior: Parameters | None = None,
) -> Measured:
    """Fit the account's models, from where an `earlier` night left them if there was one.

    `prior` is what the network's accounts of the same kind say, None while it says nothing.
    Raises NotEnoughHistoryError, InvalidInputError.
    """
    retention = fit_account(
        visits.person,
        visits.day,
        visits.net,
        day.toordinal(),
        horizons_days=horizons_days,
        prior=prior,
        bookings=Bookings.of(bookings.person, bookings.made, bookings.start, bookings.no_show),
        earlier=earlier,
    )
    return Measured(visits.people, retention)


def read_earlier(row: Row | None) -> Earlier:
    """Return what a row of model_fit of another night says to begin from."""
    if row is None or row["r"] is None:
        return Earlier()
    spend = row["gamma_p"] and SpendParameters(row["gamma_p"], row["gamma_q"], row["gamma_v"])
    judged, anchor = row["detail"].get("judged"), row["detail"].get("anchor")
    return Earlier(
        model=Parameters(row["r"], row["alpha"], row["a"], row["b"]),
        spend=spend or None,
        judged=Judged.from_dict(judged) if judged else None,
        anchor=Anchor.from_dict(anchor) if anchor else Anchor(),
    )


Columns = dict[str, list[Any] | Floats | Ints]
"""Rows of person_metrics by column; what is unknown is None, in arrays NaN."""

_MODELLED = ("p_alive", "churn_30", "churn_60", "churn_90", "expected_visits_90")
_MONEY = ("expected_spend", "clv_12m")


def bare_columns(visits: VisitColumns, day: date) -> Columns:
    """Return what can be said without a model: counts and gaps, state unknown."""
    history = history_at(Visits.of(visits.person, visits.day, visits.net), day.toordinal())
    count = history.customers
    return {
        **_counted(visits.people, history),
        **{name: [None] * count for name in (*_MODELLED, *_MONEY)},
        "value_at_risk": [0] * count,
        "state": ["unknown"] * count,
        "reason": [{"rule": "not_enough_history"}] * count,
        "model_version": [""] * count,
    }


def _counted(people: Sequence[UUID], history: History) -> Columns:
    """Return the columns that need no model, a row for everybody who has come."""
    return {
        "person_id": [people[place] for place in history.person.tolist()],
        "x": history.x.astype(np.int64),
        "t_x_weeks": history.t_x,
        "age_weeks": history.age,
        "gap_days": history.gap.astype(np.int64),
        "itt_median_days": history.median_interval,
        "itt_mad_days": history.mad_interval,
    }


def metric_columns(measured: Measured) -> Columns:
    """Return the columns of person_metrics of everybody who has come."""
    found = measured.retention
    return {
        **_counted(measured.people, found.history),
        "p_alive": found.p_alive,
        "churn_30": found.churn[30],
        "churn_60": found.churn[60],
        "churn_90": found.churn[90],
        "expected_visits_90": found.expected_visits_90,
        "expected_spend": np.rint(found.expected_spend),
        "clv_12m": np.rint(found.clv_12m),
        "value_at_risk": _certain_cents(found.value_at_risk),
        "state": final_states(found),
        "reason": _reasons(found),
        "model_version": [found.report.version] * found.history.customers,
    }


def _reasons(found: Retention) -> list[dict[str, Any]]:
    """Return what tells why everybody is in their state, beside the columns."""
    cadence = found.cadence
    columns = {
        "rule": cadence.rules(),
        "interval_days": np.round(cadence.interval_days, 2).tolist(),
        "late_after_days": np.round(cadence.late_after_days, 2).tolist(),
        "cadence": ["own" if own else "account" for own in cadence.own.tolist()],
        "yearly_value": _certain_cents(yearly_values(found)),
    }
    return as_rows(columns)


def yearly_values(found: Retention) -> Floats:
    """Return what everybody has brought a year so far (customers,), in minor units.

    Visits over the time since the first one (at least half a year, so that a good first month is
    not taken for a year) times the expected spend of a visit; NaN for who came once.
    """
    history = found.history
    weeks = np.maximum(history.age, _SHORTEST_WEEKS)
    worth = (history.x + 1) / weeks * _WEEKS_A_YEAR * found.expected_spend
    return np.where(history.x < 1, np.nan, worth)


def as_metrics(columns: Columns, places: Sequence[int] | None = None) -> list[dict[str, Any]]:
    """Return rows of person_metrics, of everybody or at some places."""
    return as_rows({name: _plain(name, values, places) for name, values in columns.items()})


def _plain(name: str, values: list[Any] | Floats | Ints, places: Sequence[int] | None) -> list[Any]:
    """Return the column's values at some places, numbers as Python's own."""
    if isinstance(values, list):
        return values if places is None else [values[place] for place in places]
    picked = values if places is None else values[np.asarray(places, dtype=np.int64)]
    found = _known(picked)
    return [value and int(value) for value in found] if name in _MONEY else found


def as_rows(columns: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Return columns of one length as rows."""
    names = tuple(columns)
    return [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def final_states(found: Retention) -> list[str]:
    """Return everybody's state in the words of the screens.

    Who came once and is late has no rhythm of their own: churn alone says how far they are gone.
    """
    states = []
    for name, churn in zip(found.cadence.state.tolist(), found.churn[60].tolist(), strict=True):
        if name == "one_time" and churn >= LIKELY_LAPSED_FROM:
            states.append("lapsed" if churn >= LAPSED_FROM else "likely_lapsed")
        else:
            states.append(FIXED_STATES.get(name, name))
    return states


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
            "anchor": report.anchor.as_dict(),
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


def _known(values: Floats | Ints) -> list[float | None]:
    known = values.astype(object)
    known[np.isnan(values)] = None
    found: list[float | None] = known.tolist()
    return found


def _number(value: Any) -> float | None:
    number = float(value)
    return None if math.isnan(number) else number


def _certain_cents(values: Floats) -> list[int]:
    """Return whole amounts, nothing for what is unknown."""
    whole: list[int] = np.rint(np.nan_to_num(values)).astype(np.int64).tolist()
    return whole
