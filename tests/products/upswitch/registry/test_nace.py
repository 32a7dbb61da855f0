"""Of many activity codes the newest main one is believed, and two mains are both shown."""

from __future__ import annotations

import random

import pytest

from myriad.products.upswitch.registry.nace import Activity, choose_activities, is_financial


def test_the_newest_version_then_main_then_vat_leads() -> None:
    activities = [
        Activity("001", 2003, "70111", "MAIN"),
        Activity("003", 2025, "68121", "MAIN"),
        Activity("006", 2025, "84130", "MAIN"),
        Activity("001", 2025, "41200", "SECO"),
        Activity("001", 2008, "68201", "MAIN"),
    ]
    for seed in range(5):
        random.Random(seed).shuffle(activities)
        assert [each.code for each in choose_activities(activities)] == ["84130", "68121"]


def test_a_code_that_several_groups_name_stands_once() -> None:
    chosen = choose_activities(
        [Activity("001", 2025, "62010", "MAIN"), Activity("006", 2025, "62010", "MAIN")]
    )
    assert [(each.group, each.code) for each in chosen] == [("001", "62010")]


def test_secondary_activities_are_what_there_is_without_a_main_one() -> None:
    assert [each.code for each in choose_activities([Activity("001", 2008, "47114", "SECO")])] == [
        "47114"
    ]
    assert choose_activities([]) == ()


@pytest.mark.parametrize(
    ("code", "expected"), [("64190", True), ("66220", True), ("63110", False), ("67000", False)]
)
def test_banks_and_insurers_are_known_by_their_division(code: str, expected: bool) -> None:
    assert is_financial(code) is expected
