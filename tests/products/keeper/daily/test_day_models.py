"""A night that judges days by the models of the week finds what a night that learns anew finds."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from myriad.products.keeper.agents.anomalies import DayModels, find_anomalies, judge_days
from myriad.products.keeper.repository.sql import Row
from myriad.products.keeper.retention.earlier import JUDGED_EVERY_DAYS
from myriad.products.keeper.views.preferences import Preferences

FIRST, DAYS, JUDGED = date(2024, 3, 4), 400, 28
LAST = FIRST + timedelta(days=DAYS - 1)
_USUAL = np.array([18, 24, 25, 27, 34, 38, 0])


def totals(seed: int, until: date = LAST, quiet: tuple[date, ...] = ()) -> list[Row]:
    """Return a shop's days: closed on Sundays, a slow trend, and days that were almost `quiet`."""
    random = np.random.default_rng(seed)
    found: list[Row] = []
    for number in range(DAYS):
        day = FIRST + timedelta(days=number)
        mean = _USUAL[day.weekday()] * (1 + 0.3 * number / DAYS)
        visits = int(random.negative_binomial(20, 20 / (20 + mean))) if mean else 0
        price = float(random.normal(80, 8))
        visits = visits // 5 if day in quiet else visits
        found.append({"local_date": day, "visits": visits, "revenue": round(100 * visits * price)})
    return [row for row in found if row["local_date"] <= until]


def stored(models: DayModels | None) -> DayModels:
    """Return models as they are read from the table."""
    assert models is not None
    return DayModels.from_dict(json.loads(json.dumps(models.as_dict())))


def findings(found: list[dict[str, Any]]) -> set[tuple[date, str]]:
    """Return which days stand out, and by what."""
    return {(row["local_date"], row["metric"]) for row in found}


@pytest.mark.parametrize("seed", range(4))
def test_the_last_days_alone_are_judged_as_within_the_whole_year(seed: int) -> None:
    """By the same models to the last digit, so what is left out says nothing of them."""
    quiet = tuple(LAST - timedelta(days=back) for back in (2, 9, 30, 31, 32, 33))
    rows = totals(seed, quiet=quiet)
    whole, models = judge_days(rows, JUDGED, "US")
    known = stored(models)
    alone, used = judge_days(rows, JUDGED, "US", Preferences(), known)
    assert used is known
    assert findings(whole)
    assert findings(alone) == findings(whole)
    for mine, theirs in zip(alone, whole, strict=True):
        numbers = ("observed", "expected", "effect", "p_value", "q_value")
        assert [mine[name] for name in numbers] == pytest.approx([theirs[name] for name in numbers])


@pytest.mark.parametrize("back", [1, 3, 6])
@pytest.mark.parametrize("seed", range(4))
def test_a_fall_is_found_the_same_night_by_models_of_another_day(seed: int, back: int) -> None:
    fallen = LAST - timedelta(days=1 if LAST.weekday() == 6 else 0)
    models = stored(judge_days(totals(seed, LAST - timedelta(days=back)), JUDGED, "US")[1])
    rows = totals(seed, quiet=(fallen,))
    found, used = judge_days(rows, JUDGED, "US", Preferences(), models)
    fresh = find_anomalies(rows, JUDGED, "US")
    assert used is models
    assert {(fallen, "visits"), (fallen, "revenue")} <= findings(found)
    expected = [
        {(row["local_date"], row["metric"]): row["expected"] for row in each}
        for each in (found, fresh)
    ]
    for key in expected[0].keys() & expected[1].keys():
        assert expected[0][key] == pytest.approx(expected[1][key], rel=0.05)


def test_days_are_learned_from_anew_weekly_and_when_much_changed() -> None:
    """A week later, with a twentieth more trade, other closed days, or holidays that do not count."""
    earlier = stored(judge_days(totals(1, LAST - timedelta(days=1)), JUDGED, "US")[1])
    week_ago = LAST - timedelta(days=JUDGED_EVERY_DAYS)
    old = stored(judge_days(totals(1, week_ago), JUDGED, "US")[1])
    rows = totals(1)
    more = [{**row, "revenue": row["revenue"] * 1.06} for row in rows]
    changed = (
        (rows, old, Preferences()),
        (more, earlier, Preferences()),
        (rows, earlier, Preferences(public_holidays=False)),
    )
    assert judge_days(rows, JUDGED, "US", Preferences(), earlier)[1] is earlier
    for given, known, preferences in changed:
        found, used = judge_days(given, JUDGED, "US", preferences, known)
        assert used is not known
        assert found == find_anomalies(given, JUDGED, "US", preferences)


def test_too_few_days_leave_nothing_to_judge_by() -> None:
    rows = totals(2)[:30]
    found, models = judge_days(rows, JUDGED, "US")
    assert not found
    assert judge_days(rows, JUDGED, "US", Preferences(), stored(models))[1] is not models
