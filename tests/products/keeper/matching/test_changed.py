"""Comparing what changed decides what comparing everything decides."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence

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


def shortcut(
    before: Sequence[Record], base: Base, now: Sequence[Record], model: Model
) -> Linkage | None:
    """Decide `now` from what was kept of `before`."""
    old, current = {r.id: r for r in before}, {r.id: r for r in now}
    kept = np.array([current.get(r.id) == r for r in before])
    new = [r for r in now if old.get(r.id) != r]
    changed = matching.find_changed(base, kept, new)
    if changed is None:
        return None
    stayed = [r.id for r, same in zip(before, kept, strict=True) if same]
    ids = stayed + [r.id for r in new]
    wanted = {ids[number] for number in changed.records}
    some = [r for r in now if r.id in wanted]
    place = {r.id: row for row, r in enumerate(some)}
    compared = matching.compare_changed(
        changed, some, {number: place[ids[number]] for number in changed.records}, model
    )
    return matching.settle(some, compared)


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


def described(linkage: Linkage) -> list[tuple[object, ...]]:
    """Return the decisions in an order and to a precision that sums of floats keep."""
    return sorted(
        (
            link.left,
            link.right,
            link.decision,
            link.reason,
            round(link.weight, 6),
            round(link.probability, 9),
            tuple((item.field, item.level, round(item.weight, 6)) for item in link.evidence),
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


def test_values_that_have_become_much_rarer_have_no_shortcut() -> None:
    before = [
        matching.record(
            f"{n:03d}",
            given="Ann",
            family="Lee",
            postcode="10001",
            birthday="1980-05-05",
            email=f"e{n}@x.com",
        )
        for n in range(50)
    ]
    base = matching.base_of(before, matching.compare_records(before))
    assert base is not None
    assert matching.find_changed(base, np.ones(50, dtype=bool), []) is not None
    assert matching.find_changed(base, np.arange(50) < 2, []) is None


def test_what_is_kept_of_a_record_cannot_be_read() -> None:
    one = matching.record("1", given="Philippa", family="Quickfall", email="philippa@example.com")
    two = matching.record("2", given="Philippa", family="Quickfall", email="pip@example.com")
    base = matching.base_of([one, two], matching.compare_records([one, two]))
    assert base is not None
    assert "hilippa" not in json.dumps(base.as_dict())
    assert b"philippa" not in base.texts.tobytes()
