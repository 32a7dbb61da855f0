"""Pairs worth comparing: all of those that share a contact, most of those that could be one."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from myriad.products.keeper.matching import blocking
from myriad.products.keeper.matching.columns import columns
from myriad.products.keeper.matching.normalise import Record, record

Pairs = set[tuple[int, int]]


def pairs_of(records: list[Record]) -> Pairs:
    found = blocking.candidates(records, columns(records))
    return set(zip(found.left.tolist(), found.right.tolist(), strict=True))


MAILBOXES = st.sampled_from(["", "a@x.com", "b@x.com", "c@x.com"])
CARDS = st.sets(st.sampled_from(["f1", "f2", "f3"]), max_size=2)


@settings(deadline=None)
@given(st.lists(st.tuples(MAILBOXES, CARDS), max_size=30))
def test_every_pair_with_a_common_email_or_card_is_found_once(
    people: list[tuple[str, set[str]]],
) -> None:
    records = [
        record(str(i), email=email, cards=tuple(cards)) for i, (email, cards) in enumerate(people)
    ]
    wanted = {
        (i, j)
        for j, right in enumerate(records)
        for i, left in enumerate(records[:j])
        if (left.email and left.email == right.email) or set(left.cards) & set(right.cards)
    }
    assert pairs_of(records) == wanted


def test_a_large_block_of_one_email_keeps_all_its_pairs() -> None:
    records = [record(str(i), given=f"g{i}", email="front@desk.com") for i in range(300)]
    assert len(pairs_of(records)) == 300 * 299 // 2


def test_a_large_block_of_one_family_name_keeps_neighbours_and_is_reported() -> None:
    records = [record(str(i), given=f"{chr(97 + i % 26)}{i}", family="smith") for i in range(400)]
    records += [record("x", given="zoe", family="smith"), record("y", given="zoe", family="smith")]
    found = blocking.candidates(records, columns(records))
    assert (400, 401) in set(zip(found.left.tolist(), found.right.tolist(), strict=True))
    assert len(found.left) < 402 * 401 // 2 / 4
    assert "family name" in {thinned.key for thinned in found.thinned}


def test_exchanged_and_misheard_names_still_meet() -> None:
    records = [
        record("1", given="Katherine", family="Meier"),
        record("2", given="Meyer", family="Catherine"),
        record("3", given="Meier", family="Katharine"),
    ]
    assert (0, 2) in pairs_of(records)


def test_nobody_and_one_record_have_no_pairs() -> None:
    assert pairs_of([]) == set()
    assert pairs_of([record("1", given="a", family="b")]) == set()
