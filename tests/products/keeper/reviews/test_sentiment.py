"""Dissatisfaction from text: the lexicon, the trained model, its file, and where it may be used."""

from __future__ import annotations

import hashlib
import io
import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import expit

from myriad.products.keeper.opinions import chance_negative, make_judge
from myriad.products.keeper.retention.scores import auc
from myriad.products.keeper.reviews.errors import SentimentModelError
from myriad.products.keeper.reviews.labelled_csv import read_labelled
from myriad.products.keeper.reviews.lexicon import valence_of
from myriad.products.keeper.reviews.mismatch import find_mismatch
from myriad.products.keeper.reviews.model import SentimentModel, is_dissatisfied, lexicon_scores
from myriad.products.keeper.reviews.stored import CURRENT, find_current, load_model, save_model
from myriad.products.keeper.reviews.training import average_precision, folds_of, label, train
from myriad.products.keeper.reviews.transfer import (
    choose,
    domain_weight,
    shift_to_rate,
    shrunk_rate,
)
from tests.products.keeper.reviews.texts import made_reviews

ODDS = st.lists(st.floats(-8, 8), min_size=1, max_size=50).map(np.array)


@pytest.fixture(scope="module")
def model() -> SentimentModel:
    texts, stars = made_reviews(150)
    return train(texts, stars, trade="spa", source="made", today=date(2026, 3, 5), seen=200)


def test_complaints_score_above_praise() -> None:
    texts = [
        "Terrible service, never again!",
        "Not good, and the room was dirty.",
        "It was good, but the therapist was rude.",
        "The therapist was rude, but it was good.",
        "It was good.",
        "Absolutely wonderful, highly recommend!",
    ]
    scores = [valence_of(text).score for text in texts]
    assert scores == sorted(scores, reverse=True)
    assert scores[1] > 0 > scores[4]


@pytest.mark.parametrize("text", ["", "!!!", "\u2605\u2605"])
def test_a_text_without_words_says_nothing(text: str) -> None:
    assert chance_negative([text]) == [None]


@given(st.text(max_size=200))
def test_any_text_has_a_probability_or_none(text: str) -> None:
    [chance] = chance_negative([text])
    assert chance is None or 0.0 <= chance <= 1.0


def test_a_trained_model_tells_what_the_lexicon_cannot(model: SentimentModel) -> None:
    texts, stars = made_reviews(150, seed=1)
    happened = is_dissatisfied(stars)
    found = model.provenance
    assert auc(model.log_odds(texts), happened) > 0.65 > auc(lexicon_scores(texts), happened)
    assert abs(found.auc - auc(model.log_odds(texts), happened)) < 0.15
    assert (found.rows, found.rows_seen, found.trade) == (150, 200, "spa")
    assert 0 <= found.ece < 0.2
    assert 0.5 < found.coverage <= 1
    assert model.coverage(["completely different subject matter"]) < 0.2


def test_folds_hold_their_share_of_both_outcomes() -> None:
    happened = np.arange(103) % 7 == 0
    fold = folds_of(happened, seed=3)
    events = np.bincount(fold, weights=happened)
    assert events.max() - events.min() <= 1
    assert set(np.bincount(fold)) <= {20, 21, 22}
    assert not (fold == folds_of(happened, seed=4)).all()


def test_average_precision_of_a_known_ranking() -> None:
    happened = np.array([True, False, True, False])
    assert average_precision(np.array([4.0, 3.0, 2.0, 1.0]), happened) == pytest.approx(5 / 6)


def test_too_few_unhappy_reviews_train_nothing() -> None:
    with pytest.raises(SentimentModelError, match="2 of them with two stars or fewer"):
        label(["a"] * 50, [1, 1, *[5] * 48])


def test_a_stored_model_judges_as_before(model: SentimentModel, tmp_path: Path) -> None:
    assert load_model(tmp_path) is None
    path = save_model(model, tmp_path)
    loaded = load_model(tmp_path)
    assert loaded is not None
    assert loaded.provenance == model.provenance
    texts, _ = made_reviews(20, seed=2)
    assert loaded.probabilities(texts) == pytest.approx(model.probabilities(texts), abs=1e-5)
    described = find_current(tmp_path)
    assert described is not None
    assert path.name == f"{described['sha256']}.npz"


def test_a_file_that_is_not_the_stored_one_is_not_loaded(
    model: SentimentModel, tmp_path: Path
) -> None:
    path = save_model(model, tmp_path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(SentimentModelError, match="not the file that was stored"):
        load_model(tmp_path)
    path.unlink()
    with pytest.raises(SentimentModelError, match="Train it again"):
        load_model(tmp_path)


@pytest.mark.parametrize(
    "described", ["{", "[]", "{}", '{"format": 9, "file": "a"}', '{"format": 1, "file": "../a"}']
)
def test_a_description_that_makes_no_sense_is_refused(described: str, tmp_path: Path) -> None:
    (tmp_path / CURRENT).write_text(described)
    with pytest.raises(SentimentModelError, match="Train it again"):
        load_model(tmp_path)


def test_an_array_that_could_run_code_is_not_unpacked(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, terms=np.array([{"a": 1}], dtype=object))
    digest = hashlib.sha256(buffer.getvalue()).hexdigest()
    (tmp_path / "m.npz").write_bytes(buffer.getvalue())
    described = {"format": 1, "file": "m.npz", "sha256": digest, "provenance": {}}
    (tmp_path / CURRENT).write_text(json.dumps(described))
    with pytest.raises(SentimentModelError, match="no sentiment model"):
        load_model(tmp_path)


def test_the_gate_keeps_a_model_out_that_is_worse_than_the_lexicon() -> None:
    happened = np.arange(60) % 4 == 0
    good, bad = np.where(happened, 1.0, -1.0), np.where(happened, -3.0, 3.0)
    refused = choose(good, happened, bad, weight=1.0)
    assert (refused.reason, refused.weight) == ("below_lexicon", 0.0)
    passed = choose(bad, happened, good, weight=0.9)
    assert (passed.reason, passed.weight) == ("passed", 0.9)
    assert passed.blend_auc >= passed.lexicon_auc


def test_with_few_stars_the_words_known_decide_alone() -> None:
    happened = np.array([True, False, False])
    odds = np.array([1.0, -1.0, -2.0])
    found = choose(odds, happened, odds, weight=0.4)
    assert (found.reason, found.weight) == ("unmeasured", 0.4)
    assert np.isnan(found.blend_auc)
    assert found.shift == 0
    empty = choose(np.zeros(0), np.zeros(0, dtype=bool))
    assert (empty.reason, empty.shift, empty.reviews) == ("no_model", 0.0, 0)


@given(ODDS, st.floats(0.01, 0.99))
def test_the_base_rate_becomes_the_accounts_own(odds: NDArray[np.float64], rate: float) -> None:
    assert expit(odds + shift_to_rate(odds, rate)).mean() == pytest.approx(rate, abs=1e-6)


@given(st.integers(0, 500), st.integers(0, 500), st.floats(0.01, 0.99))
def test_a_shrunk_rate_lies_between_the_share_and_the_base(
    events: int, others: int, base: float
) -> None:
    reviews = events + others
    share = events / reviews if reviews else base
    rate = shrunk_rate(events, reviews, base)
    assert min(share, base) - 1e-9 <= rate <= max(share, base) + 1e-9


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_weight_grows_with_the_words_known(left: float, right: float) -> None:
    low, high = sorted((left, right))
    assert 0 <= domain_weight(low, 0.75) <= domain_weight(high, 0.75) <= 1
    assert domain_weight(0.75, 0.75) == 1
    assert domain_weight(float("nan"), 0.75) == 0


def test_an_account_is_judged_by_the_model_of_its_own_trade(model: SentimentModel) -> None:
    judge = make_judge(list(zip(*made_reviews(120, seed=5), strict=True)), model)
    assert judge.choice.reason == "passed"
    texts, stars = made_reviews(100, seed=6)
    chances = chance_negative(texts, judge)
    assert auc([p or 0.0 for p in chances], is_dissatisfied(stars)) > 0.65


@pytest.mark.parametrize(
    ("stars", "p", "text", "found"),
    [
        (5, 0.9, "Rude, dirty and never again for us", "worse_than_stars"),
        (4, 0.74, "Rude, dirty and never again for us", None),
        (3, 0.9, "Rude, dirty and never again for us", None),
        (1, 0.02, "Wonderful, amazing, the best massage", "better_than_stars"),
        (1, 0.02, "We came here on a Tuesday", None),
        (5, 0.9, "Never again", None),
        (None, 0.9, "Rude, dirty and never again for us", None),
        (5, None, "Rude, dirty and never again for us", None),
    ],
)
def test_words_that_do_not_fit_the_stars_are_told(
    stars: int | None, p: float | None, text: str, found: str | None
) -> None:
    assert find_mismatch(stars, p, text) == found


def test_training_takes_each_text_once_and_a_sample_of_many(tmp_path: Path) -> None:
    file = tmp_path / "train.csv"
    lines = [f"{1 + n % 5},text number {n}" for n in range(100)]
    file.write_text("\n".join(["Rating,Text", *lines, lines[0], "9,bad stars", ",no stars", "4,"]))
    found = read_labelled(file, most=30)
    assert (len(found.texts), found.seen) == (30, 100)
    assert (found.unusable, found.without, found.repeated) == (1, 2, 1)
    assert any(int(text.split()[-1]) >= 50 for text in found.texts)


def test_real_reviews_are_told_apart(shared_data: Path) -> None:
    found = read_labelled(shared_data / "keeper" / "reviews_clothing_stars.csv")
    assert auc(lexicon_scores(found.texts), is_dissatisfied(found.stars)) > 0.85
