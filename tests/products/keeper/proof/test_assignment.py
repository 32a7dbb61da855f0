"""One in ten is held out: by chance, the same chance again, and fairly over the money at stake."""

from __future__ import annotations

import random
from datetime import date, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from myriad.products.keeper.proof.assignment import (
    BLOCK,
    WINDOW_DAYS,
    Allocation,
    Arm,
    Block,
    draw,
    period_of,
    stratum_of,
)

DAY = date(2026, 3, 2)
people = st.lists(st.tuples(st.uuids(), st.integers(0, 10**7)), max_size=120)


@given(people, st.binary(min_size=16, max_size=16))
def test_every_ten_of_a_stratum_hold_exactly_one_control(
    turns: list[tuple[UUID, int]], salt: bytes
) -> None:
    allocation = Allocation(salt, {})
    strata: dict[int, list[Arm]] = {}
    for person, value in turns:
        given_ = allocation.assign(person, DAY, value, "lapsed")
        arms = strata.setdefault(given_.stratum, [])
        assert given_.place == len(arms)
        arms.append(given_.arm)
    for arms in strata.values():
        for begin in range(0, len(arms), BLOCK):
            block = arms[begin : begin + BLOCK]
            assert block.count("control") <= 1
            assert len(block) < BLOCK or block.count("control") == 1


@given(people, st.integers(0, 120))
def test_going_on_from_what_is_stored_gives_the_same_arms(
    turns: list[tuple[UUID, int]], cut: int
) -> None:
    salt = b"0123456789abcdef"
    whole = Allocation(salt, {})
    expected = [whole.assign(person, DAY, value, "lapsed") for person, value in turns]
    blocks: dict[int, Block] = {}
    for one in expected[:cut]:
        same = [
            other
            for other in expected[:cut]
            if other.stratum == one.stratum and other.place // BLOCK == one.place // BLOCK
        ]
        place = max(other.place for other in same)
        if place + 1 > blocks.get(one.stratum, Block()).people:
            blocks[one.stratum] = Block(place + 1, sum(o.arm == "control" for o in same))
    later = Allocation(salt, blocks)
    assert [
        later.assign(person, DAY, value, "lapsed") for person, value in turns[cut:]
    ] == expected[cut:]


def test_every_place_is_as_likely_to_be_held_out() -> None:
    chance = random.Random(11)
    held = [0] * BLOCK
    for _ in range(1000):
        allocation = Allocation(chance.randbytes(16), {})
        for place in range(BLOCK):
            person = UUID(int=chance.getrandbits(128))
            held[place] += allocation.assign(person, DAY, 5_000, "lapsed").arm == "control"
    assert sum(held) == 1000
    # Each is binomial(1000, 0.1): five standard deviations are 47.
    assert all(53 < count < 147 for count in held)


def test_the_arm_depends_on_salt_person_and_period_and_on_nothing_else() -> None:
    person = UUID(int=7)
    first = draw(b"a" * 16, person, 3)
    assert draw(b"a" * 16, person, 3) == first
    assert draw(b"b" * 16, person, 3) != first
    assert draw(b"a" * 16, UUID(int=8), 3) != first
    assert draw(b"a" * 16, person, 4) != first
    # Written down, because another Python must draw the same: no salted hash of the process.
    assert round(first, 12) == 0.866500385982


def test_who_comes_again_after_the_window_is_drawn_anew() -> None:
    assert period_of(DAY + timedelta(days=WINDOW_DAYS)) == period_of(DAY) + 1


@given(st.integers(0, 10**9))
def test_people_of_a_stratum_differ_at_most_fourfold(value: int) -> None:
    stratum = stratum_of(value)
    assert 4**stratum <= max(value, 1) < 4 ** (stratum + 1)
