"""What an earlier night found about an account, so that tonight need not begin from nothing.

Models are fitted, and what ships is judged, once a week, or as soon as visits or customers differ by
a twentieth from those that were fitted or the prior of the trade is another one. In between
tonight's visits are looked at with the parameters of that night: a few days move the likelihood of
years so little that nobody's chance moves by more than a fiftieth for it. Under a hundred customers a day
moves it more, so these are fitted every night. A fit begins from the earlier parameters, from where
Newton's method is there in two or three steps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from myriad.products.keeper.retention.anchor import Anchor
from myriad.products.keeper.retention.bgnbd import Fit, Parameters, require_history
from myriad.products.keeper.retention.churn import Stack
from myriad.products.keeper.retention.gamma_gamma import SpendParameters
from myriad.products.keeper.retention.gate import Score, Verdict
from myriad.products.keeper.retention.history import History, Visits

JUDGED_EVERY_DAYS = 7
JUDGED_AGAIN_FROM_SHARE = 0.05
FITTED_NIGHTLY_BELOW = 100
_SCORES = ("auc", "brier", "ece")


@dataclass(frozen=True, slots=True)
class Judged:
    """What ships and how it was found: on the day `as_of` (ordinal), from so many visits.

    `stack` is today's stack of that day, None where there was too little past for one. `source`
    says where the parameters of that day are from (see `bgnbd.Fit`), `prior` which one they knew.
    """

    as_of: int
    visits: int
    customers: int
    verdict: Verdict
    stack: Stack | None
    source: str = "own"
    prior: Parameters | None = None

    @property
    def is_small(self) -> bool:
        """Whether a day moves the parameters so much that they are fitted every night."""
        return self.customers < FITTED_NIGHTLY_BELOW

    def holds_for(self, visits: Visits, as_of: int, prior: Parameters | None) -> bool:
        """Whether fits and judgement still speak for `visits`, which end at `as_of`."""
        # What was judged before models were fitted weekly does not say where these are from.
        if not self.source or prior != self.prior:
            return False
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
            "source": self.source,
            "prior": self.prior and self.prior.values,
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
            source=facts.get("source", ""),
            prior=Parameters(*facts["prior"]) if facts.get("prior") else None,
        )


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier fit: where to begin, and what was judged, if anything was.

    `model` and `spend` are those that `judged` was found with, as long as it is handed on.
    """

    model: Parameters | None = None
    spend: SpendParameters | None = None
    judged: Judged | None = None
    anchor: Anchor = field(default_factory=Anchor)

    def fit_of(self, history: History, prior: Parameters | None) -> Fit:
        """Return the earlier model as that of `history`; raises `NotEnoughHistoryError`."""
        assert self.model is not None
        assert self.judged is not None
        repeaters = int((history.x > 0).sum())
        require_history(history.customers, repeaters, prior)
        return Fit(self.model, self.judged.source, history.customers, repeaters)


def _none_if_nan(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
