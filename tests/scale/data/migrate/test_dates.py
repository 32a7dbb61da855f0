"""Dates as SQLite's programs write them: there and back."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from myriad.scale.data.migrate.back import find_back
from myriad.scale.data.migrate.errors import ValueRefusedError
from myriad.scale.data.migrate.mapping import ColumnMap

NOON = dt.datetime(2024, 5, 1, 10, tzinfo=dt.UTC)
FORMS: list[tuple[dict[str, Any], object, object]] = [
    ({"type": "timestamptz"}, "2024-05-01 12:00:00", NOON),
    ({"type": "timestamptz", "transform": "epoch"}, 1714557600, NOON),
    (
        {"type": "timestamptz", "transform": "epoch"},
        1714557600.25,
        NOON.replace(microsecond=250_000),
    ),
    ({"type": "timestamptz", "transform": "epoch_ms"}, 1714557600000, NOON),
    (
        {"type": "timestamptz", "transform": "epoch_us"},
        1714557600000001,
        NOON.replace(microsecond=1),
    ),
    # As SQLite's own julianday() gives it: to the millisecond, and not a digit more.
    ({"type": "timestamptz", "transform": "julian"}, 2460431.9166666665, NOON),
    ({"type": "timestamptz", "form": "%d.%m.%Y %H:%M"}, "01.05.2024 12:00", NOON),
    ({"type": "date", "form": "%m/%d/%Y"}, "05/01/2024", dt.date(2024, 5, 1)),
    ({"type": "date"}, "2024-05-01", dt.date(2024, 5, 1)),
    # The first hour of that day in Berlin is the evening before in UTC.
    ({"type": "date", "transform": "epoch"}, 1714514400, dt.date(2024, 5, 1)),
]


def _column(facts: dict[str, Any]) -> ColumnMap:
    return ColumnMap.model_validate({"from": "at", "zone": "Europe/Berlin", **facts})


@pytest.mark.parametrize(("facts", "old", "new"), FORMS)
def test_a_date_of_any_form_arrives_and_goes_back_as_it_was(
    facts: dict[str, Any], old: object, new: object
) -> None:
    column = _column(facts)
    converter = column.converter({}, {})
    assert converter.one(old) == new
    assert list(converter.many([old, None])) == [new, None]
    back = find_back(column, {}, {})
    assert back is not None
    assert (
        back(new) == pytest.approx(old, rel=1e-12) if isinstance(old, float) else back(new) == old
    )


@pytest.mark.parametrize(
    ("facts", "old"),
    [
        ({"type": "timestamptz", "transform": "epoch"}, "2024-05-01"),
        ({"type": "timestamptz", "transform": "epoch"}, 10**15),
        ({"type": "date", "form": "%d.%m.%Y"}, "2024-05-01"),
        ({"type": "date", "form": "%d.%m.%Y"}, 5),
        # An hour that the clocks of Berlin left out.
        ({"type": "timestamptz", "form": "%d.%m.%Y %H:%M"}, "31.03.2024 02:30"),
    ],
)
def test_what_is_no_such_date_is_refused(facts: dict[str, Any], old: object) -> None:
    with pytest.raises(ValueRefusedError):
        _column(facts).converter({}, {}).one(old)


def test_money_and_numbers_kept_as_text_are_taken_exactly() -> None:
    minor = _column({"type": "bigint", "transform": "minor"}).converter({}, {})
    number = _column({"type": "numeric", "digits": 4}).converter({}, {})
    assert [minor.one("12.25"), minor.one("-0.10")] == [1225, -10]
    assert str(number.one("1234567890123.1")) == "1234567890123.1000"
    assert minor.is_exact is not None
    assert [minor.is_exact("1.25"), minor.is_exact("1.255")] == [True, False]
    for one in ("", "12,50", "1e3", "nan", " 1"):
        with pytest.raises(ValueRefusedError, match="no plain number"):
            minor.one(one)
