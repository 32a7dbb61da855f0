"""While slots are full the dispatcher looks less often, but never late for what presses."""

from __future__ import annotations

import pytest

from myriad.scale.jobs.pauses import FULL_SECONDS, IDLE_SECONDS, LONGEST_FULL_SECONDS, Pauses


def test_rounds_in_vain_come_less_and_less_often_up_to_a_tenth_of_a_second() -> None:
    pauses = Pauses()
    found = [pauses.after(0, is_full=True, is_pressing=False) for _ in range(8)]
    assert found[:3] == pytest.approx([0.02, 0.04, 0.08])
    assert set(found[3:]) == {LONGEST_FULL_SECONDS} == {0.1}


@pytest.mark.parametrize(
    ("published", "is_pressing"), [(1, False), (0, True)], ids=["sent", "pressing"]
)
def test_what_was_sent_and_what_presses_bring_the_shortest_pause_back(
    published: int, is_pressing: bool
) -> None:
    pauses = Pauses()
    for _ in range(8):
        pauses.after(0, is_full=True, is_pressing=False)
    assert pauses.after(published, is_full=True, is_pressing=is_pressing) == FULL_SECONDS
    assert pauses.after(0, is_full=True, is_pressing=False) == FULL_SECONDS


def test_without_work_the_pause_is_the_long_one() -> None:
    pauses = Pauses()
    for _ in range(8):
        pauses.after(0, is_full=True, is_pressing=False)
    assert pauses.after(0, is_full=False, is_pressing=False) == IDLE_SECONDS
    assert pauses.after(0, is_full=True, is_pressing=False) == FULL_SECONDS
