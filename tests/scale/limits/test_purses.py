"""Purses of undertakings: hard, no calendar, never overrun, and remembered when Redis forgets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from secrets import token_hex
from uuid import UUID

import pytest
from redis.asyncio import Redis

from myriad.kit.errors import InvalidInputError
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.limits import (
    BudgetExhaustedError,
    BudgetPolicy,
    ProviderBudget,
    Purse,
    PurseEmptyError,
)
from myriad.scale.tenancy import TenantId
from tests.scale.limits.racing import race
from tests.scale.limits.test_aimd import Clock, no_cache

__all__ = ["no_cache"]

ONE, OTHER = TenantId(UUID(int=1)), TenantId(UUID(int=2))
NOON = 1_767_268_800.0
OPEN = BudgetPolicy()


@pytest.fixture
def key() -> str:
    """A model of this test's own, for clocks of other tests run apart."""
    return token_hex(8)


@pytest.fixture
async def broker(servers: ServerUrls) -> AsyncIterator[Redis]:
    client = Redis.from_url(servers.broker_url, protocol=2)
    yield client
    await client.aclose()


def test_four_processes_racing_never_overrun_a_purse(servers: ServerUrls) -> None:
    """Of a purse of a thousand exactly a thousand are spent, whoever asks."""
    got = race("purse", servers, token_hex(8), 1000, 400)
    assert sum(got) == 1000
    assert all(count > 0 for count in got)


async def test_a_purse_is_hard_and_no_calendar_fills_it(broker: Redis, key: str) -> None:
    """What was spent stays spent the next month; another tenant's purse of that name is its own."""
    clock, purse = Clock(NOON), Purse(token_hex(8), 100)
    budget = ProviderBudget(broker, clock=clock)
    await budget.reserve(key, ONE, 1, 60, OPEN, purse)
    for _ in range(2):
        with pytest.raises(PurseEmptyError) as refused:
            await budget.reserve(key, ONE, 1, 41, OPEN, purse)
        assert (refused.value.limit, refused.value.purse) == ("purse", purse.name)
        clock.now += 32 * 86_400
    await budget.reserve(key, ONE, 1, 40, OPEN, purse)
    await budget.reserve(key, OTHER, 1, 100, OPEN, purse)


async def test_settling_gives_back_to_the_purse_what_a_call_did_not_cost(
    broker: Redis, key: str
) -> None:
    """A purse is charged what was spent; a call that never went out costs it nothing."""
    budget, purse = ProviderBudget(broker), Purse(token_hex(8), 100)
    first = await budget.reserve(key, ONE, 1, 100, OPEN, purse)
    await budget.settle(first, 1, 30)
    await budget.cancel(await budget.reserve(key, ONE, 1, 70, OPEN, purse))
    await budget.reserve(key, ONE, 1, 70, OPEN, purse)
    with pytest.raises(PurseEmptyError):
        await budget.reserve(key, ONE, 1, 1, OPEN, purse)


async def test_the_purse_and_the_tenants_money_are_taken_together_or_not_at_all(
    broker: Redis, key: str
) -> None:
    """A refusal for either leaves the other as it was."""
    budget, purse = ProviderBudget(broker), Purse(token_hex(8), 100)
    poor = BudgetPolicy(usd_micros_per_day=50, purse=key)
    with pytest.raises(BudgetExhaustedError) as refused:
        await budget.reserve(key, ONE, 1, 60, poor, purse)
    assert refused.value.limit == "money"
    await budget.reserve(key, ONE, 1, 100, OPEN, purse)
    with pytest.raises(PurseEmptyError):
        await budget.reserve(key, ONE, 1, 1, poor, purse)
    await budget.reserve(key, ONE, 1, 50, poor)


async def test_a_purse_that_redis_has_forgotten_is_recalled(broker: Redis, key: str) -> None:
    """What the ledger knows counts; it is asked once."""
    asked = []

    async def recall(tenant: TenantId, name: str) -> int:
        asked.append((tenant, name))
        return 70

    budget, purse = ProviderBudget(broker, recall=recall), Purse(token_hex(8), 100)
    with pytest.raises(PurseEmptyError):
        await budget.reserve(key, ONE, 1, 31, OPEN, purse)
    got = await asyncio.gather(
        *(budget.reserve(key, ONE, 1, 10, OPEN, purse) for _ in range(5)),
        return_exceptions=True,
    )
    assert sum(not isinstance(each, PurseEmptyError) for each in got) == 3
    assert set(asked) == {(ONE, purse.name)}


async def test_without_redis_each_process_spends_its_share_and_tells_it_afterwards(
    broker: Redis, key: str
) -> None:
    """An outage overruns no purse, and what was spent in it is in Redis when it is back."""
    purse = Purse(token_hex(8), 100)
    budget = ProviderBudget(broker, workers=2)
    await budget.reserve(key, ONE, 1, 20, OPEN, purse)
    budget._away_until = float("inf")
    with pytest.raises(PurseEmptyError):
        await budget.reserve(key, ONE, 1, 41, OPEN, purse)
    await budget.reserve(key, ONE, 1, 40, OPEN, purse)
    budget._away_until = 0.0
    other = ProviderBudget(broker, workers=2)
    await budget.reserve(key, ONE, 1, 20, OPEN, purse)
    with pytest.raises(PurseEmptyError):
        await other.reserve(key, ONE, 1, 21, OPEN, purse)
    await other.reserve(key, ONE, 1, 20, OPEN, purse)


@pytest.mark.parametrize(
    ("name", "cap"), [("", 1), ("a b", 1), ("a", -1)], ids=["empty", "blank", "negative"]
)
def test_a_purse_without_a_name_or_with_a_negative_cap_is_refused(name: str, cap: int) -> None:
    """The error says what a purse needs."""
    with pytest.raises(InvalidInputError, match="a purse needs a name"):
        Purse(name, cap)
