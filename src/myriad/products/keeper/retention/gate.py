"""The shipping gate: a model speaks for an account only while it has earned it there.

A candidate ships when its rolling AUC is at least the recency gap's less .005 and its expected
calibration error at most .05, both over past days whose outcome is known. The first to pass in
the order stack, bgnbd ships; otherwise the gap does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from myriad.products.keeper.retention.bgnbd import Parameters
from myriad.products.keeper.retention.bookings import Bookings
from myriad.products.keeper.retention.churn import (
    Stack,
    View,
    bgnbd_churn,
    gap_churn,
    stack_churn,
    train,
    view_at,
)
from myriad.products.keeper.retention.errors import NotEnoughHistoryError
from myriad.products.keeper.retention.history import Bools, Floats, Visits, stayed_away
from myriad.products.keeper.retention.scores import auc, brier, ece, ece_bins

WINDOWS_DAYS = (90, 60, 30)
MAXIMUM_CUTS = 3
AUC_SLACK = 0.005
ECE_LIMIT = 0.05


@dataclass(frozen=True, slots=True)
class Score:
    """How one candidate (stack, bgnbd or gap) did over the past cuts; NaN when never tried."""

    name: str
    auc: float
    brier: float
    ece: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What ships for an account and why; `scores` hold stack, bgnbd and gap in this order.

    `cuts` counts the past days judged, `window_days` is the horizon they were judged at.
    """

    shipped: str
    window_days: int
    cuts: int
    scores: tuple[Score, Score, Score]

    @property
    def gap_auc(self) -> float:
        """The recency gap's rolling AUC, the mark to hold."""
        return self.scores[2].auc

    @property
    def shipped_score(self) -> Score:
        """The score of what ships."""
        return next(score for score in self.scores if score.name == self.shipped)


@dataclass(frozen=True, slots=True)
class Rolling:
    """The account today and at up to four earlier days, one window apart, newest first."""

    visits: Visits
    window_days: int
    views: tuple[View, ...]

    def away(self, index: int) -> Bools:
        """Who stayed away in the window after view `index` (from 1), as known today."""
        return stayed_away(self.visits, self.views[index].history, self.window_days)

    def stack(self, index: int) -> Stack | None:
        """The stack for view `index`, trained on the view before it; None without one."""
        if index + 1 >= len(self.views):
            return None
        return train(self.views[index + 1], self.away(index + 1), self.window_days)


def roll(
    visits: Visits,
    bookings: Bookings,
    as_of: int,
    prior: Parameters | None,
    start: Parameters | None = None,
) -> Rolling:
    """Look at the account as of today and back through time while there was enough history.

    `start` is a guess for today's model; each earlier day begins from the day after it.
    `visits` must end at `as_of`. Raises `NotEnoughHistoryError` when today is not enough.
    """
    views = [view_at(visits, bookings, as_of, prior, start)]
    window = window_for(as_of - int(visits.day.min()))
    for back in range(1, MAXIMUM_CUTS + 2):
        try:
            guess = views[-1].model.parameters
            views.append(view_at(visits, bookings, as_of - back * window, prior, guess))
        except NotEnoughHistoryError:
            break
    return Rolling(visits, window, tuple(views))


def window_for(span_days: int) -> int:
    """The longest window that fits three times into the history: 90, 60 or 30 days."""
    return next((days for days in WINDOWS_DAYS if 3 * days <= span_days), WINDOWS_DAYS[-1])


def judge(rolling: Rolling) -> Verdict:
    """Try every candidate on the same past cuts and say which one ships."""
    days, past = rolling.window_days, range(1, min(len(rolling.views), MAXIMUM_CUTS + 1))
    stacks = {cut: trained for cut in past if (trained := rolling.stack(cut))}
    # Where the stack could be tried, all are judged on its cuts, or the marks would differ.
    cuts = sorted(stacks) or list(past)
    outcomes = [rolling.away(cut) for cut in cuts]
    views = [rolling.views[cut] for cut in cuts]
    tried = [stack_churn(stacks[cut], rolling.views[cut], days) for cut in sorted(stacks)]
    stack = _score("stack", tried, outcomes[: len(tried)])
    bg = _score("bgnbd", [bgnbd_churn(view, days) for view in views], outcomes)
    gap = _score("gap", [gap_churn(view, days) for view in views], outcomes)
    return Verdict(choose(stack, bg, gap), days, len(cuts), (stack, bg, gap))


def choose(stack: Score, bg: Score, gap: Score) -> str:
    """The name of the first candidate that holds the marks, or gap."""
    for candidate in (stack, bg):
        if candidate.auc >= gap.auc - AUC_SLACK and candidate.ece <= ECE_LIMIT:
            return candidate.name
    return gap.name


def _score(name: str, forecasts: Sequence[Floats], outcomes: Sequence[Bools]) -> Score:
    """The mean AUC over the cuts; Brier score and calibration of all cuts together."""
    ranks = [auc(forecast, away) for forecast, away in zip(forecasts, outcomes, strict=True)]
    known = [rank for rank in ranks if not np.isnan(rank)]
    if not known:
        return Score(name, float("nan"), float("nan"), float("nan"))
    forecast, away = np.concatenate(forecasts), np.concatenate(outcomes)
    calibration = ece(forecast, away, ece_bins(away.size))
    return Score(name, float(np.mean(known)), brier(forecast, away), calibration)
