"""Claims hold only numbers that their evidence holds, and predictions can fail."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myriad.products.keeper.agents import claims
from myriad.products.keeper.agents.grading import grade_due
from myriad.products.keeper.repository import list_insights
from myriad.products.keeper.repository.history import know_until
from tests.products.keeper.ledger import LAST, Shop

DAY = date(2025, 6, 30)


def _slipping() -> claims.Claim:
    rows = [
        {"person_id": uuid4(), "churn_90": 0.7, "gap_days": 61, "yearly_value": 41_200},
        {"person_id": uuid4(), "churn_90": 0.5, "gap_days": 34, "yearly_value": 20_100},
    ]
    claim = claims.slipping(rows, DAY, "USD")
    assert claim is not None
    return claim


def test_a_claim_with_a_number_of_its_own_is_refused() -> None:
    claim = _slipping()
    claims.check_numbers(claim)
    with pytest.raises(claims.UnfoundedClaimError, match="777"):
        claims.check_numbers(replace(claim, claim="777 regulars are slipping away."))


def test_nobody_slipping_is_no_claim() -> None:
    assert claims.slipping([], DAY, "USD") is None


def test_a_month_without_takings_before_is_no_trend() -> None:
    nothing = {"net": 0, "visits": 0}
    assert claims.trend({"net": 5, "visits": 1}, nothing, [1.0] * 12, DAY, "USD") is None


@given(st.lists(st.floats(0, 1), max_size=200))
def test_bounds_hold_the_mean_and_stay_possible(probabilities: list[float]) -> None:
    low, high = claims.bounds(probabilities)
    assert 0 <= low <= high <= len(probabilities)
    assert low <= sum(probabilities) + 1e-9
    assert high >= sum(probabilities) - 1e-9


async def test_every_number_of_every_stored_claim_is_in_its_evidence(busy_shop: Shop) -> None:
    await busy_shop.run()
    async with busy_shop.runtime.database.read_session(busy_shop.tenant_id) as session:
        view = await list_insights(session)
    assert len(view.insights) >= 3
    for card in view.insights:
        facts = tuple((fact.label, fact.value) for fact in card.evidence)
        claims.check_numbers(claims.Claim(card.kind, card.claim, facts, {}, card.horizon_date, 0))
        assert card.prediction
        assert card.horizon_date > card.business_date
        assert card.grade == "waiting"


async def test_predictions_are_graded_at_their_horizon_and_not_before(busy_shop: Shop) -> None:
    start = LAST - timedelta(days=95)
    await busy_shop.run(start)
    graded = "SELECT count(*) FROM keeper.insight WHERE graded_at IS NOT NULL"
    assert await busy_shop.value(graded) == 0
    made = await busy_shop.value("SELECT count(*) FROM keeper.insight")
    async with busy_shop.runtime.database.session(busy_shop.tenant_id) as session:
        await know_until(session, LAST)
        assert await grade_due(session, LAST) == made
    async with busy_shop.runtime.database.read_session(busy_shop.tenant_id) as session:
        view = await list_insights(session)
    grades = {card.kind: card.grade for card in view.insights}
    assert all(card.outcome for card in view.insights)
    # The shop has had no newcomer for half a year, so there is no share of them.
    assert grades.pop("second_visit") == "void"
    assert set(grades.values()) <= {"right", "wrong"}
    assert sum(score.graded for score in view.scores) == made - 1
    assert sum(score.void for score in view.scores) == 1
