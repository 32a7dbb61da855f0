"""What a model is worth for an account that it was not trained on, and when it is used.

The plan for text of another trade, every step of which is measured:

1. The lexicon knows no trade and is always there.
2. A trained model is blended with it by how much of the account's words it knows: the weight is
   (coverage here / coverage at home) squared, 1 in its own trade. Measured from clothing to
   electronics and to drugs (coverage ratio .7, weight .5): AUC .928 and .752 by the lexicon, .920
   and .770 by the trained model, .937 and .774 blended.
3. The gate: where the account's own starred reviews can tell (ten of either kind), the blend is
   used only if its AUC there is not below the lexicon's. These must be scores of texts that the
   model was not trained on; for an account's own training file, cross-validated ones.
4. The base rate is the account's own: all log odds move by one constant, so that the mean
   probability of its starred texts is its share of two stars or fewer (prior shift, Saerens,
   Latinne & Decaestecker 2002), drawn to the model's base rate as if by twenty reviews.
   With fewer than thirty starred texts nothing is moved.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from myriad.kit.lazy import lazily
from myriad.products.keeper.retention.scores import auc, ece
from myriad.products.keeper.reviews.logistic import Floats, Line

_special = lazily("scipy.special")
_optimize = lazily("scipy.optimize")

# From the lexicon's score to log odds: the slope fitted to clothing, with electronics (3.5) above
# it and drugs (1.7) below.
LEXICON_LINE = Line(np.array([2.5]), -1.4)
LEXICON_BASE_RATE = 0.10
LEAST_OF_EACH = 10
LEAST_FOR_RATE = 30
PRIOR_REVIEWS = 20.0
_FARTHEST = 12.0

Reason = Literal["no_model", "unmeasured", "passed", "below_lexicon"]


@dataclass(frozen=True, slots=True)
class Choice:
    """How an account's texts are judged: the model's weight (0 is the lexicon alone) and a shift.

    `lexicon_auc` and `blend_auc` are those on the account's own starred reviews, NaN where there
    were too few; `ece` is the calibration after the shift, on the same reviews.
    """

    weight: float
    shift: float
    reason: Reason
    reviews: int = 0
    lexicon_auc: float = float("nan")
    blend_auc: float = float("nan")
    ece: float = float("nan")

    def probabilities(self, lexicon: Floats, trained: Floats | None = None) -> Floats:
        """Return P(two stars or fewer) from log odds of the lexicon and of the trained model."""
        return np.asarray(_special.expit(blend(lexicon, trained, self.weight) + self.shift))


def lexicon_log_odds(scores: Floats) -> Floats:
    """Return the log odds of dissatisfaction that the lexicon's scores stand for."""
    return LEXICON_LINE.score(np.asarray(scores, dtype=float).reshape(-1, 1))


def domain_weight(coverage: float, home_coverage: float) -> float:
    """Return a trained model's weight from 0 to 1 for texts whose words it knows to `coverage`.

    `home_coverage` is what it knew of unseen texts of its own trade. Unknown coverage weighs 0.
    """
    if not (np.isfinite(coverage) and home_coverage > 0):
        return 0.0
    return float(np.clip(coverage / home_coverage, 0.0, 1.0) ** 2)


def blend(lexicon: Floats, trained: Floats | None, weight: float) -> Floats:
    """Return the mean of two log odds, the trained one weighing `weight`."""
    if trained is None or weight <= 0:
        return lexicon
    return weight * trained + (1.0 - weight) * lexicon


def shrunk_rate(events: int, reviews: int, base_rate: float) -> float:
    """Return the share of events, drawn to the base rate as if by PRIOR_REVIEWS more reviews."""
    return (events + PRIOR_REVIEWS * base_rate) / (reviews + PRIOR_REVIEWS)


def shift_to_rate(log_odds: Floats, rate: float) -> float:
    """Return the constant that makes the mean probability equal to `rate`; 0 without texts."""
    if not len(log_odds):
        return 0.0
    far = _FARTHEST + float(np.abs(log_odds).max())
    return float(
        _optimize.brentq(lambda shift: _special.expit(log_odds + shift).mean() - rate, -far, far)
    )


def choose(
    lexicon: Floats,
    happened: NDArray[np.bool_],
    trained: Floats | None = None,
    weight: float = 0.0,
    base_rate: float = LEXICON_BASE_RATE,
) -> Choice:
    """Decide how an account's texts are judged, from its own starred reviews.

    `lexicon` and `trained` are log odds of these reviews, `happened` whether each has two stars or
    fewer, `weight` the trained model's by `domain_weight`, `base_rate` the rate that a text has
    without any stars. The arrays may be empty.
    """
    measured = _can_tell(happened)
    lexicon_auc = auc(lexicon, happened) if measured else float("nan")
    blended = blend(lexicon, trained, weight)
    blend_auc = auc(blended, happened) if measured and trained is not None else float("nan")
    reason: Reason = "no_model" if trained is None else "passed" if measured else "unmeasured"
    if blend_auc < lexicon_auc:
        reason = "below_lexicon"
    used = weight if reason in ("passed", "unmeasured") else 0.0
    odds = blend(lexicon, trained, used)
    rate = shrunk_rate(int(happened.sum()), len(happened), base_rate)
    # The mean over a few texts says nothing of the rate: one furious text would be made ordinary.
    shift = shift_to_rate(odds, rate) if len(happened) >= LEAST_FOR_RATE else 0.0
    error = (
        ece(_special.expit(odds + shift), happened, _bins(len(happened)))
        if measured
        else float("nan")
    )
    return Choice(used, shift, reason, len(happened), lexicon_auc, blend_auc, error)


def _can_tell(happened: NDArray[np.bool_]) -> bool:
    events = int(happened.sum())
    return min(events, len(happened) - events) >= LEAST_OF_EACH


def _bins(reviews: int) -> int:
    return int(np.clip(reviews // 100, 1, 10))
