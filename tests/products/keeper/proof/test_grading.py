"""Every prediction gets its grade once its horizon has passed, or says why it has none."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest

from myriad.products.keeper.agents.grading import MEASURES, grade_due
from myriad.products.keeper.repository import list_insights
from myriad.products.keeper.repository.history import know_until
from myriad.products.keeper.repository.muting import KINDS
from myriad.products.keeper.views import InsightCard
from tests.products.keeper.ledger import LAST, Shop
from tests.products.keeper.proof.work import know_people

_START = LAST - timedelta(days=40)


async def _predict(shop: Shop, horizon: date, predicted: Any, kind: str = "takings_trend") -> None:
    await shop.change(
        "INSERT INTO keeper.insight (tenant_id, business_date, kind, claim, predicted, "
        "horizon_date, dedup_key) VALUES (%s, %s, %s, 'Claim.', %s, %s, %s)",
        (shop.tenant_id, _START, kind, json.dumps(predicted), horizon, f"{kind}:{horizon}"),
    )


async def _grade(shop: Shop, day: date) -> list[InsightCard]:
    async with shop.runtime.database.session(shop.tenant_id) as session:
        await know_until(session, day)
        await grade_due(session, day)
    async with shop.runtime.database.read_session(shop.tenant_id) as session:
        return list((await list_insights(session)).insights)


def _visits(horizon: date, low: int = 0, high: int = 10**6) -> dict[str, Any]:
    return {
        "sentence": "Some come.",
        "measure": "visits",
        "low": low,
        "high": high,
        "first": _START.isoformat(),
        "last": horizon.isoformat(),
    }


async def test_every_kind_of_claim_predicts_what_can_be_measured(busy_shop: Shop) -> None:
    day = LAST - timedelta(days=95)
    await busy_shop.run(day)
    found = await busy_shop.rows(
        "SELECT kind, predicted ->> 'measure' AS measure FROM keeper.insight"
    )
    assert {row["kind"] for row in found} == set(KINDS)
    assert {row["measure"] for row in found} == set(MEASURES)


async def test_an_account_that_slept_for_weeks_grades_what_came_due_meanwhile(
    busy_shop: Shop,
) -> None:
    await busy_shop.run(LAST - timedelta(days=200))
    waiting = await busy_shop.value("SELECT count(*) FROM keeper.insight")
    assert waiting
    await busy_shop.run()
    open_ = (
        "SELECT count(*) FROM keeper.insight WHERE graded_at IS NULL AND business_date < %(day)s"
    )
    assert await busy_shop.value(open_, day=LAST) == 0


async def test_more_than_fit_into_memory_at_once_are_graded_in_one_run(busy_shop: Shop) -> None:
    await know_people(busy_shop)
    horizon = LAST - timedelta(days=10)
    await busy_shop.insert(
        "insight",
        [
            {
                "tenant_id": busy_shop.tenant_id,
                "business_date": _START,
                "kind": "takings_trend",
                "claim": "Claim.",
                "predicted": json.dumps(_visits(horizon)),
                "horizon_date": horizon,
                "dedup_key": f"many:{number}",
            }
            for number in range(12)
        ],
    )
    async with busy_shop.runtime.database.session(busy_shop.tenant_id) as session:
        await know_until(session, LAST)
        assert await grade_due(session, LAST, at_once=5) == 12
    assert await busy_shop.value("SELECT count(*) FROM keeper.insight WHERE correct") == 12


async def test_the_bounds_decide(busy_shop: Shop) -> None:
    await know_people(busy_shop)
    horizon = LAST - timedelta(days=10)
    await _predict(busy_shop, horizon, _visits(horizon))
    await _predict(busy_shop, horizon, _visits(horizon, high=1), "quiet_weekday")
    grades = {card.kind: card.grade for card in await _grade(busy_shop, LAST)}
    assert grades == {"takings_trend": "right", "quiet_weekday": "wrong"}


@pytest.mark.parametrize(
    ("predicted", "why"),
    [
        ({"measure": "moon", "low": 0, "high": 1}, "nothing that Keeper can measure"),
        ({"measure": "visits", "low": 0}, "nothing that Keeper can measure"),
        ({"measure": "returned", "low": 0, "high": 1, "person_ids": ["x"]}, "nothing that"),
        ("only words", "nothing that Keeper can measure"),
        (
            {
                "measure": "returned",
                "low": 0,
                "high": 1,
                "first": "2025-05-01",
                "last": "2025-06-01",
                "person_ids": ["0199a1b2-0000-7000-8000-000000000001"],
            },
            "1 of the people it speaks of were erased",
        ),
        (
            {
                "measure": "second_visit",
                "low": 0,
                "high": 1,
                "first": "2025-06-20",
                "last": "2025-06-21",
            },
            "no newcomers",
        ),
        (
            {
                "measure": "weekday_rank",
                "weekday": 1,
                "open": [1, 2, 3],
                "low": 1,
                "high": 2,
                "first": "2001-06-20",
                "last": "2001-06-27",
            },
            "Nobody came in these days",
        ),
    ],
)
async def test_what_cannot_be_measured_says_why_and_counts_for_nothing(
    busy_shop: Shop, predicted: Any, why: str
) -> None:
    await _predict(busy_shop, LAST, predicted)
    card = (await _grade(busy_shop, LAST))[0]
    assert card.grade == "void"
    assert why in (card.outcome or "")
    async with busy_shop.runtime.database.read_session(busy_shop.tenant_id) as session:
        score = (await list_insights(session)).scores[0]
    assert (score.graded, score.void, score.waiting) == (0, 1, 0)


async def test_a_horizon_beyond_the_data_waits_and_is_given_up_after_a_month(
    busy_shop: Shop,
) -> None:
    beyond = LAST + timedelta(days=20)
    await _predict(busy_shop, beyond, _visits(beyond))
    assert (await _grade(busy_shop, beyond))[0].grade == "waiting"
    given_up = (await _grade(busy_shop, beyond + timedelta(days=30)))[0]
    assert given_up.grade == "void"
    assert "Nothing was read from Square" in (given_up.outcome or "")


async def test_people_who_were_linked_since_are_found_under_their_new_person(
    busy_shop: Shop,
) -> None:
    await know_people(busy_shop)
    ids = [
        row["person_id"]
        for row in await busy_shop.rows(
            "SELECT person_id FROM keeper.visit WHERE local_date > '2025-05-01' "
            "GROUP BY person_id ORDER BY person_id LIMIT 2"
        )
    ]
    predicted = {
        "measure": "returned",
        "low": 2,
        "high": 2,
        "first": "2025-04-01",
        "last": LAST.isoformat(),
        "person_ids": [str(person) for person in ids],
    }
    await _predict(busy_shop, LAST, predicted, "best_customers")
    await busy_shop.change(
        "UPDATE keeper.customer SET person_id = %s WHERE person_id = %s", (ids[0], ids[1])
    )
    await busy_shop.change(
        "UPDATE keeper.person SET merged_into_id = %s WHERE id = %s", (ids[0], ids[1])
    )
    assert (await _grade(busy_shop, LAST))[0].grade == "right"
