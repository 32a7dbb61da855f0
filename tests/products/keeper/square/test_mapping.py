"""Square's objects as rows: the published examples, days of the location, newer wins."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myriad.products.keeper.square import mapping
from myriad.products.keeper.square.mapping import Places, UnusableObjectError, newest
from myriad.products.keeper.square.storage import KINDS

PLACES = Places(zones={"L": "America/New_York"}, currencies={"L": "USD"}, country="US")
EXAMPLES = [
    ("ListPaymentsResponse", "payments", "payment"),
    ("ListCustomersResponse", "customers", "customer"),
    ("ListPaymentRefundsResponse", "refunds", "refund"),
    ("ListBookingsResponse", "bookings", "booking"),
    ("SearchTeamMembersResponse", "team_members", "team_member"),
    ("ListLocationsResponse", "locations", "location"),
    ("SearchTimecardsResponse", "timecards", "timecard"),
]


@pytest.mark.parametrize(("answer", "field", "kind"), EXAMPLES)
def test_square_example_objects_become_rows(
    shared_data: Path, answer: str, field: str, kind: str
) -> None:
    """Every published example maps to exactly the columns that the table takes."""
    examples = json.loads((shared_data / "keeper" / "square_example_objects.json").read_text())
    for item in examples[answer][field]:
        row = KINDS[kind].row(item, PLACES)
        assert set(row) == set(KINDS[kind].target.columns)


def payment(**changes: Any) -> dict[str, Any]:
    return {
        "id": "p",
        "location_id": "L",
        "amount_money": {"amount": 100, "currency": "USD"},
        "status": "COMPLETED",
        "created_at": "2026-03-01T04:30:00Z",
        **changes,
    }


def test_the_business_day_is_that_of_the_location() -> None:
    """Half past four in UTC is still the evening before in New York."""
    assert mapping.payment_row(payment(), PLACES)["local_date"] == "2026-02-28"
    assert mapping.payment_row(payment(location_id="?"), PLACES)["local_date"] == "2026-03-01"


def test_an_unknown_zone_falls_back_to_utc() -> None:
    """A zone that no database knows does not stop a sync."""
    odd = Places(zones={"L": "Mars/Olympus"})
    assert mapping.payment_row(payment(), odd)["local_date"] == "2026-03-01"


def test_old_employee_ids_are_read() -> None:
    """A payment without team_member_id keeps the deprecated employee_id."""
    assert mapping.payment_row(payment(employee_id="E"), PLACES)["team_member_ext_id"] == "E"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"tip_money": {"amount": -1, "currency": "USD"}}, "negative_amount"),
        ({"refunded_money": {"amount": 101, "currency": "USD"}}, "refund_above_payment"),
        ({"amount_money": {"amount": 100, "currency": "EUR"}}, "mixed_currency"),
        ({"amount_money": {}, "location_id": "?"}, "no_currency"),
    ],
)
def test_money_that_makes_no_sense_is_refused(changes: dict[str, Any], reason: str) -> None:
    """The reason is a constant word."""
    with pytest.raises(UnusableObjectError, match=reason):
        mapping.payment_row(payment(**changes), PLACES)


@pytest.mark.parametrize(
    ("amount", "reason"),
    [({"amount": -1, "currency": "USD"}, "negative"), ({"amount": 1, "currency": "EUR"}, "mixed")],
)
def test_a_refund_that_makes_no_sense_is_refused(amount: dict[str, Any], reason: str) -> None:
    """A refund is held to the same rules as a payment."""
    with pytest.raises(UnusableObjectError, match=reason):
        mapping.refund_row(payment(amount_money=amount), PLACES)


@pytest.mark.parametrize(
    ("birthday", "parts"),
    [
        ("1998-09-21", (1998, 9, 21)),
        ("0000-09-21", (None, 9, 21)),
        (None, (None, None, None)),
        ("soon", (None, None, None)),
    ],
)
def test_birthday_without_a_year_keeps_month_and_day(birthday: str | None, parts: tuple) -> None:
    """birthday 0000-MM-DD is a birthday whose year nobody told."""
    row = mapping.customer_row({"id": "c", "birthday": birthday}, PLACES)
    assert (row["birth_year"], row["birth_month"], row["birth_day"]) == parts


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 3), st.integers(0, 59)), max_size=8)
)
def test_of_two_versions_on_a_page_the_newest_is_kept(versions: list[tuple]) -> None:
    """One row an object remains, and no other of its versions is newer."""
    rows = [
        {"ext_id": i, "version": v, "ext_updated_at": f"2026-01-01T00:00:{s:02d}Z"}
        for i, v, s in versions
    ]
    kept = newest(rows)
    assert sorted(row["ext_id"] for row in kept) == sorted({i for i, _, _ in versions})
    for row in kept:
        ages = [(v, s) for i, v, s in versions if i == row["ext_id"]]
        assert (row["version"], int(row["ext_updated_at"][-3:-1])) == max(ages)


def _part(start: str, end: str | None) -> dict[str, Any]:
    return {"start_at": f"2026-03-01T{start}:00Z", "end_at": end and f"2026-03-01T{end}:00Z"}


@pytest.mark.parametrize(
    ("end", "breaks", "seconds"),
    [
        ("17:00", [("12:00", "12:30"), ("15:00", "15:10")], 2400),
        ("17:00", [("16:45", "17:30")], 900),
        ("17:00", [("16:00", None)], 0),
        (None, [("12:00", "12:30")], 0),
        ("17:00", [("07:00", "07:30")], 0),
    ],
)
def test_breaks_count_within_their_timecard(
    end: str | None, breaks: list[tuple[str, str | None]], seconds: int
) -> None:
    """Paid or not, as far as they lie within the shift; one that goes on counts for nothing."""
    body = {"id": "t", **_part("09:00", end), "breaks": [_part(*one) for one in breaks]}
    assert mapping.timecard_row(body, PLACES)["break_seconds"] == seconds
