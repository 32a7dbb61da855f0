"""How often a sample misses much change, and how often it calls for a rescan in vain.

Worlds of n things of which a known count changed, drawn without replacement. Myriad's sequential
test states two shares, p0 (rest) and p1 (must not be missed), and an error of 5 % at each. The peer
is the plain rule: look at 10 % of all, rescan when more than 5 % of those had changed. Both see the
same order of looks. `exact` is computed, the other columns are simulated.
"""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from myriad.kit.errors import InvalidInputError
from myriad.scale.schedule.sampling import SequentialTest, plan_for, sequential_test

SIZES = (100, 200, 500, 1_000, 2_000, 5_000)
FULL_SIZES = (*SIZES, 501, 10_000, 50_000)
NAIVE_SHARE, NAIVE_BORDER = 0.10, 0.05


@dataclass(frozen=True)
class Row:
    """One world: P(rescan) and looks of the test, and P(rescan) of the plain rule."""

    population: int
    changed: int
    rescan: float
    exact: float
    looks: float
    naive: float


def simulate(test: SequentialTest, changed: int, worlds: int, seed: int) -> Row:
    """Draw the worlds one look at a time, all at once."""
    dice = np.random.default_rng(seed)
    n, naive_size = test.population, round(NAIVE_SHARE * test.population)
    found = np.zeros(worlds, dtype=np.int64)
    ended: NDArray[np.int64] = np.zeros(worlds, dtype=np.int64)
    rescans, naive = np.zeros(worlds, dtype=np.bool_), 0.0
    for looked in range(1, max(test.cap, naive_size) + 1):
        found += dice.random(worlds) < (changed - found) / (n - looked + 1)
        if looked == naive_size:
            naive = float((found > NAIVE_BORDER * naive_size).mean())
        if looked <= test.cap:
            stops = (found <= test.rest_at[looked]) | (found >= test.rescan_at[looked])
            rescans |= (ended == 0) & (found >= test.rescan_at[looked])
            ended = np.where((ended == 0) & stops, looked, ended)
    exact, _ = test.operating_point(changed)
    return Row(n, changed, float(rescans.mean()), exact, float(ended.mean()), naive)


def test_of(population: int) -> SequentialTest:
    """Return the test that Myriad takes for so many things."""
    plan = plan_for(population)
    if plan is None:
        raise InvalidInputError(f"{population} things are not sampled")
    return sequential_test(plan, population)


def rows_of(population: int, worlds: int) -> list[Row]:
    """Return the rows of a population: nothing changed, p0, p1, twice p1."""
    test = test_of(population)
    at_p0, at_p1 = int(test.plan.p0 * population), math.ceil(test.plan.p1 * population - 1e-9)
    counts = (0, at_p0, at_p1, 2 * at_p1)
    return [simulate(test, k, worlds, population + k) for k in counts]


def main(argv: list[str]) -> int:
    """Print the table and the line of results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="more sizes, 500,000 worlds each")
    options = parser.parse_args(argv)
    worlds = 500_000 if options.full else 200_000
    print(f"{worlds:,} worlds each; the plain rule looks at 10 % and rescans above 5 %")
    print(
        f"{'things':>8}{'changed':>9}{'':>5}{'rescan':>9}{'exact':>9}{'looks':>8}{'plain rule':>12}"
    )
    missed: list[float] = []
    false: list[float] = []
    plain_missed: list[float] = []
    for population in FULL_SIZES if options.full else SIZES:
        quiet, low, high, loud = rows_of(population, worlds)
        missed.append(1 - high.rescan)
        false.append(low.rescan)
        plain_missed.append(1 - high.naive)
        marks = ("", "p0", "p1", "")
        for row, mark in zip((quiet, low, high, loud), marks, strict=True):
            show(row, mark)
    quiet_looks = test_of(500).operating_point(0)[1]
    print(
        f"RESULT schedule-sampling missed={max(missed):.4f} false_rescans={max(false):.4f}"
        f" quiet_looks_500={quiet_looks:.0f} plain_missed={max(plain_missed):.4f}"
        f" missed_ratio={max(missed) / max(plain_missed):.3f}"
    )
    return 0


def show(row: Row, mark: str) -> None:
    """Print one row."""
    print(
        f"{row.population:8,}{row.changed:9,}{mark:>5}{row.rescan:9.2%}{row.exact:9.2%}"
        f"{row.looks:8.1f}{row.naive:12.2%}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
