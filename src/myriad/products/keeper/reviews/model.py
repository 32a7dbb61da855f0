"""A trained model of dissatisfaction: from a text to the probability of two stars or fewer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from myriad.kit.lazy import lazily
from myriad.products.keeper.reviews.features import Weighting, count_terms
from myriad.products.keeper.reviews.lexicon import valence_of
from myriad.products.keeper.reviews.logistic import Floats, Line

_special = lazily("scipy.special")

BATCH = 500


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a model comes from and what it was worth on texts that it had not seen.

    `rows` trained on of `rows_seen` usable ones; `base_rate` their share of two stars or fewer;
    `auc`, `average_precision` and `ece` by cross-validation, `lexicon_auc` on the same texts;
    `coverage` the share of words of unseen texts that the model knows.
    """

    trade: str
    trained_on: date
    source: str
    rows: int
    rows_seen: int
    base_rate: float
    auc: float
    lexicon_auc: float
    average_precision: float
    ece: float
    coverage: float


@dataclass(frozen=True, slots=True)
class SentimentModel:
    """TF-IDF weights, and the line from (their score, the lexicon's score) to log odds."""

    terms: tuple[str, ...]
    weighting: Weighting
    line: Line
    calibration: Line
    provenance: Provenance

    def log_odds(self, texts: Sequence[str]) -> Floats:
        """Return the log odds of dissatisfaction at the training texts' base rate."""
        parts = [self._log_odds(texts[n : n + BATCH]) for n in range(0, len(texts), BATCH)]
        return np.concatenate(parts) if parts else np.zeros(0)

    def _log_odds(self, texts: Sequence[str]) -> Floats:
        counts = count_terms(texts, self.terms)
        trained = self.line.score(self.weighting.vectors(counts))
        return self.calibration.score(np.column_stack([trained, lexicon_scores(texts)]))

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """Return P(two stars or fewer) of each text."""
        return np.asarray(_special.expit(self.log_odds(texts)))

    def coverage(self, texts: Sequence[str]) -> float:
        """Return the share of the texts' words that this model knows; NaN without words."""
        return coverage_of(frozenset(t for t in self.terms if t[0] == "w"), texts)


def coverage_of(known: frozenset[str], texts: Sequence[str]) -> float:
    """Return the share of single words and word pairs in texts that are among `known` terms."""
    counts = count_terms(texts)
    is_word = np.array([term[0] == "w" for term in counts.terms], dtype=bool)
    is_known = np.array([term in known for term in counts.terms], dtype=bool)
    times = np.bincount(
        counts.matrix.indices, weights=counts.matrix.data, minlength=len(counts.terms)
    )
    total = times[is_word].sum() if len(counts.terms) else 0.0
    return float(times[is_word & is_known].sum() / total) if total else float("nan")


def lexicon_scores(texts: Sequence[str]) -> Floats:
    """Return the lexicon's dissatisfaction of each text."""
    return np.array([valence_of(text).score for text in texts], dtype=float)


def is_dissatisfied(stars: Sequence[int]) -> NDArray[np.bool_]:
    """Say of each rating whether it is two stars or fewer."""
    return np.asarray(stars) <= 2
