"""What is under way never exceeds a limit, and limits change while everything runs."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myriad.kit.errors import InvalidInputError
from myriad.scale.jobs.limits import (
    Limits,
    TaskFacts,
    UnknownLimitError,
    check_key,
    clear_limit,
    list_limits,
    set_limit,
    tenant_policy,
)
from myriad.scale.runtime import Runtime

FIRST, SECOND = UUID(int=1), UUID(int=2)
TASKS = {
    1: TaskFacts("keeper.account.sync", 10.0, ("provider:square",)),
    2: TaskFacts("keeper.report.send", 10.0),
}
KEYS = (
    "global",
    "tenant",
    f"tenant:{FIRST}",
    "class:bulk",
    "task:keeper.report.send",
    "provider:square",
)


@pytest.mark.parametrize(
    ("active", "policy"), [(1, 5), (99, 5), (100, 20), (999, 20), (1000, 50), (5000, 100)]
)
def test_the_policy_follows_active_tenants(active: int, policy: int) -> None:
    assert tenant_policy(active) == policy


@given(
    st.dictionaries(st.sampled_from(KEYS), st.integers(0, 20)),
    st.lists(
        st.tuples(st.sampled_from((FIRST, SECOND)), st.sampled_from((2, 4)), st.integers(1, 2)),
        max_size=150,
    ),
)
def test_what_is_under_way_never_exceeds_a_limit(
    given_limits: dict[str, int], jobs: list[tuple[UUID, int, int]]
) -> None:
    limits = Limits()
    limits.set(given_limits, TASKS)
    going: list[tuple[UUID, int, int]] = []
    for job in jobs:
        room, _ = limits.room(*job)
        if room:
            limits.add(*job, 1)
            going.append(job)
    counts = {
        "global": len(going),
        f"tenant:{FIRST}": sum(job[0] == FIRST for job in going),
        "class:bulk": sum(job[1] == 4 for job in going),
        "task:keeper.report.send": sum(job[2] == 2 for job in going),
        "provider:square": sum(job[2] == 1 for job in going),
    }
    for key, count in counts.items():
        assert count <= given_limits.get(key, len(going))
    of_second = sum(job[0] == SECOND for job in going)
    assert of_second <= given_limits.get("tenant", len(going))


def test_the_tightest_limit_is_named_and_tells_when_it_has_room_again() -> None:
    limits = Limits()
    limits.set({"provider:square": 1, "tenant": 3}, TASKS)
    limits.add(FIRST, 2, 1, 1)
    assert limits.room(SECOND, 2, 1) == (0, "provider:square")
    assert limits.room(FIRST, 2, 2) == (2, FIRST)
    assert limits.room_under("provider:square") == 0
    limits.add(FIRST, 2, 1, -1)
    assert limits.room_under("provider:square") == 1


def test_the_policy_counts_slots_so_short_jobs_may_be_many() -> None:
    limits = Limits(slots_per_tenant=5)
    limits.set({}, {1: TaskFacts("a.b.c", 0.001), 2: TaskFacts("a.b.d", 60.0)})
    assert limits.room(FIRST, 2, 1)[0] == 255
    assert limits.room(FIRST, 2, 2)[0] == 5


@pytest.mark.parametrize(
    "key", ["", "everyone", "class:urgent", "tenant:bob", "provider:", "x" * 300]
)
def test_a_key_that_cannot_be_is_refused(key: str) -> None:
    with pytest.raises(InvalidInputError):
        check_key(key)


async def test_limits_are_set_changed_listed_and_lifted(runtime: Runtime) -> None:
    async with runtime.database.crossing("test sets limits") as session:
        await set_limit(session, "provider:test", 3)
        await set_limit(session, "provider:test", 0)
        assert (await list_limits(session))["provider:test"] == 0
        await clear_limit(session, "provider:test")
        assert "provider:test" not in await list_limits(session)
        with pytest.raises(UnknownLimitError):
            await clear_limit(session, "provider:test")
        with pytest.raises(InvalidInputError):
            await set_limit(session, "global", -1)
