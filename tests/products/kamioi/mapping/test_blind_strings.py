"""What is said of strings whose author had not seen the facts when writing them."""

from __future__ import annotations

from pathlib import Path

import pytest

from myriad.products.kamioi.facts.brand_files import read_nsi, with_curated
from myriad.products.kamioi.facts.curated import load_curated
from myriad.products.kamioi.facts.loading import World, curated_world
from myriad.products.kamioi.facts.owning import Owners
from myriad.products.kamioi.mapping.brands import BrandBook
from myriad.products.kamioi.mapping.matching import Matcher
from tests.products.kamioi.mapping.blind import read_half, score

US_TICKERS = frozenset(
    listing.ticker for company in load_curated().companies for listing in company.listings
)


@pytest.mark.parametrize(("half", "most_mistaken"), [("a", 0), ("b", 8)])
def test_what_the_repository_knows_by_itself_maps_unseen_strings(
    half: str, most_mistaken: int
) -> None:
    done = score(curated_world(), read_half(half), US_TICKERS)
    assert done.right / done.brands >= 0.97
    assert done.owned / done.brands >= 0.96
    assert len(done.mistaken) <= most_mistaken
    assert done.precision >= 0.97


def test_fifteen_thousand_imported_brands_do_not_mislead(shared_data: Path) -> None:
    curated = load_curated()
    nsi = read_nsi(shared_data / "kamioi" / "nsi_brands.csv", lambda *_: None)
    brands = with_curated(nsi, curated)
    book = BrandBook(brands, curated.places, curated.names())
    done = score(
        World(Matcher(book), Owners.of_curated(curated, brands)), read_half("b"), US_TICKERS
    )
    assert done.right / done.brands >= 0.97
    assert done.owned / done.brands >= 0.97
    assert len(done.mistaken) <= 10


def test_a_half_has_brands_and_strings_of_none() -> None:
    for half in "ab":
        rows = read_half(half)
        assert len(rows) > 470
        assert sum(not row["brand"] for row in rows) > 90
