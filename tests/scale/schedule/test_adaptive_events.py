"""A signal is believed as far as its source's record goes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from myriad.kit.errors import InvalidInputError
from myriad.scale.schedule.adaptive.events import (
    SourceRecord,
    change_probability,
    is_worth_a_look,
)

_counts = st.floats(0, 1e4)


def test_the_chance_of_a_change_is_what_a_simulation_of_signals_shows() -> None:
    dice, rate, recall, false, age = np.random.default_rng(2), 0.1, 0.6, 0.02, 5
    n, step = 400_000, 0.05
    changed = np.zeros(n, dtype=bool)
    silent = np.ones(n, dtype=bool)
    for _ in range(round(age / step)):
        change = dice.random(n) < rate * step
        told = change & (dice.random(n) < recall) | (dice.random(n) < false * step)
        silent &= ~told
        changed |= change
    # Of those that were silent so far, the ones whose source speaks in the next moment.
    change = dice.random(n) < rate * step * 4
    told = change & (dice.random(n) < recall) | (dice.random(n) < false * step * 4)
    asked = silent & told
    share = (changed | change)[asked].mean()
    expected = float(change_probability(rate, age, recall, false))
    assert share == pytest.approx(expected, abs=0.03)


@given(
    rate=st.floats(0, 10),
    age=st.floats(0, 100),
    recall=st.floats(0, 1),
    false=st.floats(0, 10),
)
def test_a_chance_lies_between_none_and_certain_and_grows_with_age(
    rate: float, age: float, recall: float, false: float
) -> None:
    chance = float(change_probability(rate, age, recall, false))
    assert 0 <= chance <= 1
    assert float(change_probability(rate, age + 1, recall, false)) >= chance - 1e-12


def test_a_source_that_never_errs_is_certain() -> None:
    assert float(change_probability(0.01, 0.0, 0.5, 0.0)) == 1.0


@given(chance=st.floats(0, 1), weight=st.floats(0.01, 10), price=st.floats(0.01, 10))
def test_a_look_pays_when_what_it_saves_a_day_exceeds_its_share_of_the_price(
    chance: float, weight: float, price: float
) -> None:
    assert bool(is_worth_a_look(chance, weight, price, 7.0)) == (chance * weight > price / 7.0)


def test_a_source_that_cries_wolf_loses_its_weight() -> None:
    """The same signal is followed at first and no longer after a month of false alarms."""
    record = SourceRecord()
    wolf = record.after_looks([True] * 60, [False] * 60, [1.0] * 60)

    def follows(source: SourceRecord) -> bool:
        chance = change_probability(0.02, 3.0, source.recall, source.false_alarms_per_day)
        return bool(is_worth_a_look(chance, 1.0, 0.65, 7.0))

    assert follows(record)
    assert not follows(wolf)
    repentant = wolf.faded(240).after_looks([True] * 9, [True] * 9, [20.0] * 9)
    assert follows(repentant)


def test_looks_are_counted_as_hits_misses_and_false_alarms() -> None:
    record = SourceRecord().after_looks(
        [True, True, False, False, True], [True, False, True, False, True], [1.0] * 5
    )
    assert record == SourceRecord(hits=2, misses=1, false_alarms=1, watched_days=5.0)
    assert record.precision == pytest.approx(2 / 3)
    assert record.recall == pytest.approx(3 / 5)


@given(hits=_counts, false=_counts, confidence=st.floats(0.5, 0.999))
def test_the_interval_of_the_precision_holds_it(
    hits: float, false: float, confidence: float
) -> None:
    record = SourceRecord(hits=hits, false_alarms=false)
    low, high = record.precision_interval(confidence)
    assert 0 <= low <= high <= 1
    if hits + false > 1e-6:
        assert low - 1e-9 <= record.precision <= high + 1e-9


def test_the_interval_of_the_precision_is_wilsons() -> None:
    """8 of 10 at 95 %: 0.490 to 0.943."""
    low, high = SourceRecord(hits=8, false_alarms=2).precision_interval()
    assert low == pytest.approx(0.4902, abs=1e-4)
    assert high == pytest.approx(0.9433, abs=1e-4)
    assert SourceRecord().precision_interval() == (0.0, 1.0)
    with pytest.raises(InvalidInputError):
        SourceRecord().precision_interval(95)


@given(days=st.floats(0, 1000))
def test_a_record_fades_and_keeps_its_precision(days: float) -> None:
    faded = SourceRecord(8, 4, 2, 100).faded(days)
    assert faded.precision == pytest.approx(0.8)
    assert faded.watched_days == pytest.approx(100 * math.pow(0.5, days / 60))
