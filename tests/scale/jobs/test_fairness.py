"""Fair queueing keeps its theorems, for any costs, weights and arrivals."""

from __future__ import annotations

from collections import Counter, defaultdict
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myriad.kit.errors import InvalidInputError
from myriad.scale.jobs.fairness import SHARES, FairQueue, Grant, Lane, Refusal

COSTS = st.floats(0.01, 100.0)
WEIGHTS = st.floats(0.1, 10.0)


def tenant(number: int) -> UUID:
    """Return the id of a tenant of the test."""
    return UUID(int=number + 1)


def add(queue: FairQueue, number: int, rank: int = 2, task: int = 1, weight: float = 1.0) -> Lane:
    """Give a tenant work."""
    return queue.add((tenant(number), rank, task, False), 0.0, weight)


def one(lane: Lane) -> Grant:
    """Admit one job of cost 1."""
    return Grant(1, 1.0)


def order(queue: FairQueue, rounds: int) -> list[int]:
    """Serve `rounds` jobs of cost 1 and return whose they were."""
    found = [queue.choose(one) for _ in range(rounds)]
    return [choice[0].flow.tenant_id.int - 1 for choice in found if choice is not None]


def test_tenants_take_turns_however_much_work_one_has() -> None:
    queue = FairQueue()
    for number in range(3):
        add(queue, number)
    assert order(queue, 9) == [0, 1, 2] * 3


def test_a_newcomer_is_served_before_the_backlog_of_the_others_but_owes_them_nothing() -> None:
    queue = FairQueue()
    add(queue, 0)
    order(queue, 1000)
    add(queue, 1)
    assert Counter(order(queue, 100)) == {0: 50, 1: 50}


def test_weights_are_parts() -> None:
    queue = FairQueue()
    add(queue, 0, weight=3.0)
    add(queue, 1, weight=1.0)
    assert Counter(order(queue, 400)) == {0: 300, 1: 100}


@given(
    st.lists(st.tuples(COSTS, COSTS), min_size=1, max_size=200),
    st.lists(WEIGHTS, min_size=2, max_size=5),
    st.integers(0, 200),
)
def test_service_of_two_flows_that_always_have_work_differs_by_their_largest_jobs_at_most(
    costs: list[tuple[float, float]], weights: list[float], start: int
) -> None:
    """SFQ's theorem 1: over any stretch |W_f/w_f - W_g/w_g| <= l_f/w_f + l_g/w_g."""
    queue = FairQueue()
    lanes = [add(queue, number, weight=weight) for number, weight in enumerate(weights)]
    prices = iter([cost for pair in costs for cost in pair])
    served: dict[Lane, list[float]] = defaultdict(list)
    history: list[tuple[Lane, float]] = []
    for price in prices:
        found = queue.choose(lambda _, price=price: Grant(1, price))  # type: ignore[misc]
        assert found is not None
        served[found[0]].append(price)
        history.append((found[0], price))
    stretch = history[start % len(history) :]
    for first in lanes:
        for second in lanes:
            gap = sum(
                (price if lane is first else -price) / lane.flow.weight
                for lane, price in stretch
                if (lane is first) != (lane is second)
            )
            bound = sum(max(served[lane], default=0) / lane.flow.weight for lane in (first, second))
            assert abs(gap) <= bound + 1e-6


@given(st.lists(COSTS, min_size=50, max_size=300), st.sets(st.integers(0, 4), min_size=1))
def test_each_class_that_has_work_gets_its_share(costs: list[float], ranks: set[int]) -> None:
    queue = FairQueue()
    for rank in ranks:
        add(queue, rank, rank)
    used: dict[int, float] = defaultdict(float)
    for cost in costs:
        found = queue.choose(lambda _, cost=cost: Grant(1, cost))  # type: ignore[misc]
        assert found is not None
        used[found[0].flow.job_class] += cost
    for rank in ranks:
        assert used[rank] >= SHARES[rank] * sum(costs) - (len(SHARES) + 1) * max(costs) - 1e-6


def test_what_is_not_reserved_goes_to_the_highest_class() -> None:
    queue = FairQueue()
    for rank in (0, 4):
        add(queue, rank, rank)
    assert Counter(order(queue, 1000)) == {0: 900, 4: 100}


def test_a_class_earns_nothing_while_it_has_no_work() -> None:
    queue = FairQueue()
    add(queue, 0, 0)
    order(queue, 1000)
    add(queue, 4, 4)
    assert Counter(order(queue, 20))[4] <= 3


def test_a_job_that_has_waited_for_long_counts_one_class_higher_but_never_as_interactive() -> None:
    queue = FairQueue(shares=(0.0,) * 5)
    queue.add((tenant(4), 4, 1, False), 0.0)
    add(queue, 3, 3)
    chosen = []
    for now in (10.0, 7200.0 * 3 + 1, 7200.0 * 100):
        queue.settle(add(queue, 3, 3), 0.0, is_empty=False, since=now)
        found = queue.choose(one, now)
        assert found is not None
        chosen.append(found[0].flow.job_class)
    assert chosen == [3, 4, 4]
    queue.add((tenant(0), 0, 1, False), 7200.0 * 100)
    found = queue.choose(one, 7200.0 * 100)
    assert found is not None
    assert found[0].flow.job_class == 0


@given(st.data())
def test_nothing_starves(data: st.DataObject) -> None:
    """Newcomers all the time, in every class: whoever waited longest is served in bounded time."""
    queue = FairQueue()
    rank = data.draw(st.integers(0, 4))
    waiting = add(queue, 10_000, rank)
    others = data.draw(st.integers(1, 5))
    for number in range(5 * 12 * (others + 2) * 10):
        add(queue, number % 1000, number % 5)
        found = queue.choose(one)
        assert found is not None
        if found[0] is waiting:
            return
        queue.settle(found[0], 0.0, is_empty=number % 2 == 0)
    pytest.fail("the first one was never served")


@given(st.lists(st.integers(0, 5), min_size=1, max_size=60), st.integers(0, 4))
def test_caps_are_kept_and_nobody_else_waits_for_them(tenants: list[int], cap: int) -> None:
    """Work-conserving: everything is served that a cap allows."""
    queue = FairQueue()
    waiting, going = Counter(tenants), Counter[int]()
    for number in waiting:
        add(queue, number)

    def admit(lane: Lane) -> Grant | Refusal:
        number = lane.flow.tenant_id.int - 1
        return Refusal(number) if going[number] >= cap else Grant(1, 1.0)

    while (found := queue.choose(admit)) is not None:
        number = found[0].flow.tenant_id.int - 1
        going[number] += 1
        waiting[number] -= 1
        queue.settle(found[0], 0.0, is_empty=waiting[number] == 0)
    assert all(number <= cap for number in going.values())
    assert going == Counter({n: min(cap, jobs) for n, jobs in Counter(tenants).items() if cap})


def test_a_lane_that_rests_takes_part_again_when_its_key_is_released() -> None:
    queue = FairQueue()
    for number in range(4):
        add(queue, number)
    assert queue.choose(lambda _: Refusal("provider:x")) is None
    assert queue.keys_rested_on() == ["provider:x"]
    assert queue.release("provider:x", 2) == 2
    assert order(queue, 4) == [0, 1, 0, 1]
    assert queue.release("provider:x", 9) == 2
    assert queue.keys_rested_on() == []


def test_one_lane_at_its_limit_does_not_hold_up_the_flows_other_tasks() -> None:
    queue = FairQueue()
    add(queue, 0, task=1)
    other = add(queue, 0, task=2)
    found = queue.choose(lambda lane: Refusal("full") if lane.task_id == 1 else Grant(1, 1.0))
    assert found is not None
    assert found[0] is other


def test_rest_earns_no_credit() -> None:
    queue = FairQueue()
    add(queue, 0)
    add(queue, 1)
    queue.choose(lambda lane: Refusal("cap") if lane.flow.tenant_id == tenant(0) else one(lane))
    order(queue, 100)
    queue.release("cap", 1)
    assert Counter(order(queue, 100)) == {0: 50, 1: 50}


def test_actual_cost_counts_in_the_end() -> None:
    queue = FairQueue()
    dear = add(queue, 0)
    add(queue, 1)
    order(queue, 2)
    queue.correct(dear.flow, 10.0)
    assert order(queue, 12) == [1] * 10 + [0, 1]


def test_an_empty_lane_is_forgotten_unless_work_came_meanwhile() -> None:
    queue = FairQueue()
    lane = add(queue, 0)
    queue.choose(one)
    add(queue, 0)
    queue.settle(lane, 0.0, is_empty=True)
    assert len(queue) == 1
    queue.choose(one)
    queue.settle(lane, 0.0, is_empty=True)
    assert len(queue) == 0
    assert queue.choose(one) is None


def test_a_flow_that_used_much_is_remembered_until_the_others_caught_up() -> None:
    queue = FairQueue()
    lane = add(queue, 0)
    order(queue, 50)
    queue.forget(lane)
    queue.prune()
    add(queue, 1)
    add(queue, 0)
    assert order(queue, 2) == [1, 0]


def test_a_successor_goes_on_where_the_predecessor_was() -> None:
    before = FairQueue()
    add(before, 0)
    order(before, 30)
    after = FairQueue()
    after.restore(2, before.virtual_time(2))
    after.flow(tenant(0), 2).finish = before.flow(tenant(0), 2).finish
    add(after, 0)
    add(after, 1)
    assert order(after, 3) == [1, 0, 1]


@pytest.mark.parametrize("shares", [(0.5,) * 5, (-0.1, 0.1, 0.1, 0.1, 0.1), (0.1,)])
def test_shares_that_cannot_be_kept_are_refused(shares: tuple[float, ...]) -> None:
    with pytest.raises(InvalidInputError):
        FairQueue(shares=shares)


def test_which_classes_have_work_is_known_until_it_is_gone() -> None:
    queue = FairQueue()
    low = add(queue, 0, rank=3)
    assert not queue.has_work_up_to(1)
    high = add(queue, 1, rank=1)
    add(queue, 1, rank=1)
    assert queue.has_work_up_to(1)
    queue.forget(high)
    queue.forget(high)
    assert not queue.has_work_up_to(1)
    assert queue.has_work_up_to(3)
    queue.forget(low)
    assert not queue.has_work_up_to(4)
