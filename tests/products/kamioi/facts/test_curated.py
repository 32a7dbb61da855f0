"""What is curated holds together: one owner and one symbol a day, and symbols that the SEC knows."""

from __future__ import annotations

import csv
from itertools import pairwise
from pathlib import Path

import pytest

from myriad.products.kamioi.facts.curated import Listing, Ownership, load_curated, parse_curated

COMPANY = """
[[company]]
name = "Moonlit Inc."
cik = 990000001
listings = [{ ticker = "MOON", exchange = "NYSE", from = 2010-01-01, source = "Form 10-K" }]
"""
OWNED = """
[[owned]]
by = "Moonlit Inc."
from = 2012-03-04
source = "Form 8-K"
category = "food|leisure"
countries = ["gb"]
[owned.brands]
"Moonlit Cup" = ["moonlit coffee"]
"Moonlit Bowl" = []
"""


def test_a_group_states_many_brands_of_one_owner() -> None:
    cup, bowl = parse_curated(COMPANY, OWNED).brands
    assert (cup.name, cup.aliases, cup.countries) == (
        "Moonlit Cup",
        ("moonlit coffee",),
        frozenset({"gb"}),
    )
    assert [(one.owner, one.cik, str(one.valid_from)) for one in bowl.owners] == [
        ("Moonlit Inc.", 990000001, "2012-03-04")
    ]


def test_one_name_stands_for_one_brand() -> None:
    with pytest.raises(ValueError, match="curated twice: Moonlit Cup, Moonlit Bowl"):
        parse_curated(COMPANY, OWNED, OWNED)


def test_an_owner_that_is_not_there_is_refused() -> None:
    with pytest.raises(KeyError, match=r"Moonlit Inc\."):
        parse_curated(OWNED)


def test_no_two_facts_hold_on_one_day() -> None:
    curated = load_curated()
    stated: list[tuple[Listing | Ownership, ...]] = [
        *(company.listings for company in curated.companies),
        *(brand.owners for brand in curated.brands),
    ]
    for facts in stated:
        ordered = sorted(facts, key=lambda fact: fact.valid_from)
        for before, after in pairwise(ordered):
            assert before.valid_to is not None, before
            assert before.valid_to <= after.valid_from, (before, after)


def test_a_company_and_every_name_stand_once() -> None:
    curated = load_curated()
    ciks = [company.cik for company in curated.companies]
    assert len(set(ciks)) == len(ciks)


def test_a_symbol_that_stands_is_the_one_that_the_sec_lists(shared_data: Path) -> None:
    path = shared_data / "kamioi" / "sec_company_tickers_exchange.csv"
    with path.open(encoding="utf-8", newline="") as file:
        known = {
            (int(row["cik"]), row["ticker"].replace("-", "."), row["exchange"])
            for row in csv.DictReader(file)
        }
    standing = [
        (company.cik, listing.ticker, listing.exchange)
        for company in load_curated().companies
        for listing in company.listings
        if listing.valid_to is None
    ]
    assert len(standing) > 300
    assert [one for one in standing if one not in known] == []
