"""Names of companies are found however exchanges and registers write them."""

from __future__ import annotations

import pytest

from myriad.products.kamioi.mapping.companies import SURE_FROM, CompanyIndex

SEC = [
    "AMAZON COM INC",
    "COSTCO WHOLESALE CORP /NEW",
    "TJX COMPANIES INC /DE/",
    "Moonlit Holdings, Inc.",
    "Moonlit Foods Corp",
    "INTERNATIONAL BUSINESS LANTERNS CORP",
]


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("Amazon.com, Inc. - Common Stock", 0),
        ("Costco Wholesale Corporation - Common Stock", 1),
        ("TJX Companies, Inc. (The) Common Stock", 2),
        ("Moonlit Holding Incorporated Class A Common Stock", 3),
        ("Moonlit Foods Corporation", 4),
        ("International Business Lanterns Corporation", 5),
    ],
)
def test_a_listed_name_is_the_company_of_the_register(name: str, place: int) -> None:
    found = CompanyIndex(SEC).find(name)
    assert found is not None
    assert found.place == place
    assert found.score >= SURE_FROM


def test_a_name_that_is_nobodys_is_not_sure() -> None:
    found = CompanyIndex(SEC).find("Zebra Quarry Works")
    assert found is None or found.score < SURE_FROM
