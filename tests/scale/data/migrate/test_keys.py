"""Which row of SQLite a UUID stands for, also where SQLite gives a key out again."""

from __future__ import annotations

from uuid import UUID

from myriad.scale.data.migrate.keys import Keys
from myriad.scale.data.migrate.values import derived_ids

BORN, LATER = UUID(int=7 << 100), UUID(int=8 << 100)


def test_the_key_in_a_uuid_counts_until_another_row_bears_it() -> None:
    derived = derived_ids("orders").one(419)
    keys = Keys({})
    assert keys.find_key("orders", derived) == 419
    assert keys.find_key("customers", derived) is None
    keys.add("orders", 419, BORN)
    assert keys.find_key("orders", derived) is None
    assert keys.find_key("orders", BORN) == 419


def test_a_row_that_is_gone_no_longer_has_the_key_that_another_was_given() -> None:
    keys = Keys({("orders", 5): BORN})
    keys.add("orders", 5, LATER)
    assert (keys.find_key("orders", BORN), keys.find_key("orders", LATER)) == (None, 5)
    assert keys.find_uuid("orders", 5) == LATER
