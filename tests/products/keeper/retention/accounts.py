"""Generated accounts with known truth, for the tests of the retention models."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from myriad.products.keeper.retention.bgnbd import Parameters
from myriad.products.keeper.retention.history import Floats, Ints

FIRST_DAY = date(2024, 1, 1).toordinal()
SPA = Parameters(r=1.2, alpha=8.0, a=0.6, b=4.0)


@dataclass(frozen=True)
class Account:
    """Visit columns as `fit_account` takes them."""

    person: Ints
    day: Ints
    net: Floats

    @property
    def columns(self) -> tuple[Ints, Ints, Floats]:
        return self.person, self.day, self.net


def summary_rows(
    parameters: Parameters, customers: int, seed: int, longest_weeks: float = 104.0
) -> tuple[Floats, Floats, Floats]:
    """x, t_x and age of customers drawn from the BG/NBD model itself, in exact weeks."""
    random = np.random.default_rng(seed)
    rate = random.gamma(parameters.r, 1 / parameters.alpha, customers)
    drop = random.beta(parameters.a, parameters.b, customers)
    age = random.uniform(longest_weeks / 4, longest_weeks, customers)
    rows = [_one(random, *each) for each in zip(rate, drop, age, strict=True)]
    x, t_x = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    return x, t_x, age


def _one(random: np.random.Generator, rate: float, drop: float, age: float) -> tuple[int, float]:
    visits, last, clock = 0, 0.0, 0.0
    while True:
        clock += random.exponential(1 / max(rate, 1e-9))
        if clock > age:
            return visits, last
        visits, last = visits + 1, clock
        if random.random() < drop:
            return visits, last


def spa(customers: int, seed: int = 0, days: int = 720, parameters: Parameters = SPA) -> Account:
    """A spa's visits over `days` days; the last day is FIRST_DAY + days - 1."""
    random = np.random.default_rng(seed)
    rows: list[tuple[int, int, float]] = []
    for person in range(customers):
        rate = random.gamma(parameters.r, 1 / parameters.alpha) / 7
        drop = random.beta(parameters.a, parameters.b)
        price = random.gamma(6.0, 1200.0)
        clock = float(random.integers(0, days - 30))
        while clock < days:
            rows.append((person, FIRST_DAY + int(clock), round(price * random.uniform(0.8, 1.2))))
            if random.random() < drop:
                break
            clock += max(1.0, random.exponential(1 / max(rate, 1e-6)))
    person_of, day, net = (np.array(column) for column in zip(*rows, strict=True))
    return Account(person_of, day, net.astype(float))


def cdnow(shared_data: Path) -> Account:
    """The real purchases of 2,357 customers, 1997-01-01 to 1998-06-30, in cents."""
    with (shared_data / "keeper" / "cdnow_sample.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    days = [row["date"] for row in rows]
    return Account(
        np.array([int(row["customer_id"]) - 1 for row in rows]),
        np.array([date(int(d[:4]), int(d[4:6]), int(d[6:])).toordinal() for d in days]),
        np.array([round(float(row["amount"]) * 100) for row in rows], dtype=float),
    )
