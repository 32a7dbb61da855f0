"""How good a churn forecast was: ranking, squared error and calibration."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from myriad.kit.lazy import lazily

_stats = lazily("scipy.stats")


def auc(score: ArrayLike, happened: ArrayLike) -> float:
    """P(score of an event > score of a non-event), ties half; NaN with one kind of outcome.

    The area under the ROC curve by the Mann-Whitney statistic.
    """
    outcome = np.asarray(happened, dtype=bool)
    events, others = int(outcome.sum()), int((~outcome).sum())
    if not events or not others:
        return float("nan")
    above = (
        _stats.rankdata(np.asarray(score, dtype=float))[outcome].sum() - events * (events + 1) / 2
    )
    return float(above / (events * others))


def brier(probability: ArrayLike, happened: ArrayLike) -> float:
    """The mean squared difference of probability and outcome (Brier 1950)."""
    return float(np.mean((np.asarray(probability, dtype=float) - np.asarray(happened)) ** 2))


def ece(probability: ArrayLike, happened: ArrayLike, bins: int = 10) -> float:
    """Expected calibration error over `bins` groups of equal size, sorted by probability."""
    forecast, outcome = np.asarray(probability, dtype=float), np.asarray(happened, dtype=float)
    groups = np.array_split(np.argsort(forecast, kind="stable"), bins)
    gaps = [
        group.size * abs(forecast[group].mean() - outcome[group].mean())
        for group in groups
        if group.size
    ]
    return float(sum(gaps) / forecast.size) if forecast.size else float("nan")


def ece_bins(customers: int) -> int:
    """How many groups `ece` can carry: ten, or as many as leave a hundred customers in each.

    With fewer customers in a group, chance alone exceeds the gate's .05 however good a model is.
    """
    return int(np.clip(customers // 100, 1, 10))
