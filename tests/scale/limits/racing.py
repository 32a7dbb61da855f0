"""A process of its own that takes as much as it is given; tests start four of them at once.

    python -m tests.scale.limits.racing KIND SERVERS KEY LIMIT ATTEMPTS

says that it is ready, begins when it is told a line and prints how many attempts were admitted.
SERVERS is the JSON of the servers' addresses.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from uuid import UUID

from redis.asyncio import Redis

from myriad.kit.errors import TooManyRequestsError
from myriad.scale.data import Database, DatabaseSettings
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.limits import BudgetPolicy, ProviderBudget, Purse, entitlements
from myriad.scale.limits.rates import Rate, RateLimiter
from myriad.scale.tenancy import TenantId

RACERS = 4
_TENANT = TenantId(UUID(int=7))
Attempt = Callable[[], Awaitable[object]]


def race(kind: str, urls: ServerUrls, key: str, limit: int, attempts: int) -> list[int]:
    """Let four processes with the same arguments begin at the same moment; return what each got."""
    arguments = [kind, json.dumps(asdict(urls)), key, str(limit), str(attempts)]
    command = [sys.executable, "-m", "tests.scale.limits.racing", *arguments]
    racers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(RACERS)
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == b"ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write(b"go\n")
        racer.stdin.flush()
    answers = [racer.communicate(timeout=120)[0] for racer in racers]
    assert all(racer.returncode == 0 for racer in racers)
    return [int(answer) for answer in answers]


@asynccontextmanager
async def _budget(kind: str, urls: ServerUrls, key: str, limit: int) -> AsyncIterator[Attempt]:
    policies = {
        "requests_per_minute": BudgetPolicy(requests_per_minute=limit),
        "usd_micros_per_day": BudgetPolicy(usd_micros_per_day=limit, purse=key),
    }
    async with Redis.from_url(urls.broker_url, protocol=2) as redis:
        budget = ProviderBudget(redis, workers=RACERS)
        yield lambda: budget.reserve(key, _TENANT, 1, 1, policies[kind])


@asynccontextmanager
async def _purse(_: str, urls: ServerUrls, key: str, limit: int) -> AsyncIterator[Attempt]:
    async with Redis.from_url(urls.broker_url, protocol=2) as redis:
        budget = ProviderBudget(redis, workers=RACERS)
        purse = Purse(key, limit)
        yield lambda: budget.reserve(key, _TENANT, 1, 1, BudgetPolicy(), purse)


@asynccontextmanager
async def _entitlement(_: str, urls: ServerUrls, key: str, limit: int) -> AsyncIterator[Attempt]:
    names = {"url": urls.database_url, "app_url": urls.app_url, "crossing_url": urls.crossing_url}
    database = Database(DatabaseSettings.model_validate(names))
    tenant, entitlement = TenantId(UUID(key)), entitlements.Entitlement("test.race", {}, limit)

    async def attempt() -> None:
        async with database.session(tenant) as session:
            await entitlements.reserve(session, tenant, entitlement)

    yield attempt
    await database.close()


@asynccontextmanager
async def _rate(_: str, urls: ServerUrls, key: str, limit: int) -> AsyncIterator[Attempt]:
    async with Redis.from_url(urls.broker_url, protocol=2) as redis:
        limiter, rates = RateLimiter(redis), [Rate("test", key, limit, 30 * 86_400)]
        yield lambda: limiter.hit(rates)


_KINDS = {
    "rate": _rate,
    "requests_per_minute": _budget,
    "usd_micros_per_day": _budget,
    "purse": _purse,
    "entitlement": _entitlement,
}


async def _run(kind: str, urls: ServerUrls, key: str, limit: int, attempts: int) -> int:
    admitted = 0
    async with _KINDS[kind](kind, urls, key, limit) as attempt:
        print("ready", flush=True)  # noqa: T201
        sys.stdin.readline()
        for _ in range(attempts):
            try:
                await attempt()
            except TooManyRequestsError:
                continue
            admitted += 1
    return admitted


if __name__ == "__main__":
    given, servers, name, most, tries = sys.argv[1:]
    addresses = ServerUrls(**json.loads(servers))
    print(asyncio.run(_run(given, addresses, name, int(most), int(tries))))  # noqa: T201
