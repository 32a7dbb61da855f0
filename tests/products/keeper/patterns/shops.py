"""Made-up purchases: at random, by taste, by season, and with patterns planted in them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from myriad.products.keeper.patterns import Baskets

FIRST_DAY = 739_000
Row = tuple[int | None, int, int | None, list[str]]
Rows = list[Row]


def random_rows(
    seed: int,
    *,
    visits: int = 2_000,
    people: int = 250,
    items: int = 20,
    tastes: bool = False,
    season: bool = False,
) -> list[Row]:
    """Baskets whose items know nothing of each other, but for their buyer's taste or the month."""
    rng = np.random.default_rng(seed)
    who = rng.choice(people, size=visits, p=rng.dirichlet(np.ones(people)))
    day = FIRST_DAY + rng.integers(0, 730, visits)
    popular = rng.uniform(0.01, 0.2, items)
    popular[:4] = 0.1
    chance = np.broadcast_to(popular, (visits, items))
    if tastes:
        chance = np.clip(chance * rng.gamma(0.5, 2.0, (people, items))[who], 0, 0.9)
    if season:
        winter = ((day // 30) % 12 < 3)[:, None] & (np.arange(items) < 4)
        chance = np.where(winter, np.minimum(chance * 6, 0.8), chance)
    held = rng.random((visits, items)) < chance
    staff = rng.integers(0, 4, visits)
    return rows_of(who, day, staff, held)


def living_rows(seed: int, people: int) -> Rows:
    """Visits as BG/NBD has them: everybody at a rate of their own until they drop out."""
    rng = np.random.default_rng(seed)
    rows: Rows = []
    for person in range(people):
        day, rate = float(rng.integers(0, 300)), rng.gamma(0.8) / 30 + 1e-4
        drop = rng.beta(0.8, 2.5)
        while day <= 730:
            rows.append((person, FIRST_DAY + int(day), 0, ["item 0"]))
            day += max(1.0, float(rng.exponential(1 / rate)))
            if rng.random() < drop:
                break
    return rows


def rows_of(
    who: NDArray[Any], day: NDArray[Any], staff: NDArray[Any], held: NDArray[Any]
) -> list[Row]:
    names = np.array([f"item {place}" for place in range(held.shape[1])])
    return [
        (int(person), int(when), int(member), names[row].tolist())
        for person, when, member, row in zip(who, day, staff, held, strict=True)
    ]


def with_pair(rows: Rows, seed: int, share: float = 0.4) -> Rows:
    """The same with `item 1` added to a share of the baskets that hold `item 0`."""
    rng = np.random.default_rng(seed)
    return [
        (person, day, staff, [*held, "item 1"])
        if "item 0" in held and rng.random() < share
        else (person, day, staff, held)
        for person, day, staff, held in rows
    ]


def with_sequence(rows: Rows, seed: int, share: float = 0.6) -> Rows:
    """The same where `item 3` is often added to the next visit after one with `item 2`."""
    rng = np.random.default_rng(seed)
    ordered = sorted(rows, key=lambda row: (row[0], row[1]))
    made: Rows = []
    for place, (person, day, staff, held) in enumerate(ordered):
        before = ordered[place - 1] if place else None
        follows = before is not None and before[0] == person and "item 2" in before[3]
        extra = ["item 3"] if follows and rng.random() < share else []
        made.append((person, day, staff, held + extra))
    return made


def baskets(rows: Rows) -> Baskets:
    return Baskets.of(rows)
