from datetime import UTC, date, datetime

import pytest

from myriad.kit.clock import get_zone, local_date, utc_now
from myriad.kit.errors import InvalidInputError


def test_the_present_moment_has_a_zone() -> None:
    assert utc_now().tzinfo is UTC


def test_a_late_sale_belongs_to_the_sellers_own_day() -> None:
    late = datetime(2026, 3, 8, 3, 30, tzinfo=UTC)
    assert local_date(late, "America/New_York") == date(2026, 3, 7)
    assert local_date(late, "Europe/Berlin") == date(2026, 3, 8)


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../../etc/passwd"])
def test_an_unknown_zone_says_what_to_write(name: str) -> None:
    with pytest.raises(InvalidInputError, match="IANA"):
        get_zone(name)
