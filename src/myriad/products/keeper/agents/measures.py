"""Everybody's numbers on one day: from columns to the models and on to rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import numpy as np

from myriad.products.keeper.agents.reasons import describe
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
from myriad.products.keeper.retention.history import Floats, History, Visits, history_at

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


def bare_metrics(visits: VisitColumns, day: date) -> list[dict[str, Any]]:
    """Return what can be said without a model: counts and gaps, state unknown."""
    history = history_at(Visits.of(visits.person, visits.day, visits.net), day.toordinal())
    empty = dict.fromkeys((*_MODELLED, "expected_spend", "clv_12m"))
    return [
        {
            **counted,
            **empty,
            "value_at_risk": 0,
            "state": "unknown",
            "reason": {"rule": "not_enough_history"},
            "model_version": "",
        }
        for counted in _counted(visits.people, history)
    ]


def _counted(people: Sequence[UUID], history: History) -> list[dict[str, Any]]:
    """Return the columns that need no model, a row for everybody who has come."""
    columns = {
        "person_id": [people[place] for place in history.person.tolist()],
        "x": _whole(history.x),
        "t_x_weeks": history.t_x.tolist(),
        "age_weeks": history.age.tolist(),
        "gap_days": _whole(history.gap),
        "itt_median_days": _known(history.median_interval),
        "itt_mad_days": _known(history.mad_interval),
    }
    return as_rows(columns)


_MODELLED = ("p_alive", "churn_30", "churn_60", "churn_90", "expected_visits_90")


def metrics(measured: Measured, currency: str) -> list[dict[str, Any]]:
    """Return one row of person_metrics for everybody who has come."""
    found = measured.retention
    states = final_states(found)
    columns = {
        "p_alive": found.p_alive.tolist(),
        "churn_30": found.churn[30].tolist(),
        "churn_60": found.churn[60].tolist(),
        "churn_90": found.churn[90].tolist(),
        "expected_visits_90": found.expected_visits_90.tolist(),
        "expected_spend": _cents(found.expected_spend),
        "clv_12m": _cents(found.clv_12m),
        "value_at_risk": [value or 0 for value in _cents(found.value_at_risk)],
        "state": states,
        "reason": describe(found, states, currency),
        "model_version": [found.report.version] * found.history.customers,
    }
    counted = _counted(measured.people, found.history)
    return [{**own, **row} for own, row in zip(counted, as_rows(columns), strict=True)]


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


def _known(values: Floats) -> list[float | None]:
    return [None if math.isnan(value) else value for value in values.tolist()]


def _whole(values: Floats) -> list[int]:
    whole: list[int] = values.astype(np.int64).tolist()
    return whole


def _number(value: Any) -> float | None:
    number = float(value)
    return None if math.isnan(number) else number


def _cents(values: Floats) -> list[int | None]:
    return [None if math.isnan(value) else round(value) for value in values.tolist()]
