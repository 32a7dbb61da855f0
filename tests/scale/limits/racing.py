"""A process of its own that takes as much as it is given; tests start four of them at once.

    python -m tests.scale.limits.racing KIND REDIS_URL KEY LIMIT ATTEMPTS START

prints how many attempts were admitted. START is the epoch second at which all begin.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from uuid import UUID

from redis.asyncio import Redis

from myriad.scale.limits import BudgetExhaustedError, BudgetPolicy, ProviderBudget
from myriad.scale.tenancy import TenantId

RACERS = 4
_LEAD_SECONDS = 2.5
_TENANT = TenantId(UUID(int=7))


def race(*arguments: str) -> list[int]:
    """Start four processes with the same arguments at the same moment; return what each got."""
    start = str(time.time() + _LEAD_SECONDS)
    command = [sys.executable, "-m", "tests.scale.limits.racing", *arguments, start]
    racers = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(RACERS)]
    answers = [racer.communicate(timeout=60)[0] for racer in racers]
    assert all(racer.returncode == 0 for racer in racers)
    return [int(answer) for answer in answers]


def _budget(redis: Redis, key: str, limit: int, part: str) -> Callable[[], Awaitable[bool]]:
    budget = ProviderBudget(redis, workers=RACERS)
    policies = {
        "requests_per_minute": BudgetPolicy(requests_per_minute=limit),
        "usd_micros_per_day": BudgetPolicy(usd_micros_per_day=limit, purse=key),
    }
    policy = policies[part]

    async def attempt() -> bool:
        try:
            await budget.reserve(key, _TENANT, 1, 1, policy)
        except BudgetExhaustedError:
            return False
        return True

    return attempt


async def _run(kind: str, url: str, key: str, limit: int, attempts: int, start: float) -> int:
    redis = Redis.from_url(url, protocol=2)
    attempt = _budget(redis, key, limit, kind)
    await asyncio.sleep(max(0.0, start - time.time()))
    admitted = 0
    for _ in range(attempts):
        admitted += await attempt()
    await redis.aclose()
    return admitted


if __name__ == "__main__":
    kind, url, key, limit, attempts, start = sys.argv[1:]
    print(asyncio.run(_run(kind, url, key, int(limit), int(attempts), float(start))))  # noqa: T201
