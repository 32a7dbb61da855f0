"""One call for the analysis agent: visits in, everything about every customer out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from myriad.kit.errors import InvalidInputError
from myriad.products.keeper.retention import bgnbd, gamma_gamma
from myriad.products.keeper.retention.anchor import Anchor, anchor_of
from myriad.products.keeper.retention.bookings import Bookings
from myriad.products.keeper.retention.cadence import Cadence, classify, value_at_risk
from myriad.products.keeper.retention.churn import (
    View,
    bgnbd_churn,
    gap_churn,
    shifted,
    view_at,
    view_of,
)
from myriad.products.keeper.retention.earlier import Earlier, Judged
from myriad.products.keeper.retention.errors import NotEnoughHistoryError
from myriad.products.keeper.retention.gate import Verdict, judge, roll
from myriad.products.keeper.retention.history import (
    DAYS_PER_WEEK,
    Bools,
    Floats,
    History,
    Ints,
    Visits,
    history_at,
)

MODEL_VERSION = "bgnbd-stack-1"
STANDARD_HORIZONS_DAYS = (30, 60, 90)
_QUARTER_WEEKS = 90 / DAYS_PER_WEEK
_YEAR_WEEKS = 365 / DAYS_PER_WEEK


@dataclass(frozen=True, slots=True)
class Report:
    """How the account's models were made and how well they do.

    `spend` is None when fewer than ten customers came back with money spent. `future_visits` and
    `negative_net` count rows that were set aside: dated after the as-of day, or with refunds
    above the takings of their day. `judged` says when the verdict was found, and keeps the stack;
    `anchor` ties a later look at one person to this night.
    """

    model: bgnbd.Fit
    spend: gamma_gamma.SpendFit | None
    verdict: Verdict
    future_visits: int
    negative_net: int
    judged: Judged
    version: str = MODEL_VERSION
    anchor: Anchor = field(default_factory=Anchor)


@dataclass(frozen=True, slots=True)
class Retention:
    """What is known of each customer at the as-of day; every array is (customers,).

    Row i is the person with index `history.person[i]`; people without a visit yet are absent.
    `churn` maps a horizon in days to P(no visit within it), by what shipped. Weeks for
    `history.t_x` and `history.age`, days for gaps, minor units for money. `expected_spend` per
    visit and `clv_12m` (undiscounted, next 365 days) are NaN for who came once (x = 0).
    """

    history: History
    booked: Bools
    no_show_share: Floats
    p_alive: Floats
    churn: Mapping[int, Floats]
    expected_visits_90: Floats
    expected_spend: Floats
    clv_12m: Floats
    value_at_risk: Floats
    cadence: Cadence
    report: Report

    @property
    def person(self) -> Ints:
        """The person index of each row."""
        return self.history.person


def fit_account(
    person: ArrayLike,
    day: ArrayLike,
    net: ArrayLike,
    as_of: int,
    *,
    horizons_days: Sequence[int] = STANDARD_HORIZONS_DAYS,
    prior: bgnbd.Parameters | None = None,
    bookings: Bookings | None = None,
    earlier: Earlier = Earlier(),
) -> Retention:
    """Fit every model of one account and describe its customers at the end of day `as_of`.

    `person`, `day`, `net` (visits,) are indices from zero, ordinals (`date.toordinal()`) and
    minor units; rows may come in any order, and rows of one person and day are one visit.
    `prior` is the vertical's, `horizons_days` any positive horizons beside 30, 60 and 90.
    `earlier` is what another night found: it is taken while it holds (see `earlier.Judged`), and
    fits begin there when it does not.

    Raises `NotEnoughHistoryError` below 31 customers (or 5 returning ones without a prior) and
    `InvalidInputError` for columns that cannot be read. Linear in visits.
    """
    horizons = sorted({*STANDARD_HORIZONS_DAYS, *horizons_days})
    if horizons[0] <= 0:
        raise InvalidInputError("a horizon must be at least one day", horizons_days=horizons)
    everything = Visits.of(person, day, net)
    visits = everything.until(as_of)
    today, judged = _look(visits, bookings or Bookings(), as_of, prior, earlier)
    shipped = judged.verdict.shipped
    odds = judged.stack.log_odds(today) if shipped == "stack" and judged.stack else None
    forecasts = {days: forecast(today, shipped, days, odds) for days in horizons}
    report = Report(
        model=today.model,
        spend=_spend(
            today.history, earlier, is_kept=judged is earlier.judged and not judged.is_small
        ),
        verdict=judged.verdict,
        future_visits=everything.day.size - visits.day.size,
        negative_net=visits.negative_net,
        judged=judged,
        anchor=anchor_of(today, shipped, forecasts, odds),
    )
    return describe(today, forecasts, report)


def forecast(view: View, shipped: str, horizon_days: int, odds: Floats | None = None) -> Floats:
    """P(no visit within the horizon) for each customer of today, by the forecast that ships.

    `odds` are the stack's log odds (customers,), where the stack ships.
    """
    if odds is not None:
        return shifted(odds, float(bgnbd_churn(view, horizon_days).mean()))
    return (gap_churn if shipped == "gap" else bgnbd_churn)(view, horizon_days)


def _look(
    visits: Visits,
    bookings: Bookings,
    as_of: int,
    prior: bgnbd.Parameters | None,
    earlier: Earlier,
) -> tuple[View, Judged]:
    """Today's view and what ships, fitted and judged again unless the earlier ones still hold."""
    known = earlier.judged if earlier.model else None
    if known and known.holds_for(visits, as_of, prior):
        if known.is_small:
            return view_at(visits, bookings, as_of, prior, earlier.model), known
        history = history_at(visits, as_of)
        return view_of(history, bookings, earlier.fit_of(history, prior)), known
    rolling = roll(visits, bookings, as_of, prior, earlier.model)
    today = rolling.views[0]
    size = visits.day.size, today.history.customers
    source = today.model.source
    return today, Judged(as_of, *size, judge(rolling), rolling.stack(0), source, prior)


def describe(view: View, churn: Mapping[int, Floats], report: Report) -> Retention:
    """Return what is known of each customer in `view`, by the models of `report`."""
    history, parameters = view.history, view.model.parameters
    past = history.x, history.t_x, history.age
    visits_90 = bgnbd.expected_purchases(parameters, *past, _QUARTER_WEEKS)
    spend = _expected_spend(report.spend, history)
    baseline = bgnbd.churn(parameters, history.x, history.t_x, history.t_x, _QUARTER_WEEKS)
    return Retention(
        history=history,
        booked=view.booked,
        no_show_share=view.no_show_share,
        p_alive=bgnbd.p_alive(parameters, *past),
        churn=churn,
        expected_visits_90=visits_90,
        expected_spend=spend,
        clv_12m=bgnbd.expected_purchases(parameters, *past, _YEAR_WEEKS) * spend,
        value_at_risk=value_at_risk(churn[90], baseline, spend, visits_90),
        cadence=classify(history, churn[60], view.booked),
        report=report,
    )


def _spend(history: History, earlier: Earlier, *, is_kept: bool) -> gamma_gamma.SpendFit | None:
    """Return the spend model, the earlier one where it `is_kept`; None with too few spenders."""
    known, seen = earlier.spend, (history.x, history.mean_repeat_spend)
    try:
        if known and is_kept:
            return gamma_gamma.kept(known, *seen)
        return gamma_gamma.fit(*seen, known)
    except NotEnoughHistoryError:
        return None


def _expected_spend(fitted: gamma_gamma.SpendFit | None, history: History) -> Floats:
    """E(M) where a spend model exists, otherwise the person's own mean; NaN for x = 0."""
    if fitted is None:
        return np.where(history.x > 0, history.mean_repeat_spend, np.nan)
    return gamma_gamma.expected_spend(fitted.parameters, history.x, history.mean_repeat_spend)
