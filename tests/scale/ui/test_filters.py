"""Numbers, money and times read as people write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from jinja2 import UndefinedError

from myriad.kit.money import Money
from myriad.scale import ui
from myriad.scale.ui import filters


def drawn(text: str, zone: str = "America/Los_Angeles", **values: object) -> str:
    renderer = ui.Renderer()
    template = renderer._environment.from_string(text)
    now = datetime(2026, 11, 20, 16, 40, tzinfo=UTC)
    return template.render(page=ui.PageContext(zone=zone, now=now), **values)


def test_a_moment_is_shown_in_the_zone_of_the_account() -> None:
    late = datetime(2026, 3, 1, 2, 30, tzinfo=UTC)
    assert "28 Feb 2026, 18:30" in drawn("{{ at | moment }}", at=late)
    assert "1 Mar 2026, 03:30" in drawn("{{ at | moment }}", zone="Europe/Berlin", at=late)
    assert 'datetime="2026-03-01T02:30:00+00:00"' in drawn("{{ at | moment }}", at=late)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (2, "just now"),
        (61, "1 minute ago"),
        (7_300, "2 hours ago"),
        (90_000, "1 day ago"),
        (-7_300, "in 2 hours"),
        (40 * 86_400, "40 days ago"),
    ],
)
def test_a_span_is_told_in_its_largest_unit(seconds: float, words: str) -> None:
    assert filters.relative(seconds) == words


def test_ago_carries_the_moment_itself() -> None:
    at = datetime(2026, 11, 20, 16, 33, tzinfo=UTC)
    assert drawn("{{ at | ago }}", at=at).endswith(
        'title="20 Nov 2026, 08:33">7 minutes ago</time>'
    )
    assert drawn("{{ at | ago }}", at=None) == "never"


def test_money_numbers_and_shares_keep_their_signs_and_separators() -> None:
    assert filters.money(Money(124_050, "USD")) == "$1,240.50"
    assert filters.money(None) == "\N{EN DASH}"
    assert filters.signed_percent(-0.041) == "\N{MINUS SIGN}4%"
    assert filters.percent(0.724, 1) == "72.4%"
    assert filters.number(1234567) == "1,234,567"
    assert filters.in_words(4) == "four"
    assert filters.in_words(17) == "17"
    assert filters.plural(1, "person", "people") == "1 person"
    assert filters.duration(185_000) == "3 min 5 s"


def test_days_and_phones_are_short() -> None:
    assert filters.day(date(2026, 5, 3), weekday=True, year=False) == "Sun 3 May"
    assert filters.phone("+15035550142") == "(503) 555-0142"
    assert filters.phone("+493012345") == "+493012345"


def test_text_from_outside_is_escaped() -> None:
    assert drawn("{{ name }}", name="<img src=x onerror=alert(1)>").startswith("&lt;img")


def test_a_name_that_nobody_gave_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        drawn("{{ nobody }}")


def test_a_relative_time_says_so_for_the_future() -> None:
    assert filters.relative(-timedelta(days=3).total_seconds()) == "in 3 days"
