"""Provider budgets: never over the limit, whoever asks; reserved, settled, lowered by headers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from secrets import token_hex
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.limits import BudgetExhaustedError, BudgetPolicy, ProviderBudget
from myriad.scale.limits.allowance import Boundaries, CallTooLargeError, boundaries_around
from myriad.scale.tenancy import TenantId
from tests.scale.limits.racing import race
from tests.scale.limits.test_aimd import Clock, no_cache

__all__ = ["no_cache"]

ONE, OTHER = TenantId(UUID(int=1)), TenantId(UUID(int=2))
NOON = 1_767_268_800.0


@pytest.fixture
async def broker(servers: ServerUrls) -> AsyncIterator[Redis]:
    client = Redis.from_url(servers.broker_url, protocol=2)
    yield client
    await client.aclose()


async def admitted(
    budget: ProviderBudget, key: str, policy: BudgetPolicy, attempts: int, tokens: int = 1
) -> int:
    count = 0
    for _ in range(attempts):
        try:
            await budget.reserve(key, ONE, tokens, 0, policy)
        except BudgetExhaustedError:
            continue
        count += 1
    return count


@pytest.mark.parametrize("part", ["requests_per_minute", "usd_micros_per_day"])
def test_four_processes_racing_for_a_thousand_admit_exactly_a_thousand(
    servers: ServerUrls, part: str
) -> None:
    """No process overruns the limit and none of it is lost, whichever part is the limit."""
    key = token_hex(8)
    got = race(part, servers, key, 1000, 400)
    assert sum(got) == 1000
    assert all(count > 0 for count in got)


@given(
    pauses=st.lists(st.floats(0.0, 20.0), min_size=30, max_size=120),
    limit=st.integers(1, 12),
)
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_no_sixty_seconds_hold_more_than_the_limit(
    broker: Redis, pauses: list[float], limit: int
) -> None:
    """However calls are spread, every span of 60 seconds holds at most the limit."""
    clock, key = Clock(NOON), token_hex(8)
    budget = ProviderBudget(broker, clock=clock)
    policy, went_out = BudgetPolicy(requests_per_minute=limit), []
    for pause in pauses:
        clock.now += pause
        if await admitted(budget, key, policy, 1):
            went_out.append(clock.now)
    for moment in went_out:
        assert sum(moment <= other < moment + 60 for other in went_out) <= limit


STEPS = st.lists(
    st.tuples(st.integers(1, 40), st.integers(0, 40), st.floats(0, 40)), min_size=5, max_size=40
)


@given(steps=STEPS)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_redis_and_memory_admit_the_same(
    broker: Redis, steps: list[tuple[int, int, float]]
) -> None:
    """One process alone decides without Redis exactly as Redis does."""
    clock, key = Clock(NOON), token_hex(8)
    policy = BudgetPolicy(3, 60, 9, 200, 400)
    tenant = TenantId(UUID(bytes=bytes.fromhex(key + key)))
    budgets = [ProviderBudget(redis, clock=clock) for redis in (broker, None)]
    for tokens, used, pause in steps:
        clock.now += pause
        answers = []
        for budget in budgets:
            try:
                taken = await budget.reserve(key, tenant, tokens, tokens, policy)
                await budget.settle(taken, used, used)
                answers.append("admitted")
            except BudgetExhaustedError as refused:
                answers.append("minute" if "minute" in refused.limit else refused.limit)
        assert answers[0] == answers[1]


async def test_a_refusal_names_the_limit_and_the_wait(broker: Redis) -> None:
    """The caller learns which part is used up and when asking again makes sense; nothing is taken."""
    clock, key = Clock(NOON), token_hex(8)
    budget = ProviderBudget(broker, clock=clock)
    policy = BudgetPolicy(requests_per_minute=2, tokens_per_minute=100)
    await budget.reserve(key, ONE, 60, 0, policy)
    clock.now += 20
    with pytest.raises(BudgetExhaustedError) as refused:
        await budget.reserve(key, ONE, 50, 0, policy)
    assert refused.value.limit == "tokens_per_minute"
    assert refused.value.retry_after_seconds == pytest.approx(41, abs=1)
    await budget.reserve(key, ONE, 40, 0, policy)
    clock.now += refused.value.retry_after_seconds
    await budget.reserve(key, ONE, 50, 0, policy)


async def test_settling_gives_back_and_takes_more(broker: Redis) -> None:
    """What a call did not use is free at once, what it used beyond is counted; once only."""
    clock, key = Clock(NOON), token_hex(8)
    budget = ProviderBudget(broker, clock=clock)
    policy = BudgetPolicy(tokens_per_minute=100)
    taken = await budget.reserve(key, ONE, 90, 0, policy)
    await budget.settle(taken, 10, 0)
    await budget.settle(taken, 0, 0)
    over = await budget.reserve(key, ONE, 90, 0, policy)
    await budget.settle(over, 95, 0)
    assert await admitted(budget, key, policy, 1) == 0


async def test_a_call_that_never_went_out_costs_nothing(broker: Redis) -> None:
    """Cancelling gives back request, tokens and money."""
    clock, key = Clock(NOON), token_hex(8)
    budget = ProviderBudget(broker, clock=clock)
    policy = BudgetPolicy(1, 10, 1, 10, purse=key)
    for _ in range(3):
        await budget.cancel(await budget.reserve(key, ONE, 10, 10, policy))


async def test_money_is_the_tenants_own(broker: Redis) -> None:
    """A tenant whose purse is empty leaves the other's alone, and midnight fills it."""
    clock, key = Clock(NOON), token_hex(8)
    budget = ProviderBudget(broker, clock=clock)
    policy = BudgetPolicy(usd_micros_per_day=100, purse=key)
    await budget.reserve(key, ONE, 1, 100, policy)
    with pytest.raises(BudgetExhaustedError) as refused:
        await budget.reserve(key, ONE, 1, 1, policy)
    assert (refused.value.limit, refused.value.retry_after_seconds) == ("money", 12 * 3600)
    await budget.reserve(key, OTHER, 1, 100, policy)
    clock.now += 12 * 3600
    await budget.reserve(key, ONE, 1, 100, policy)


async def test_a_day_turns_at_midnight_of_its_zone(broker: Redis) -> None:
    """A provider's day in Los Angeles ends at 08:00 UTC in winter."""
    clock, key = Clock(NOON - 4.5 * 3600), token_hex(8)
    budget = ProviderBudget(broker, clock=clock)
    policy = BudgetPolicy(requests_per_day=1, day_zone="America/Los_Angeles")
    assert await admitted(budget, key, policy, 2) == 1
    clock.now += 1800
    assert await admitted(budget, key, policy, 2) == 1


async def test_headers_lower_what_is_left(broker: Redis) -> None:
    """When the provider counts more than we did, its count holds until it says it is full again."""
    clock, key = Clock(NOON), token_hex(8)
    budget = ProviderBudget(broker, clock=clock)
    policy = BudgetPolicy(requests_per_minute=100)
    await budget.lower(
        key, {"X-RateLimit-Remaining-Requests": "3", "x-ratelimit-reset-requests": "30s"}
    )
    assert await admitted(budget, key, policy, 9) == 3
    clock.now += 31
    assert await admitted(budget, key, policy, 9) == 9


@pytest.mark.parametrize("with_redis", [True, False], ids=["redis", "alone"])
async def test_retry_after_stops_everybody(broker: Redis, with_redis: bool) -> None:
    """After a 429 nobody calls before the time that the provider asked for."""
    clock, key = Clock(NOON), token_hex(8)
    budget = ProviderBudget(broker if with_redis else None, clock=clock)
    policy = BudgetPolicy(requests_per_minute=100)
    await budget.lower(key, {"retry-after": "7"})
    with pytest.raises(BudgetExhaustedError) as refused:
        await budget.reserve(key, ONE, 1, 0, policy)
    assert refused.value.retry_after_seconds == pytest.approx(7)
    clock.now += 7.1
    assert await admitted(budget, key, policy, 1) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"retry-after": "soon"},
        {"x-ratelimit-remaining-requests": "-1e9"},
        {"x-ratelimit-reset": ""},
    ],
    ids=["words", "negative", "empty"],
)
async def test_nonsense_in_headers_changes_nothing(broker: Redis, headers: dict[str, str]) -> None:
    """A header that cannot be read lowers nothing."""
    clock, key = Clock(NOON), token_hex(8)
    budget = ProviderBudget(broker, clock=clock)
    await budget.lower(key, headers)
    assert await admitted(budget, key, BudgetPolicy(requests_per_minute=5), 9) == 5


async def test_without_redis_each_of_four_has_a_quarter(no_cache: Redis) -> None:
    """Four processes that cannot see each other stay within the limit together."""
    policy, clock = BudgetPolicy(requests_per_minute=10), Clock(NOON)
    alone = [ProviderBudget(no_cache, workers=4, clock=clock) for _ in range(4)]
    assert [await admitted(budget, "model", policy, 9) for budget in alone] == [2, 2, 2, 2]


async def test_an_outage_does_not_begin_with_an_empty_count(broker: Redis) -> None:
    """What Redis told before it went away still counts, and it learns what was spent meanwhile."""
    clock, key = Clock(NOON), token_hex(8)
    policy = BudgetPolicy(requests_per_day=10, usd_micros_per_day=10, purse=key)
    budget = ProviderBudget(broker, workers=2, clock=clock)
    assert await admitted(budget, key, policy, 4) == 4
    budget._away_until = float("inf")
    assert await admitted(budget, key, policy, 9) == 3
    budget._away_until = 0.0
    assert await admitted(budget, key, policy, 9) == 3


async def test_a_call_larger_than_the_budget_is_told_to_split() -> None:
    """Waiting would never help, so the error is another one."""
    with pytest.raises(CallTooLargeError, match="split"):
        await ProviderBudget(None).reserve(
            "model", ONE, 101, 0, BudgetPolicy(tokens_per_minute=100)
        )


@pytest.mark.parametrize(
    ("moment", "hours"),
    [(1_774_760_400.0, 23), (1_792_893_600.0, 25)],
    ids=["spring", "autumn"],
)
def test_days_of_clock_changes_have_their_own_length(moment: float, hours: int) -> None:
    """The day on which clocks change in Brussels lasts 23 or 25 hours."""
    start, end = Boundaries.span(boundaries_around(moment, "Europe/Brussels").days, moment)
    assert end - start == hours * 3600
