from itertools import pairwise

from myriad.kit.ids import new_id


def test_ids_are_version_seven_and_differ() -> None:
    ids = [new_id() for _ in range(1_000)]
    assert {one.version for one in ids} == {7}
    assert {one.variant for one in ids} == {"specified in RFC 4122"}
    assert len(set(ids)) == len(ids)


def test_ids_of_later_milliseconds_sort_later() -> None:
    stamps = [new_id().int >> 80 for _ in range(1_000)]
    assert all(left <= right for left, right in pairwise(stamps))
