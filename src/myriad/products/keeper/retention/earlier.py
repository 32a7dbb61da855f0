"""What an earlier night found about an account, so that tonight need not begin from nothing.

Parameters of yesterday are where tonight's fit begins: the likelihood has moved by a day, so that
Newton's method is there in two or three steps. What ships, and the stack, are judged anew after a
week, or as soon as visits or customers differ by a twentieth from those that were judged: the past
windows of 90 days hardly change in between.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from myriad.products.keeper.retention.anchor import Anchor
from myriad.products.keeper.retention.bgnbd import Parameters
from myriad.products.keeper.retention.churn import Stack
from myriad.products.keeper.retention.gamma_gamma import SpendParameters
from myriad.products.keeper.retention.gate import Score, Verdict
from myriad.products.keeper.retention.history import Visits

JUDGED_EVERY_DAYS = 7
JUDGED_AGAIN_FROM_SHARE = 0.05
_SCORES = ("auc", "brier", "ece")


@dataclass(frozen=True, slots=True)
class Judged:
    """What ships and how it was found: on the day `as_of` (ordinal), from so many visits.

    `stack` is today's stack of that day, None where there was too little past for one.
    """

    as_of: int
    visits: int
    customers: int
    verdict: Verdict
    stack: Stack | None

    def holds_for(self, visits: Visits, as_of: int) -> bool:
        """Whether the judgement still speaks for `visits`, which end at `as_of`."""
        if not 0 <= as_of - self.as_of < JUDGED_EVERY_DAYS:
            return False
        found = visits.day.size, np.unique(visits.person).size
        known = self.visits, self.customers
        return all(
            abs(now - then) <= JUDGED_AGAIN_FROM_SHARE * then
            for now, then in zip(found, known, strict=True)
        )

    def as_dict(self) -> dict[str, Any]:
        """The judgement as plain JSON values; NaN is None."""
        verdict, stack = self.verdict, self.stack
        return {
            "as_of": self.as_of,
            "visits": self.visits,
            "customers": self.customers,
            "shipped": verdict.shipped,
            "window_days": verdict.window_days,
            "cuts": verdict.cuts,
            "scores": {
                score.name: [_none_if_nan(getattr(score, name)) for name in _SCORES]
                for score in verdict.scores
            },
            "stack": stack
            and [stack.centre.tolist(), stack.scale.tolist(), stack.weights.tolist()],
        }

    @classmethod
    def from_dict(cls, facts: dict[str, Any]) -> Judged:
        """Read what `as_dict` wrote."""
        scores = [
            Score(
                name, *(math.nan if mark is None else float(mark) for mark in facts["scores"][name])
            )
            for name in ("stack", "bgnbd", "gap")
        ]
        days, stack = int(facts["window_days"]), facts["stack"]
        return cls(
            as_of=int(facts["as_of"]),
            visits=int(facts["visits"]),
            customers=int(facts["customers"]),
            verdict=Verdict(
                facts["shipped"], days, int(facts["cuts"]), (scores[0], scores[1], scores[2])
            ),
            stack=stack and Stack(days, *(np.array(column, dtype=float) for column in stack)),
        )


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier fit: where to begin, and what was judged, if anything was."""

    model: Parameters | None = None
    spend: SpendParameters | None = None
    judged: Judged | None = None
    anchor: Anchor = field(default_factory=Anchor)


def _none_if_nan(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
