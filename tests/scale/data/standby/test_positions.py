"""Since when a standby has what its primary had, by positions in the log alone."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from myriad.scale.data.standby.positions import Position, Samples


def test_a_position_is_read_as_postgresql_writes_it() -> None:
    assert Position.parse(3, "1/7F00A0") == Position(3, (1 << 32) + 0x7F00A0)


def test_another_timeline_is_another_history() -> None:
    assert not Position(1, 9000).has(Position(2, 8000))
    assert Position(2, 9000).has(Position(2, 9000))


def test_the_header_of_an_empty_page_is_nothing_to_wait_for() -> None:
    """An idle primary may stand behind a page's header, where its standby never gets."""
    assert Position(1, 8192 * 5).has(Position(1, 8192 * 5 + 24))
    assert not Position(1, 8192 * 5).has(Position(1, 8192 * 5 + 48))
    assert not Position(1, 8192 * 5 + 8).has(Position(1, 8192 * 5 + 32))


@given(
    st.lists(st.integers(min_value=0, max_value=1000), min_size=1, max_size=20),
    st.integers(min_value=0, max_value=2000),
)
def test_fresh_as_of_is_the_last_moment_of_which_all_is_there(steps: list[int], at: int) -> None:
    samples, written, taken = Samples(), 1, []
    for moment, step in enumerate(steps):
        written += step
        taken.append((float(moment), written))
        samples.add(float(moment), Position(1, written))
    expected = [moment for moment, offset in taken if offset <= at]
    found = samples.fresh_as_of(Position(1, at)) if at % 8192 else None
    if found is not None:
        assert found == (expected[-1] if expected else -math.inf)


def test_a_log_that_goes_back_or_another_primary_begins_anew() -> None:
    samples = Samples()
    samples.add(1.0, Position(1, 500))
    samples.add(2.0, Position(2, 400))
    assert samples.fresh_as_of(Position(1, 500)) == -math.inf
    assert samples.fresh_as_of(Position(2, 400)) == 2.0
    samples.add(3.0, Position(2, 300))
    assert samples.fresh_as_of(Position(2, 350)) == 3.0
    samples.clear()
    assert samples.fresh_as_of(Position(2, 350)) == -math.inf
