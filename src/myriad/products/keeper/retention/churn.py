"""Who will stay away: three forecasts of churn, and the stack among them.

`bgnbd` is the model's closed form. `stack` is a logistic regression on it and on recency,
frequency, spend and bookings, trained one window earlier on what was known then, and shifted by
one constant so that its mean is the closed form's at the wanted horizon. `gap` hands the closed
form's probabilities out in the order of the days since the last visit. All three have the same
mean, and each person's probability grows with the horizon.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from myriad.kit.lazy import lazily
from myriad.products.keeper.retention import bgnbd
from myriad.products.keeper.retention.bgnbd_likelihood import Summary
from myriad.products.keeper.retention.bookings import Bookings
from myriad.products.keeper.retention.history import (
    DAYS_PER_WEEK,
    Bools,
    Floats,
    History,
    Visits,
    history_at,
)

# A second and 25 MB, for fits that few processes make.
_optimize = lazily("scipy.optimize")
_stats = lazily("scipy.stats")

FEATURES = (
    "logit_churn",
    "log_gap",
    "log_x",
    "age",
    "log_gap_over_interval",
    "log_mean_spend",
    "booked",
    "no_show_share",
)
# Chosen on CDNOW at six cut dates and at 300, 1,000 and 2,357 customers: weaker ridges lose to
# the gap alone at 300 customers, stronger ones gain nothing at 2,357.
RIDGE = 30.0
_CERTAIN = 1e-9


@dataclass(frozen=True, slots=True)
class View:
    """Everything known on one day: history, fitted model and bookings of each customer."""

    history: History
    model: bgnbd.Fit
    booked: Bools
    no_show_share: Floats


@dataclass(frozen=True, slots=True)
class Stack:
    """A trained stack: `weights` (8,) apply to features less `centre` over `scale`, each (8,)."""

    window_days: int
    centre: Floats
    scale: Floats
    weights: Floats

    def log_odds(self, view: View, typical_days: float | None = None) -> Floats:
        """The log odds of staying away (customers,), right up to one constant."""
        raw = features(view, self.window_days, typical_days)
        standard = (raw - self.centre) / self.scale
        return np.asarray(standard @ self.weights, dtype=np.float64)


def view_at(
    visits: Visits,
    bookings: Bookings,
    as_of: int,
    prior: bgnbd.Parameters | None,
    start: bgnbd.Parameters | None = None,
) -> View:
    """The account as it was known at the end of the day `as_of`; `start` is a guess for its model.

    Raises `NotEnoughHistoryError` when no model could have been fitted by then.
    """
    history = history_at(visits, as_of)
    model = bgnbd.fit(Summary.of(history.x, history.t_x, history.age), prior, start=start)
    return view_of(history, bookings, model)


def view_of(history: History, bookings: Bookings, model: bgnbd.Fit) -> View:
    """The account on the day of `history`, seen with a fitted `model`."""
    return View(
        history=history,
        model=model,
        booked=bookings.booked(history.person, history.as_of),
        no_show_share=bookings.no_show_share(history.person, history.as_of),
    )


def bgnbd_churn(view: View, horizon_days: float) -> Floats:
    """P(no visit in the next `horizon_days` days) by the closed form, shape (customers,)."""
    history = view.history
    weeks = horizon_days / DAYS_PER_WEEK
    return bgnbd.churn(view.model.parameters, history.x, history.t_x, history.age, weeks)


def gap_churn(view: View, horizon_days: float) -> Floats:
    """The closed form's probabilities, handed out in the order of the gaps; ties share."""
    ranks: Floats = _stats.rankdata(view.history.gap) - 1
    ordered = np.sort(bgnbd_churn(view, horizon_days))
    return np.interp(ranks, np.arange(ranks.size), ordered)


def stack_churn(stack: Stack, view: View, horizon_days: float) -> Floats:
    """The stack's probabilities, shifted to the closed form's mean at this horizon."""
    return shifted(stack.log_odds(view), float(bgnbd_churn(view, horizon_days).mean()))


def typical_interval(history: History) -> float:
    """The account's typical interval in days, NaN while nobody came back."""
    return float(np.nanmedian(history.median_interval)) if (history.x > 0).any() else math.nan


def features(view: View, window_days: int, typical_days: float | None = None) -> Floats:
    """The stack's eight features (customers, 8), in the order of `FEATURES`.

    Who came once has no interval yet and is given the account's typical one, `typical_days` where
    `view` is not the whole account.
    """
    history = view.history
    typical = typical_interval(history) if typical_days is None else typical_days
    own = np.where(history.x > 0, history.median_interval, typical)
    interval = np.maximum(np.nan_to_num(own, nan=float(window_days)), 1.0)
    forecast = np.clip(bgnbd_churn(view, window_days), _CERTAIN, 1 - _CERTAIN)
    return np.stack(
        [
            logit(forecast),
            np.log1p(history.gap),
            np.log1p(history.x),
            history.age,
            np.log1p(history.gap / interval),
            np.log1p(history.mean_spend),
            view.booked.astype(float),
            view.no_show_share,
        ],
        axis=1,
    )


def train(earlier: View, away: Bools, window_days: int) -> Stack | None:
    """Learn from what was known at `earlier` who stayed `away` for the window after it.

    None when everybody did the same, so that there is nothing to learn.
    """
    if away.all() or not away.any():
        return None
    raw = features(earlier, window_days)
    centre, spread = raw.mean(axis=0), raw.std(axis=0)
    scale = np.where(spread > _CERTAIN, spread, 1.0)
    weights = logistic_regression((raw - centre) / scale, away.astype(float), RIDGE)[1:]
    # A column without spread taught nothing, so it may not speak when it begins to vary.
    return Stack(window_days, centre, scale, np.where(spread > _CERTAIN, weights, 0.0))


def logistic_regression(columns: Floats, outcome: Floats, ridge: float) -> Floats:
    """Intercept and weights by iteratively reweighted least squares; the intercept is free."""
    design = np.column_stack([np.ones(len(columns)), columns])
    penalty = np.full(design.shape[1], ridge)
    penalty[0] = 1e-9
    weights = np.zeros(design.shape[1])
    for _ in range(50):
        fitted = expit(design @ weights)
        slope = design.T @ (outcome - fitted) - penalty * weights
        curvature = (design.T * np.maximum(fitted * (1 - fitted), _CERTAIN)) @ design
        step = np.linalg.solve(curvature + np.diag(penalty), slope)
        weights = weights + step
        if np.abs(step).max() < 1e-10:
            break
    return weights


def shifted(log_odds: Floats, mean: float) -> Floats:
    """Probabilities with these log odds plus the one constant that gives them this `mean`."""
    if not log_odds.size or not _CERTAIN < mean < 1 - _CERTAIN:
        return np.full(log_odds.shape, np.clip(mean, 0.0, 1.0))

    def excess(constant: float) -> float:
        return float(expit(log_odds + constant).mean()) - mean

    reach = float(np.abs(log_odds).max()) + 40.0
    return np.asarray(
        expit(log_odds + _optimize.brentq(excess, -reach, reach, xtol=1e-12)), dtype=np.float64
    )
