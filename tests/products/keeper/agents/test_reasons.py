"""A row of metrics in words: numbers are stored, words are made where they are read."""

from __future__ import annotations

from typing import Any

from myriad.products.keeper.reasons import evidence_of, sentence_of

ROW: dict[str, Any] = {
    "x": 6,
    "gap_days": 61,
    "churn_60": 0.8,
    "reason": {"interval_days": 28.0, "cadence": "own", "yearly_value": 123_400},
}


def test_a_regular_is_told_by_their_own_rhythm() -> None:
    """Gap, rhythm and chance in one sentence, each fact with its weight."""
    assert sentence_of(ROW) == (
        "Usually comes every 28 days; last seen 61 days ago. 80% likely to stay away for 60 days."
    )
    facts = {fact["label"]: (fact["value"], fact["weight"]) for fact in evidence_of(ROW, "USD")}
    assert facts["Usual gap"] == ("28 days", None)
    assert facts["Visits so far"] == ("7", -0.35)
    assert facts["Brought so far"][0] == "$1,234 a year"
    assert facts["Last visit"][1] > 0
    assert round(facts["No visit within 60 days"][1], 6) == 0.6


def test_who_came_once_is_told_by_the_rhythm_of_the_house() -> None:
    """And has brought nothing a year yet."""
    reason = {"interval_days": 35.0, "cadence": "account", "yearly_value": 0}
    once = ROW | {"x": 0, "gap_days": 1, "reason": reason}
    assert sentence_of(once).startswith(
        "People here usually come back within 35 days; last seen 1 day"
    )
    assert "Brought so far" not in {fact["label"] for fact in evidence_of(once, "USD")}


def test_where_no_model_speaks_there_is_no_evidence() -> None:
    """Too little history: the row says so and no more."""
    bare = ROW | {"churn_60": None, "reason": {"rule": "not_enough_history"}}
    assert evidence_of(bare, "USD") == []
