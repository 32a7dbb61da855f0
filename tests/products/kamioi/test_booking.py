"""A line that asks for a booking becomes the one statement that writes a transfer's entries."""

from __future__ import annotations

import pytest

from myriad.products.kamioi.repository.booking import with_bookings
from myriad.products.kamioi.repository.sql import QUERIES


def test_a_line_becomes_the_statement_and_the_rest_stays() -> None:
    query = (
        "WITH paid AS (SELECT 1), written AS (\n    -- book paid: fee, fees -, bank +\n)\nSELECT 1"
    )
    made = with_bookings(query)
    assert made.startswith("WITH paid AS (SELECT 1), written AS (\n    INSERT INTO")
    assert "VALUES (1, 'fees', -1), (2, 'bank', +1)" in made
    assert "b.currency, 'fee', b.about_id" in made
    assert made.endswith("\n)\nSELECT 1")


@pytest.mark.parametrize("name", sorted(QUERIES))
def test_no_query_keeps_a_line_that_nothing_understood(name: str) -> None:
    assert "-- book" not in QUERIES[name]
