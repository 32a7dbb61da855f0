"""Tenants keep their worker while it has room, and room follows from how long jobs take."""

from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from myriad.scale.jobs.affinity import LOAD_BOUND, Floor, Worker, slots_of

ALL = frozenset(range(5))


def floor_of(*slots: int, classes: frozenset[int] = ALL) -> Floor:
    """Return a floor of workers with so many slots each."""
    floor = Floor()
    floor.set_workers(
        Worker(UUID(int=number + 1), f"w{number}", each, classes)
        for number, each in enumerate(slots)
    )
    return floor


def place_of(floor: Floor, number: int, rank: int = 2, mean: float | None = 1.0) -> str | None:
    """Return the name of the worker that a tenant's next job goes to."""
    found = floor.route(UUID(int=number), rank, mean)
    return found[0].name if found else None


def test_only_the_tenants_of_a_worker_that_leaves_move() -> None:
    floor = floor_of(8, 8, 8, 8)
    before = {number: place_of(floor, number) for number in range(500)}
    left = [worker for worker in floor.workers.values() if worker.name != "w2"]
    floor.set_workers(left)
    after = {number: place_of(floor, number) for number in range(500)}
    assert {before[n] for n in before if before[n] != after[n]} == {"w2"}
    assert min(list(before.values()).count(f"w{n}") for n in range(4)) > 80


@given(st.lists(st.integers(0, 3), min_size=1, max_size=200), st.sampled_from([0.001, 0.2, 5.0]))
def test_no_worker_gets_much_more_than_its_part_while_others_have_room(
    tenants: list[int], mean: float
) -> None:
    floor = floor_of(16, 16, 16)
    part = slots_of(mean)
    for number in tenants:
        found = floor.route(UUID(int=number), 1, mean)
        if found is None:
            break
        worker, _ = found
        floor.put(worker.id, 1, mean, 1)
        load = sum(each.load for each in floor.workers.values())
        assert worker.load <= LOAD_BOUND * load / 3 + 1 + LOAD_BOUND * 16 / 48 * part + part + 1e-6


def test_short_jobs_have_a_deep_window_and_long_ones_none() -> None:
    floor = floor_of(10)
    assert floor.room(1, 0.001) == 510
    assert floor.room(1, 1.0) == 15
    assert floor.room(1, 60.0) == 10


def test_long_jobs_of_lower_classes_leave_slots_to_interactive_ones() -> None:
    floor = floor_of(20)
    worker = next(iter(floor.workers.values()))
    assert floor.room(4, 60.0) == 18
    floor.put(worker.id, 4, 60.0, 18)
    assert floor.room(4, 60.0) == 0
    assert floor.room(0, 60.0) == 2
    assert floor_of(4).room(2, 60.0) == 3
    assert floor_of(3).room(2, 60.0) == 3


def test_a_worker_gets_only_its_classes_and_nothing_beyond_its_room() -> None:
    floor = floor_of(2, classes=frozenset({0, 1}))
    assert place_of(floor, 1, rank=2) is None
    assert place_of(floor, 1, rank=1) == "w0"
    worker = next(iter(floor.workers.values()))
    floor.put(worker.id, 1, 60.0, 2)
    assert place_of(floor, 1, rank=1) is None
    floor.put(worker.id, 1, 60.0, -1)
    assert place_of(floor, 1, rank=1) == "w0"


def test_a_worker_that_is_stalled_is_asked_last() -> None:
    floor = floor_of(4, 4)
    for worker in floor.workers.values():
        worker.is_stalled = worker.name == "w0"
    assert {place_of(floor, number) for number in range(20)} == {"w1"}


def test_only_classes_that_another_worker_has_a_slot_for_are_worth_stealing() -> None:
    floor = Floor()
    floor.set_workers(
        [
            Worker(UUID(int=1), "full", 4, ALL, is_stalled=True),
            Worker(UUID(int=2), "fast", 4, frozenset({0, 1})),
        ]
    )
    assert floor.classes_with_room() == [0, 1]
    floor.put(UUID(int=2), 0, 60.0, 4)
    assert floor.classes_with_room() == []
