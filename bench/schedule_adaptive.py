"""How many looks adaptive intervals save, and what that costs in freshness and delay.

A world of things that change as Poisson processes (rates lognormal, median one change in 25 days,
sigma 1.4), looked at for 90 days of warm-up and 360 measured days. The policies see only what a
look shows: changed or not. With events, each change is signalled with probability 0.6 and each
thing cries wolf on 2 % of days. All policies meet the same changes and the same signals.

Peers in the same run: looks at fixed intervals, and tiers of a score (an exponential average of
"changed at the last looks", above 70 daily, above 40 every three days, above 20 weekly, otherwise
every 30 days; the same with borders at 50/20/5; and the first with the slow average that serves
it best in this world). Myriad is shown at the cost of each as well, and beside an oracle that
knows every rate and spends as many looks. `regret` is the freshness that not knowing the rates
costs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from myriad.scale.schedule.adaptive import events, policy, rate

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

MEDIAN_DAYS, SIGMA = 25.0, 1.4
WARM_UP_DAYS, MEASURED_DAYS = 90, 360
RECALL, FALSE_PER_DAY = 0.6, 0.02
EVENT_PRICE = 0.6
STEP, BEST_STEP = 0.3, 0.05
DOCUMENTED, LOWER = (20.0, 40.0, 70.0), (5.0, 20.0, 50.0)


@dataclass(frozen=True)
class World:
    """Rates (n,), and for each day which things change and which are signalled, (days, n)."""

    rates: Floats
    changes: Bools
    signals: Bools


def make_world(things: int, seed: int) -> World:
    """Draw a world; the same seed gives the same one."""
    dice = np.random.default_rng(seed)
    rates = np.exp(dice.normal(np.log(1 / MEDIAN_DAYS), SIGMA, things))
    shape = (WARM_UP_DAYS + MEASURED_DAYS, things)
    changes = dice.random(shape, dtype=np.float32) < -np.expm1(-rates).astype(np.float32)
    luck = dice.random(shape, dtype=np.float32)
    return World(rates, changes, luck < np.where(changes, RECALL, FALSE_PER_DAY))


class Fixed:
    """A look every so many days."""

    def __init__(self, things: int, days: float) -> None:
        self.intervals = np.full(things, days)

    def learn(self, which: NDArray[np.intp], days: Floats, changed: Bools, told: Bools) -> None:
        """Learn nothing."""

    def is_worth_a_look(self, ages: Floats) -> Bools:
        """Follow every event."""
        return np.ones(len(ages), dtype=np.bool_)


class Tiers(Fixed):
    """Tiers of a score from 0 to 100 that moves by `step` toward each look's outcome."""

    def __init__(
        self, things: int, step: float = STEP, borders: tuple[float, ...] = DOCUMENTED
    ) -> None:
        super().__init__(things, policy.FIRST_INTERVAL_DAYS)
        self.scores, self.step, self.borders = np.full(things, 30.0), step, borders

    def learn(self, which: NDArray[np.intp], days: Floats, changed: Bools, told: Bools) -> None:
        """Move the scores toward 100 or 0 and take the tier of each."""
        self.scores[which] += self.step * (100.0 * changed - self.scores[which])
        # Other borders are the documented ones for a stretched score.
        shown = np.interp(self.scores[which], [0.0, *self.borders, 100.0], [0, *DOCUMENTED, 100])
        self.intervals[which] = policy.tier_interval_days(shown)


class Adaptive(Fixed):
    """Myriad's own functions: estimate the rate, take the interval, judge the events."""

    def __init__(self, things: int, price: float) -> None:
        super().__init__(things, policy.FIRST_INTERVAL_DAYS)
        self.price, self.record = price, events.SourceRecord()
        self.evidence = rate.Evidence.nothing(things)
        self.rates = rate.change_rate(self.evidence)

    def learn(self, which: NDArray[np.intp], days: Floats, changed: Bools, told: Bools) -> None:
        """Add the looks to the evidence and to the record of the events' source."""
        known = rate.Evidence(self.evidence.changes[which], self.evidence.unchanged_days[which])
        known = known.after_look(days, changed, told)
        self.evidence.changes[which] = known.changes
        self.evidence.unchanged_days[which] = known.unchanged_days
        self.rates[which] = rate.change_rate(known)
        self.intervals[which] = policy.interval_days(self.rates[which], 1.0, self.price)
        self.record = self.record.after_looks(told, changed, days).faded(1.0)

    def is_worth_a_look(self, ages: Floats) -> Bools:
        """Follow an event where the source's record says that it pays."""
        source = self.record
        chance = events.change_probability(
            self.rates, ages, source.recall, source.false_alarms_per_day
        )
        return events.is_worth_a_look(chance, 1.0, self.price, self.intervals)


class Oracle(Adaptive):
    """The same rule by one who knows every rate and how good the events are."""

    def __init__(self, rates: Floats, price: float) -> None:
        super().__init__(len(rates), price)
        self.rates = rates
        self.intervals = policy.interval_days(rates, 1.0, price)
        days = 1e9
        self.record = events.SourceRecord(
            RECALL * days, (1 - RECALL) * days, FALSE_PER_DAY * days, days
        )

    def learn(self, which: NDArray[np.intp], days: Floats, changed: Bools, told: Bools) -> None:
        """There is nothing left to learn."""


@dataclass(frozen=True)
class Row:
    """What a policy came to; delays in days from a change to the look that found it."""

    name: str
    saved: float
    fresh: float
    missed: float
    delay_days: float
    p95_days: float
    within_3_days: float


def simulate(name: str, world: World, policy_: Fixed, *, with_events: bool = False) -> Row:
    """Live through the world day by day: changes, signals, looks."""
    things = len(world.rates)
    ages = np.random.default_rng(17).integers(1, 8, things).astype(np.float64)
    changed_since = np.full(things, -1)
    looks = fresh = found = 0
    delays: list[NDArray[np.int_]] = []
    for day, changes in enumerate(world.changes):
        changed_since = np.where(changes & (changed_since < 0), day, changed_since)
        due = ages >= policy_.intervals
        told = world.signals[day] if with_events else np.zeros(things, dtype=np.bool_)
        due |= told & policy_.is_worth_a_look(ages) if with_events else False
        which = np.flatnonzero(due)
        changed = changed_since[which] >= 0
        policy_.learn(which, ages[which], changed, told[which])
        if day >= WARM_UP_DAYS:
            looks, found = looks + len(which), found + int(changed.sum())
            delays.append(day - changed_since[which][changed])
            fresh += things - int((changed_since >= 0).sum() - changed.sum())
        changed_since[which], ages[which] = -1, 0.0
        ages += 1.0
    waits = np.concatenate(delays)
    thing_days = things * MEASURED_DAYS
    return Row(
        name,
        1 - looks / thing_days,
        fresh / thing_days,
        1 - found / int(world.changes[WARM_UP_DAYS:].sum()),
        float(waits.mean()),
        float(np.quantile(waits, 0.95)),
        float((waits <= 3).mean()),
    )


def at_cost(saved: float, run: Callable[[float], Row]) -> Row:
    """Return the row of the price at which a policy saves as much as another, by bisection."""
    low, high = 0.02, 20.0
    rows = []
    for _ in range(9):
        price = (low * high) ** 0.5
        rows.append(run(price))
        low, high = (low, price) if rows[-1].saved > saved else (price, high)
    return min(rows, key=lambda row: abs(row.saved - saved))


def table(world: World) -> dict[str, Row]:
    """Run every policy and return the rows by key, in the order of the table."""
    n = len(world.rates)

    def run(name: str, policy_: Fixed, *, with_events: bool = False) -> Row:
        return simulate(name, world, policy_, with_events=with_events)

    rows = {
        "daily": run("every day", Fixed(n, 1.0)),
        "three": run("every 3 days", Fixed(n, 3.0)),
        "weekly": run("every 7 days", Fixed(n, 7.0)),
    }
    for key, name, tiers in (
        ("tiers", "tiers 70/40/20", Tiers(n)),
        ("best", "tiers 70/40/20, slow average", Tiers(n, BEST_STEP)),
        ("lower", "tiers 50/20/5", Tiers(n, STEP, LOWER)),
    ):
        peer = rows[key] = run(name, tiers)
        same = at_cost(peer.saved, lambda price: run("", Adaptive(n, price)))
        rows["as " + key] = replace(same, name="  Myriad at that cost")
    ours = run(f"Myriad, price {policy.DEFAULT_PRICE:g}", Adaptive(n, policy.DEFAULT_PRICE))
    known = at_cost(ours.saved, lambda price: run("", Oracle(world.rates, price)))
    rows |= {"ours": ours, "oracle": replace(known, name="  known rates, at that cost")}
    told = run("Myriad and events", Adaptive(n, EVENT_PRICE), with_events=True)
    known = at_cost(told.saved, lambda p: run("", Oracle(world.rates, p), with_events=True))
    return rows | {
        "lower events": run("tiers 50/20/5 and events", Tiers(n, STEP, LOWER), with_events=True),
        "events": told,
        "oracle events": replace(known, name="  known rates and events, at that cost"),
    }


def show(rows: dict[str, Row]) -> None:
    """Print the table."""
    print(f"{'policy':38}{'saved':>8}{'fresh':>8}{'missed':>8}{'delay':>8}{'p95':>6}{'<=3 d':>8}")
    for row in rows.values():
        print(
            f"{row.name:38}{row.saved:8.1%}{row.fresh:8.3f}{row.missed:8.1%}"
            f"{row.delay_days:8.2f}{row.p95_days:6.0f}{row.within_3_days:8.0%}"
        )


def stale_ratio(rows: dict[str, Row], peer: str) -> float:
    """Return Myriad's stale share over the peer's, both at the peer's cost."""
    return (1 - rows["as " + peer].fresh) / (1 - rows[peer].fresh)


def main(argv: list[str]) -> int:
    """Print the table and the line of results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="20,000 things instead of 5,000")
    options = parser.parse_args(argv)
    things = 20_000 if options.full else 5_000
    print(f"{things:,} things, {WARM_UP_DAYS} + {MEASURED_DAYS} days", flush=True)
    rows = table(make_world(things, seed=1))
    show(rows)
    ours, told = rows["ours"], rows["events"]
    print(
        f"RESULT schedule-adaptive saved={ours.saved:.4f} fresh={ours.fresh:.4f}"
        f" delay_days={ours.delay_days:.3f} p95_days={ours.p95_days:.0f}"
        f" events_saved={told.saved:.4f} events_fresh={told.fresh:.4f}"
        f" events_delay_days={told.delay_days:.3f}"
        f" regret={rows['oracle'].fresh - ours.fresh:.4f}"
        f" events_regret={rows['oracle events'].fresh - told.fresh:.4f}"
        f" tiers_stale_ratio={stale_ratio(rows, 'tiers'):.3f}"
        f" tiers_delay_ratio={rows['as tiers'].delay_days / rows['tiers'].delay_days:.3f}"
        f" best_tiers_stale_ratio={stale_ratio(rows, 'best'):.3f}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
