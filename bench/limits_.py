"""Our rate limiter and provider budget beside the `limits` library, on one Redis, in one run.

    ./myriad bench limits [--full]

Decisions: one process decides again and again; decisions per second of its own CPU, and round trips
for each by the server's own count. Ours decides the rates of several
subjects (tenant, person, address) in one call, and a budget's five limits with the money in one
call; the library decides one rate a call, so beside it stands ours with one rate as well.

Race: four processes ask for one limit of 1,000 at once, 500 times each. What was admitted is
printed. The library's fixed window and moving window run as it documents them.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from uuid import UUID

from limits import RateLimitItemPerDay
from limits.aio.storage import RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter
from redis.asyncio import Redis
from rich.console import Console
from rich.table import Table

from myriad.kit.errors import TooManyRequestsError
from myriad.scale.embedded.redis import EmbeddedRedis
from myriad.scale.limits import BudgetPolicy, ProviderBudget, Purse
from myriad.scale.limits.rates import Rate, RateLimiter
from myriad.scale.tenancy import TenantId

TENANT = TenantId(UUID(int=1))
LIMIT, RACERS, ATTEMPTS = 1_000, 4, 500
WIDE = 10**9
DECISIONS, ROUNDS = 2_000, 3
DECISIONS_FULL, ROUNDS_FULL = 10_000, 5
LEAD_SECONDS = 4.0
POLICY = BudgetPolicy(WIDE, WIDE, WIDE, WIDE, WIDE)
_SCRIPTS = ("cmdstat_evalsha", "cmdstat_eval")
OURS, PEER = "Myriad, one rate", "limits, moving window"
Decide = Callable[[], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Cost:
    """What a decision costs: per second of the caller's CPU, and commands the server was sent."""

    per_cpu_second: float
    round_trips: float


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="more decisions and rounds")
    parser.add_argument("--racer", nargs=4, help=argparse.SUPPRESS)
    asked = parser.parse_args(argv)
    if asked.racer:
        print(asyncio.run(_race(*asked.racer)))
        return 0
    console = Console(highlight=False)
    with tempfile.TemporaryDirectory() as folder:
        redis = EmbeddedRedis(Path(folder), "broker")
        redis.initialise()
        child = redis.spawn()
        try:
            redis.wait_ready(child)
            sizes = (DECISIONS_FULL, ROUNDS_FULL) if asked.full else (DECISIONS, ROUNDS)
            costs = asyncio.run(_costs(redis.url, *sizes))
            admitted = {name: _admitted(redis.url, name) for name in ("ours", *PEERS)}
        finally:
            redis.stop(child)
    _show(console, costs, admitted)
    ratio = costs[OURS].per_cpu_second / costs[PEER].per_cpu_second
    print(
        f"RESULT limits decisions_per_s={costs[OURS].per_cpu_second:.0f} ratio={ratio:.3f} "
        f"admitted={admitted['ours']} peer_admitted={admitted['moving']} "
        f"peer_fixed_admitted={admitted['fixed']} round_trips={costs[OURS].round_trips:.2f} "
        f"peer_round_trips={costs[PEER].round_trips:.2f} "
        f"three_rates_per_s={costs['Myriad, three rates'].per_cpu_second:.0f} "
        f"budget_per_s={costs['Myriad, budget and purse'].per_cpu_second:.0f} "
        f"budget_round_trips={costs['Myriad, budget and purse'].round_trips:.2f}"
    )
    return 0 if admitted["ours"] == LIMIT else 1


PEERS = {"moving": MovingWindowRateLimiter, "fixed": FixedWindowRateLimiter}


async def _costs(url: str, decisions: int, rounds: int) -> dict[str, Cost]:
    """Return what each way of deciding costs, the best of the rounds, taken in turns."""
    redis = Redis.from_url(url, protocol=2)
    limiter, budget = RateLimiter(redis), ProviderBudget(redis)
    purse = Purse(token_hex(8), WIDE)
    item, storage = (
        RateLimitItemPerDay(WIDE),
        RedisStorage(f"async+{url}", implementation="redispy"),
    )
    moving, fixed = MovingWindowRateLimiter(storage), FixedWindowRateLimiter(storage)
    one = [Rate("tenant", token_hex(8), WIDE, 60)]
    three = [Rate(kind, token_hex(8), WIDE, 60) for kind in ("tenant", "person", "address")]

    async def rates(given: list[Rate]) -> bool:
        await limiter.hit(given)
        return True

    async def reserve() -> bool:
        taken = await budget.reserve("model", TENANT, 1, 1, POLICY, purse)
        return taken.is_shared

    ways: dict[str, Decide] = {
        OURS: lambda: rates(one),
        PEER: lambda: moving.hit(item, "moving"),
        "limits, fixed window": lambda: fixed.hit(item, "fixed"),
        "Myriad, three rates": lambda: rates(three),
        "limits, moving window, three times": lambda: _thrice(moving, item),
        "Myriad, budget and purse": reserve,
    }
    best: dict[str, Cost] = {}
    for _ in range(rounds):
        for name, decide in ways.items():
            cost = await _cost(redis, decide, decisions)
            if name not in best or cost.per_cpu_second > best[name].per_cpu_second:
                best[name] = cost
    await redis.aclose()
    return best


async def _thrice(limiter: MovingWindowRateLimiter, item: RateLimitItemPerDay) -> bool:
    return all([await limiter.hit(item, kind) for kind in ("tenant", "person", "address")])


async def _cost(redis: Redis, decide: Decide, times: int) -> Cost:
    await decide()
    before, began = await _commands(redis), time.process_time()
    for _ in range(times):
        assert await decide()
    seconds = time.process_time() - began
    trips = (await _commands(redis) - before) / times
    return Cost(times / seconds, trips)


async def _commands(redis: Redis) -> int:
    """Return how many scripts clients have sent; all of them decide by scripts alone."""
    found = await redis.info("commandstats")
    return sum(int(found[name]["calls"]) for name in _SCRIPTS if name in found)


def _admitted(url: str, kind: str) -> int:
    """Return how many of four processes' attempts were admitted together."""
    start, key = time.time() + LEAD_SECONDS, token_hex(8)
    command = [sys.executable, __file__, "--racer", kind, url, key, str(start)]
    racers = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(RACERS)]
    return sum(int(racer.communicate(timeout=120)[0]) for racer in racers)


async def _race(kind: str, url: str, key: str, start: str) -> int:
    """Ask as often as allowed for the limit; return how often it was granted."""
    redis = Redis.from_url(url, protocol=2)
    decide = _ours(redis, key) if kind == "ours" else _peers(url, kind, key)
    await asyncio.sleep(max(0.0, float(start) - time.time()))
    granted = 0
    for _ in range(ATTEMPTS):
        granted += await decide()
    await redis.aclose()
    return granted


def _ours(redis: Redis, key: str) -> Decide:
    limiter, rates = RateLimiter(redis), [Rate("bench", key, LIMIT, 30 * 86_400)]

    async def decide() -> bool:
        try:
            await limiter.hit(rates)
        except TooManyRequestsError:
            return False
        return True

    return decide


def _peers(url: str, kind: str, key: str) -> Decide:
    limiter = PEERS[kind](RedisStorage(f"async+{url}", implementation="redispy"))
    item = RateLimitItemPerDay(LIMIT)
    return lambda: limiter.hit(item, key)


def _show(console: Console, costs: dict[str, Cost], admitted: dict[str, int]) -> None:
    table = Table("", "decisions per CPU second", "round trips", title="One decision")
    for name, cost in costs.items():
        table.add_row(name, f"{cost.per_cpu_second:,.0f}", f"{cost.round_trips:.2f}")
    console.print(table)
    race = Table("", "admitted of 1,000", title="Four processes, 2,000 attempts at once")
    for name, count in admitted.items():
        race.add_row({"ours": "Myriad"}.get(name, f"limits, {name} window"), f"{count:,}")
    console.print(race)


if __name__ == "__main__":
    sys.exit(main())
