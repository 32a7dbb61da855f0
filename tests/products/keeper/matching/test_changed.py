"""Comparing what changed decides what comparing everything decides."""

from __future__ import annotations

import json
import random
from collections.abc import Container, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from myriad.products.keeper import matching
from myriad.products.keeper.matching import Base, Linkage, Model, Record

_GIVEN = ("Anna", "Ann", "Robert", "Bob", "Maria", "Jon", "John", "Li", "Sofia", "Eve")
_FAMILY = ("Smith", "Smyth", "Garcia", "Chen", "O'Brien", "Lopez", "Kim", "Novak")


def draw(dice: random.Random, number: int) -> Record:
    """Return a profile that may be somebody's second one."""
    own = dice.randrange(60)
    given, family = _GIVEN[own % len(_GIVEN)], _FAMILY[own % len(_FAMILY)]
    return matching.record(
        f"{number:04d}",
        given=dice.choice([given, given, given[:-1], ""]),
        family=dice.choice([family, family, family + "s"]),
        email=dice.choice([f"p{own}@example.com", "", f"q{number}@example.com"]),
        phone=dice.choice([f"+1212555{own:04d}", "", f"+1646555{number % 10000:04d}"]),
        birthday=dice.choice(["", f"19{50 + own % 40}-0{1 + own % 9}-1{own % 9}"]),
        cards=tuple(dice.sample([f"card{own}", f"card{number}"], dice.randrange(3))),
        postcode=dice.choice(["", f"100{own % 30:02d}"]),
    )


def again(
    before: Sequence[Record],
    base: Base,
    now: Sequence[Record],
    model: Model,
    stirred: Container[str] | None = None,
) -> tuple[Linkage, matching.Again, list[str]] | None:
    """Decide `now` from what was kept of `before`; also the ids behind the answer's numbers."""
    # What changes a profile changes its stamp; its bookings do not.
    old, current = ({r.id: replace(r, busy=()) for r in each} for each in (before, now))
    kept = np.array([current.get(own) == record for own, record in old.items()])
    new = [r for r in now if old.get(r.id) != current[r.id]]
    flags = None if stirred is None else np.array([r.id in stirred for r in before])
    changed = matching.find_changed(base, kept, new, model, flags)
    if changed is None:
        return None
    stayed = [r.id for r, same in zip(before, kept, strict=True) if same]
    ids = stayed + [r.id for r in new]
    wanted = {ids[number] for number in changed.records}
    some = [r for r in now if r.id in wanted]
    place = {r.id: row for row, r in enumerate(some)}
    places = {number: place[ids[number]] for number in changed.records}
    answer = matching.compare_changed(changed, some, places, model)
    return matching.settle(some, answer.compared), answer, ids


def shortcut(
    before: Sequence[Record], base: Base, now: Sequence[Record], model: Model
) -> Linkage | None:
    """Decide `now` from what was kept of `before`."""
    answer = again(before, base, now, model)
    return answer[0] if answer else None


@pytest.mark.parametrize("seed", range(12))
def test_what_changed_is_decided_as_if_everything_had_been_compared(seed: int) -> None:
    dice = random.Random(seed)
    before = [draw(dice, number) for number in range(250)]
    compared = matching.compare_records(before)
    base, first = matching.base_of(before, compared), matching.settle(before, compared)
    assert base is not None
    assert first.model is not None
    base = Base.from_dict(json.loads(json.dumps(base.as_dict())))
    now = list(before)
    for _ in range(dice.randrange(1, 12)):
        now.pop(dice.randrange(len(now)))
    for place in dice.sample(range(len(now)), 6):
        now[place] = draw(dice, int(now[place].id))
    now += [draw(dice, number) for number in range(1000, 1000 + dice.randrange(1, 9))]
    whole = matching.link(now, known=first.model)
    quick = shortcut(before, base, now, first.model)
    assert quick is not None
    assert whole.links
    assert described(quick) == described(whole)


def changed_list(dice: random.Random, before: Sequence[Record], first: int) -> list[Record]:
    """Return the list a night later: some went, some changed, some came."""
    now = list(before)
    for _ in range(dice.randrange(4)):
        now.pop(dice.randrange(len(now)))
    for place in dice.sample(range(len(now)), dice.randrange(4)):
        now[place] = draw(dice, int(now[place].id))
    return now + [draw(dice, number) for number in range(first, first + dice.randrange(4))]


def booked(dice: random.Random, record: Record) -> Record:
    """Return the record with a booking in one of very few hours."""
    start = datetime(2026, 3, 1, dice.randrange(9, 12), tzinfo=UTC)
    return replace(record, busy=((start, start + timedelta(minutes=30)),))


@pytest.mark.parametrize("is_renewed", [True, False], ids=["renewed base", "old base"])
@pytest.mark.parametrize("seed", range(5))
def test_nights_that_look_only_at_torn_groups_leave_what_comparing_everything_leaves(
    seed: int, is_renewed: bool
) -> None:
    dice = random.Random(seed)
    now = before = [draw(dice, number) for number in range(250)]
    first = matching.link(before)
    base = matching.base_of(before, matching.compare_records(before, known=first.model))
    assert first.model is not None
    assert base is not None
    links, loose = {(k[0], k[1]): k for k in described(first)}, set[str]()
    for night in range(4):
        now = changed_list(dice, now, 1000 * (night + 1))
        stirred = {now[n].id for n in dice.sample(range(len(now)), 5)}
        now = [booked(dice, r) if r.id in stirred else r for r in now]
        answer = again(before, base, now, first.model, stirred | loose)
        assert answer is not None
        quick, found, held = answer
        assert found.touched is not None
        by_id = {r.id: r for r in now}
        touched = {held[n] for n in found.touched} | stirred | loose
        touched |= {r.id for r in before} - set(held)
        left = {pair: k for pair, k in links.items() if not touched.intersection(pair)}
        links = {(k[0], k[1]): k for k in described(matching.link(now, known=first.model))}
        assert left | {(k[0], k[1]): k for k in described(quick)} == links
        assert len(touched) < len(now)
        loose = {held[n] for n in found.loose}
        if is_renewed:
            before, base, loose = [by_id[own] for own in held], found.base, set()


def described(linkage: Linkage) -> list[tuple[Any, ...]]:
    """Return the decisions in an order and to a precision that sums of floats keep."""
    return sorted(
        (
            min(link.left, link.right),
            max(link.left, link.right),
            link.decision,
            link.reason,
            round(link.weight, 6),
            round(link.probability, 9),
            tuple(
                sorted((item.field, item.level, round(item.weight, 6)) for item in link.evidence)
            ),
        )
        for link in linkage.links
    )


def test_a_crowded_block_has_no_shortcut() -> None:
    before = [
        matching.record(f"{n:03d}", given=f"G{n}", family="Smith", email=f"e{n}@example.com")
        for n in range(60)
    ]
    base = matching.base_of(before, matching.compare_records(before))
    assert base is not None
    one = matching.record("999", given="Zed", family="Smith")
    assert matching.find_changed(base, np.ones(60, dtype=bool), [one]) is None
    crowd = [*before, one]
    assert matching.base_of(crowd, matching.compare_records(crowd)) is None


def test_a_value_that_has_become_much_commoner_has_no_shortcut() -> None:
    before = [
        matching.record(f"{n:03d}", given=f"G{n // 2}", family=f"F{n}", email=f"e{n}@x.com")
        for n in range(50)
    ]
    model = matching.link(before).model
    base = matching.base_of(before, matching.compare_records(before, known=model))
    assert base is not None
    everybody = np.ones(50, dtype=bool)
    newcomers = [matching.record(f"9{n}", given="G3", email=f"n{n}@x.com") for n in range(4)]
    assert matching.find_changed(base, everybody, newcomers[:3], model) is not None
    assert matching.find_changed(base, everybody, newcomers, model) is None


def test_a_pair_keeps_its_weight_for_as_long_as_its_model_serves() -> None:
    pair = [
        matching.record(str(n), given="Maria", family="Novak", phone="+12125550001")
        for n in range(2)
    ]
    others = [
        matching.record(f"x{n}", given=f"Given{n}", family="Novak", phone=f"+1212556{n:04d}")
        for n in range(40)
    ]
    model = matching.link([*pair, *others]).model
    assert model is not None
    stored = Model.from_dict(json.loads(json.dumps(model.as_dict())))
    more = [matching.record(f"y{n}", given="Maria", family="Novak") for n in range(3)]
    weights = [
        next(
            k.weight
            for k in matching.link(each, known=stored).links
            if {k.left, k.right} == {"0", "1"}
        )
        for each in ([*pair, *others], [*pair, *others, *more])
    ]
    assert weights[0] == weights[1]


def test_what_is_kept_of_a_record_cannot_be_read() -> None:
    one = matching.record("1", given="Philippa", family="Quickfall", email="philippa@example.com")
    two = matching.record("2", given="Philippa", family="Quickfall", email="pip@example.com")
    base = matching.base_of([one, two], matching.compare_records([one, two]))
    assert base is not None
    assert "hilippa" not in json.dumps(base.as_dict())
    assert b"philippa" not in base.texts.tobytes()
