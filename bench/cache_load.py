"""The Zipf load of `cache` on dashboards: what four processes save of it, and what they could."""

from __future__ import annotations

import math
import random
from bisect import bisect
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from uuid import UUID

from rich.console import Console
from rich.table import Table

from myriad.scale.cache import POLICIES, Cache, Keys, Namespace
from myriad.scale.cache import cache as cache_module
from myriad.scale.cache import entry as entry_module
from myriad.scale.cache import generations as generations_module
from myriad.scale.cache.statistics import SAVED, Statistics
from myriad.scale.cache.store import Store
from myriad.scale.tenancy import TenantId

ACCOUNTS, PROCESSES, REQUESTS_A_SECOND, CHANGES_A_SECOND = 10_000, 4, 1_000, 11.6
MIX = {"dashboard": 0.40, "list": 0.40, "count": 0.15, "analytics": 0.05}
INVALIDATED = ("dashboard", "list")
# From here on one look-up in five may be made anew.
GOAL = 0.8
DASHBOARDS = {name: Namespace(f"bench.{name}", int, POLICIES[name]) for name in MIX}
SAVING = {how.value for how in SAVED}


@dataclass
class Clock:
    """A clock that the bench drives, in place of the module `time`."""

    now: float = 1_800_000_000.0

    def time(self) -> float:
        """Return epoch seconds."""
        return self.now

    monotonic = time


@dataclass
class Shared(Store):
    """A shared layer in a dictionary, on the driven clock."""

    clock: Clock
    held: dict[str, tuple[bytes, float]] = field(default_factory=dict)

    async def read(self, *keys: str) -> list[bytes | None]:
        """Return what has not ended."""
        found = [self.held.get(key) for key in keys]
        return [one[0] if one is not None and one[1] > self.clock.now else None for one in found]

    async def write(self, key: str, value: bytes, seconds: float) -> None:
        """Keep a value."""
        self.held[key] = value, self.clock.now + seconds

    async def write_all(self, values: Mapping[str, bytes], seconds: float) -> None:
        """Keep several values."""
        for key, value in values.items():
            await self.write(key, value, seconds)

    async def write_new(self, key: str, value: bytes, seconds: float) -> bool:
        """Keep a value unless there is one."""
        if (await self.read(key))[0] is not None:
            return False
        await self.write(key, value, seconds)
        return True

    async def release(self, key: str, value: bytes) -> None:
        """Remove the key if it holds this value."""
        if (await self.read(key))[0] == value:
            del self.held[key]

    async def write_and_release(
        self, key: str, value: bytes, seconds: float, lock: str, token: bytes
    ) -> None:
        """Keep a value and give the turn back."""
        await self.write(key, value, seconds)
        await self.release(lock, token)

    async def close(self) -> None:
        """Nothing to close."""


async def zipf(seconds: int) -> Counter[tuple[str, str]]:
    """Return look-ups by dashboard and how they were answered, from an empty cache on."""
    clock, dice = Clock(), random.Random(7)
    for module in (cache_module, entry_module, generations_module):
        vars(module)["time"] = clock
    keys, shared = Keys("bench"), Shared(clock)
    counted = [Statistics(None, keys) for _ in range(PROCESSES)]
    caches = [Cache(shared, statistics, keys, most_held=50_000) for statistics in counted]
    ladder = list(accumulate(1 / rank for rank in range(1, ACCOUNTS + 1)))
    tenants = [TenantId(UUID(int=number + 1)) for number in range(ACCOUNTS)]
    names, weights = list(MIX), list(accumulate(MIX.values()))
    changes = 0.0

    async def load() -> int:
        return 1

    for _ in range(seconds * REQUESTS_A_SECOND):
        clock.now += 1 / REQUESTS_A_SECOND
        changes += CHANGES_A_SECOND / REQUESTS_A_SECOND
        one = dice.choice(caches)
        tenant = tenants[bisect(ladder, dice.random() * ladder[-1])]
        if changes >= 1:
            changes -= 1
            changed = tenants[bisect(ladder, dice.random() * ladder[-1])]
            for name in INVALIDATED:
                await one.invalidate(DASHBOARDS[name], changed)
        name = names[bisect(weights, dice.random())]
        await one.get(DASHBOARDS[name], tenant, (), load)
    found: Counter[tuple[str, str]] = Counter()
    for statistics in counted:
        for (namespace, how), count in statistics.counted.items():
            found[namespace.removeprefix("bench."), how.value] += count
    return found


def saved_share(saved: Counter[tuple[str, str]], name: str) -> float:
    """Return the share of a namespace's look-ups that were not made anew."""
    of = Counter({how: count for (known, how), count in saved.items() if known == name})
    return sum(count for how, count in of.items() if how in SAVING) / sum(of.values())


def show_saved(console: Console, saved: Counter[tuple[str, str]], seconds: int) -> None:
    """Print what each dashboard saved."""
    title = f"{seconds / 60:.0f} minutes of 1,000 requests a second from an empty cache"
    table = Table(
        "", "period", "look-ups", "here", "shared", "made anew", "saved", "most", title=title
    )
    for name in MIX:
        of = Counter({how: count for (known, how), count in saved.items() if known == name})
        total = sum(of.values())
        share = saved_share(saved, name)
        table.add_row(
            name,
            f"{POLICIES[name].fresh_seconds:.0f} s",
            f"{total:,}",
            f"{of['local']:,}",
            f"{of['shared']:,}",
            f"{of['miss']:,}",
            f"{share:.1%}",
            f"{most_savable(name, seconds):.1%}",
        )
    console.print(table)
    for name in MIX:
        most = most_savable(name, seconds)
        if most < GOAL:
            console.print(
                f"{name}: {most:.0%} is the most that any cache with this period can save here: its "
                f"{MIX[name] * REQUESTS_A_SECOND:.0f} requests a second are spread over {ACCOUNTS:,} "
                f"accounts, and most accounts ask once before {POLICIES[name].fresh_seconds:.0f} "
                "seconds, or the run, are over."
            )


def most_savable(name: str, seconds: int) -> float:
    """Return the share that a perfect cache would save: all but an entry's first look-up.

    An account of rate r that asks at random makes its entry anew every period + 1/r seconds on
    average; over a run that is shorter, once when it asks at all. Changes are left out.
    """
    rate, policy = MIX[name] * REQUESTS_A_SECOND, POLICIES[name]
    # Whoever asks while an entry is stale is served it; at best nobody ever waits.
    period = policy.fresh_seconds + policy.stale_seconds
    harmonic = sum(1 / rank for rank in range(1, ACCOUNTS + 1))
    made = 0.0
    for rank in range(1, ACCOUNTS + 1):
        asks = rate / rank / harmonic
        if seconds <= period:
            made += 1 - math.exp(-asks * seconds)
        else:
            made += min(asks * seconds, 1 + (seconds - 1 / asks) / (period + 1 / asks))
    return 1 - made / (rate * seconds)
