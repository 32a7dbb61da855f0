"""Logistic regression on sparse vectors, and small ones that turn scores into probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from myriad.kit.lazy import lazily

_special = lazily("scipy.special")
_optimize = lazily("scipy.optimize")

if TYPE_CHECKING:
    from scipy import sparse
else:
    sparse = lazily("scipy.sparse")

Floats = NDArray[np.float64]
_MOST_STEPS = 500


@dataclass(frozen=True, slots=True)
class Line:
    """A linear score: weights and intercept."""

    weights: Floats
    intercept: float

    def score(self, vectors: sparse.csr_array | Floats) -> Floats:
        """Return the log odds of each row."""
        return np.asarray(vectors @ self.weights, dtype=float) + self.intercept


def fit_logistic(
    vectors: sparse.csr_array | Floats,
    happened: NDArray[np.bool_],
    *,
    strength: float = 1.0,
    balanced: bool = False,
    targets: Floats | None = None,
) -> Line:
    """Fit by penalised maximum likelihood: |w|^2 / 2 + strength * sum of the log losses.

    The intercept is free. `balanced` weighs both outcomes alike; `targets` replaces 0 and 1 by
    softer outcomes (Platt 1999). Solved by L-BFGS (Byrd, Lu, Nocedal & Zhu 1995).
    """
    outcome = happened.astype(float) if targets is None else targets
    weight = np.full(len(outcome), strength)
    if balanced:
        share = float(happened.mean())
        weight *= np.where(happened, 0.5 / share, 0.5 / (1.0 - share))
    transposed = vectors.T.tocsr() if sparse.issparse(vectors) else vectors.T

    def loss(line: Floats) -> tuple[float, Floats]:
        score = vectors @ line[:-1] + line[-1]
        value = weight @ (np.logaddexp(0.0, score) - outcome * score)
        error = weight * (_special.expit(score) - outcome)
        gradient = np.append(transposed @ error + line[:-1], error.sum())
        return float(value + 0.5 * line[:-1] @ line[:-1]), gradient

    start = np.zeros(vectors.shape[1] + 1)
    found = _optimize.minimize(
        loss, start, jac=True, method="L-BFGS-B", options={"maxiter": _MOST_STEPS}
    )
    return Line(found.x[:-1], float(found.x[-1]))


def soft_targets(happened: NDArray[np.bool_]) -> Floats:
    """Return Platt's targets: (n+ + 1) / (n+ + 2) for what happened, 1 / (n- + 2) for the rest."""
    events = int(happened.sum())
    others = len(happened) - events
    return np.where(happened, (events + 1) / (events + 2), 1 / (others + 2))


def fit_probability(scores: Floats, happened: NDArray[np.bool_]) -> Line:
    """Fit the line that turns columns of scores into log odds of the outcome (Platt 1999)."""
    return fit_logistic(scores, happened, strength=1.0, targets=soft_targets(happened))
