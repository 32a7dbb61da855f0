"""Training a model of dissatisfaction and saying honestly what it is worth.

The score is the mean of two logistic regressions, on "two stars or fewer" and on "three stars or
fewer": where few are dissatisfied, the lukewarm tell where dissatisfaction begins (an ordinal
model by cumulative logits, Frank & Hall 2001). A second, small regression makes of it and of the
lexicon's score a probability; it is fitted on scores of texts that the first had not seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from myriad.products.keeper.retention.scores import auc, ece
from myriad.products.keeper.reviews.errors import SentimentModelError
from myriad.products.keeper.reviews.features import (
    Counts,
    Weighting,
    count_terms,
    learn_weighting,
)
from myriad.products.keeper.reviews.logistic import Floats, Line, fit_logistic, fit_probability
from myriad.products.keeper.reviews.model import (
    Provenance,
    SentimentModel,
    coverage_of,
    is_dissatisfied,
    lexicon_scores,
)

FOLDS = 5
LEAST_OF_EACH = 20
_THRESHOLDS = (2, 3)


@dataclass(frozen=True, slots=True)
class Labelled:
    """Texts with stars, their terms counted once."""

    counts: Counts
    stars: NDArray[np.int64]
    lexicon: Floats

    @property
    def happened(self) -> NDArray[np.bool_]:
        """Whether each is of two stars or fewer."""
        return is_dissatisfied(self.stars)  # type: ignore[arg-type]

    def rows(self, chosen: NDArray[np.intp]) -> Labelled:
        """Return some of them."""
        return Labelled(self.counts.rows(chosen), self.stars[chosen], self.lexicon[chosen])


@dataclass(frozen=True, slots=True)
class Fitted:
    """A trained model in terms of the columns of the counts that it was trained on."""

    weighting: Weighting
    line: Line
    calibration: Line

    def log_odds(self, rows: Labelled) -> Floats:
        """Return the log odds of dissatisfaction of each row."""
        score = self.line.score(self.weighting.vectors(rows.counts))
        return self.calibration.score(np.column_stack([score, rows.lexicon]))


def label(texts: Sequence[str], stars: Sequence[int]) -> Labelled:
    """Count what is needed of each text; raises SentimentModelError with too few of a kind."""
    given = np.asarray(stars, dtype=np.int64)
    low = int((given <= 2).sum())
    if min(low, len(given) - low) < LEAST_OF_EACH:
        raise SentimentModelError(
            f"{len(given):,} reviews with text and stars, {low:,} of them with two stars or fewer: "
            f"training needs {LEAST_OF_EACH} of either kind. Give a longer file."
        )
    return Labelled(count_terms(texts), given, lexicon_scores(texts))


def folds_of(happened: NDArray[np.bool_], seed: int, folds: int = FOLDS) -> NDArray[np.intp]:
    """Return the fold of each row: at random, each with its share of both outcomes."""
    random = np.random.default_rng(seed)
    fold = np.empty(len(happened), dtype=np.intp)
    for outcome in (False, True):
        rows = random.permutation(np.flatnonzero(happened == outcome))
        fold[rows] = np.arange(len(rows)) % folds
    return fold


def fit(rows: Labelled, seed: int = 0) -> Fitted:
    """Train on all rows; the calibration sees only scores of rows left out."""
    left_out = np.empty(len(rows.stars))
    fold = folds_of(rows.happened, seed)
    for number in range(FOLDS):
        weighting, line = _fit_score(rows.rows(np.flatnonzero(fold != number)))
        out = np.flatnonzero(fold == number)
        left_out[out] = line.score(weighting.vectors(rows.counts.rows(out)))
    calibration = fit_probability(np.column_stack([left_out, rows.lexicon]), rows.happened)
    weighting, line = _fit_score(rows)
    return Fitted(weighting, line, calibration)


def _fit_score(rows: Labelled) -> tuple[Weighting, Line]:
    weighting = learn_weighting(rows.counts)
    vectors = weighting.vectors(rows.counts)
    lines = [
        fit_logistic(vectors, rows.stars <= threshold, balanced=True)
        for threshold in _THRESHOLDS
        if 0 < (rows.stars <= threshold).sum() < len(rows.stars)
    ]
    weights = np.mean([line.weights for line in lines], axis=0)
    return weighting, Line(weights, float(np.mean([line.intercept for line in lines])))


def cross_validate(rows: Labelled, seed: int = 0) -> Floats:
    """Return the log odds of each row by models that were trained without its fold."""
    scores = np.empty(len(rows.stars))
    fold = folds_of(rows.happened, seed)
    for number in range(FOLDS):
        model = fit(rows.rows(np.flatnonzero(fold != number)), seed)
        out = np.flatnonzero(fold == number)
        scores[out] = model.log_odds(rows.rows(out))
    return scores


def average_precision(score: Floats, happened: NDArray[np.bool_]) -> float:
    """Return the mean precision at each event, best score first; ties in the order given."""
    ranked = happened[np.argsort(-score, kind="stable")]
    precision = np.cumsum(ranked) / np.arange(1, len(ranked) + 1)
    return float(precision[ranked].mean()) if ranked.any() else float("nan")


def train(
    texts: Sequence[str], stars: Sequence[int], *, trade: str, source: str, today: date, seen: int
) -> SentimentModel:
    """Train a model and measure it by cross-validation; raises SentimentModelError."""
    rows = label(texts, stars)
    scores = cross_validate(rows)
    fitted = fit(rows)
    provenance = Provenance(
        trade=trade,
        trained_on=today,
        source=source,
        rows=len(texts),
        rows_seen=seen,
        base_rate=float(rows.happened.mean()),
        auc=auc(scores, rows.happened),
        lexicon_auc=auc(rows.lexicon, rows.happened),
        average_precision=average_precision(scores, rows.happened),
        ece=ece(expit(scores), rows.happened),
        coverage=_unseen_coverage(rows, texts),
    )
    terms = tuple(rows.counts.terms[column] for column in fitted.weighting.columns)
    own = Weighting(np.arange(len(terms)), fitted.weighting.idf, fitted.weighting.is_word)
    return SentimentModel(terms, own, fitted.line, fitted.calibration, provenance)


def _unseen_coverage(rows: Labelled, texts: Sequence[str]) -> float:
    """Return how much of one fold's words a model of the others knows."""
    fold = folds_of(rows.happened, seed=0)
    inside = rows.counts.rows(np.flatnonzero(fold != 0))
    known = frozenset(
        inside.terms[column]
        for column in learn_weighting(inside).columns
        if inside.terms[column][0] == "w"
    )
    return coverage_of(known, [text for text, f in zip(texts, fold, strict=True) if f == 0])
