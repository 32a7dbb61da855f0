"""Twenty times kill -9 of anything, and every job's effect happens exactly once.

The full form is `./myriad test --chaos`; MYRIAD_CHAOS_SEED repeats a run, MYRIAD_CHAOS_KILLS says
how many die.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from tests.chaos.clients import Clients
from tests.chaos.household import KINDS, Size, open_household
from tests.chaos.rampage import Rampage, Report, plan_kills, say, seed_of_run

FULL_KILLS = 20


async def _rampage(
    folder: Path, size: Size, *, kills: int, effects_between: int, per_second: float
) -> Report:
    seed = seed_of_run()
    dice = random.Random(seed)
    plan = plan_kills(dice, kills, effects_between)
    async with open_household(folder) as house:
        house.add_all(size)
        await house.until_api_answers()
        await house.until_workers_are_known(size.workers)
        clients = Clients(house, dice, per_second)
        return await Rampage(house, clients, plan, seed).run()


def _assert_clean(report: Report) -> None:
    text = "\n".join(report.lines())
    assert report.refused == [], text
    assert report.verdict.is_clean, text
    assert report.acknowledged > 0, text
    assert report.verdict.effects > 0, text


@pytest.mark.timeout(600)
async def test_one_kill_of_each_kind_loses_and_doubles_nothing(tmp_path: Path) -> None:
    size = Size(workers=2)
    report = await _rampage(tmp_path, size, kills=len(KINDS), effects_between=40, per_second=10)
    say("\n".join(report.lines()))
    _assert_clean(report)
    assert all(report.victims.values())


@pytest.mark.slow
@pytest.mark.timeout(1800)
async def test_twenty_kills_lose_and_double_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kills = int(os.environ.get("MYRIAD_CHAOS_KILLS", FULL_KILLS))
    with capsys.disabled():
        report = await _rampage(tmp_path, Size(), kills=kills, effects_between=150, per_second=20)
        say("\n".join(report.lines()))
    _assert_clean(report)
    assert sum(report.victims.values()) >= kills
