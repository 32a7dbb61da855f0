"""What ties one person's chance to all customers of a night, so that a later look agrees with it.

The stack's probabilities are shifted by one constant that gives them the closed form's mean over
all customers, and those of the gap are handed out by rank. Neither can be found from one person
alone; the night keeps the constants, and the chance by gap at up to 128 gaps.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import expit, logit

from myriad.products.keeper.retention.churn import Stack, View, bgnbd_churn, typical_interval
from myriad.products.keeper.retention.history import Floats

_MOST_KNOTS = 128
_EDGE = 1e-9


@dataclass(frozen=True, slots=True)
class Anchor:
    """The night's constants by horizon in days, and the interval of who has none of their own.

    `constants` belong to the stack, `knots` (gaps in days, chances) to the gap; each is empty
    where the other ships or the closed form does.
    """

    typical_days: float | None = None
    constants: Mapping[int, float] = field(default_factory=dict)
    knots: Mapping[int, tuple[list[float], list[float]]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The anchor as plain JSON values."""
        return {
            "typical_days": self.typical_days,
            "constants": {str(days): value for days, value in self.constants.items()},
            "knots": {str(days): [list(gaps), list(p)] for days, (gaps, p) in self.knots.items()},
        }

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> Anchor:
        """Read what `as_dict` wrote."""
        return cls(
            typical_days=facts["typical_days"],
            constants={int(days): float(value) for days, value in facts["constants"].items()},
            knots={int(days): (gaps, p) for days, (gaps, p) in facts["knots"].items()},
        )


def anchor_of(
    view: View, shipped: str, forecasts: Mapping[int, Floats], odds: Floats | None = None
) -> Anchor:
    """Return what ties single people to the forecasts of all customers in `view`.

    `odds` are the stack's log odds (customers,), where the stack ships.
    """
    typical = typical_interval(view.history)
    known = None if math.isnan(typical) else typical
    if odds is not None:
        found = {days: _constant(odds, churn) for days, churn in forecasts.items()}
        return Anchor(known, {days: value for days, value in found.items() if value is not None})
    if shipped == "gap":
        return Anchor(known, knots={d: _knots(view.history.gap, p) for d, p in forecasts.items()})
    return Anchor(known)


def anchored(view: View, stack: Stack | None, anchor: Anchor, horizon_days: int) -> Floats:
    """P(no visit within the horizon) for people of `view` as the night of the anchor gives it.

    The closed form's where the night kept nothing for this horizon.
    """
    if stack is not None and horizon_days in anchor.constants:
        odds = stack.log_odds(view, anchor.typical_days)
        return np.asarray(expit(odds + anchor.constants[horizon_days]), dtype=np.float64)
    if horizon_days in anchor.knots:
        return np.asarray(np.interp(view.history.gap, *anchor.knots[horizon_days]), dtype=float)
    return bgnbd_churn(view, horizon_days)


def _constant(log_odds: Floats, churn: Floats) -> float | None:
    """Return what the log odds were shifted by, read where a probability tells it best."""
    if not churn.size:
        return None
    place = int(np.argmin(np.abs(churn - 0.5)))
    if not _EDGE < churn[place] < 1 - _EDGE:
        return None
    return float(logit(churn[place]) - log_odds[place])


def _knots(gap: Floats, churn: Floats) -> tuple[list[float], list[float]]:
    gaps, first = np.unique(gap, return_index=True)
    chosen = np.unique(np.linspace(0, gaps.size - 1, min(gaps.size, _MOST_KNOTS)).astype(int))
    return gaps[chosen].astype(float).tolist(), churn[first][chosen].tolist()
