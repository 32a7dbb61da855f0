"""Facts come in once however often their file comes, and what cannot be used is told by its line."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from myriad.products.kamioi.errors import FactFileError
from myriad.products.kamioi.explaining import explain
from myriad.products.kamioi.facts.importing import import_brands, import_file
from myriad.products.kamioi.facts.loading import World, curated_world, load_world
from myriad.scale.runtime import Runtime

DAY = date(2026, 11, 21)
BRANDS = (
    "category,display_name,brand,wikidata,locations,aliases\n"
    "brands/amenity/cafe,Moonlit Cup,Moonlit Cup,Q900000001,gb|ie,moonlit|the moonlit cup\n"
    "brands/amenity/fuel,Moonlit Cup,Moonlit Cup,Q900000001,gb,\n"
    "brands/shop/toys,,,Q900000002,001,\n"
)
SEC = (
    "cik,name,ticker,exchange\n"
    "990000001,Moonlit Holdings Inc,MOON,Nasdaq\n"
    "990000001,Moonlit Holdings Inc,MOONW,Nasdaq\n"
    "x,Broken Row,BRK,NYSE\n"
    "990000002,Unlisted Thing,UNL,\n"
)
MCC = "mcc,edited_description\n9901,Moon cafés\n6011,Cash\nabc,Wrong\n"


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


async def test_the_same_file_twice_changes_nothing(runtime: Runtime, tmp_path: Path) -> None:
    # Facts belong to the whole world, so that these are this test's alone.
    own = BRANDS.replace("oonlit", "oonless").replace("Q9000", "Q9100")
    brands = write(tmp_path, "moonlit_brands.csv", own)
    first = await import_file(runtime.database, brands, DAY)
    again = await import_file(runtime.database, brands, DAY)
    assert first.refused == again.refused == 1
    assert first.brands > 0
    assert (again.brands, again.aliases, again.companies) == (0, 0, 0)
    sec = write(tmp_path, "moonlit_sec.csv", SEC.replace("9900000", "9910000"))
    assert (await import_file(runtime.database, sec, DAY)).companies == 1
    once_more = await import_file(runtime.database, sec, DAY)
    assert (once_more.companies, once_more.listings, once_more.refused) == (0, 0, 2)


async def test_a_refused_row_is_kept_with_its_line_and_why(
    runtime: Runtime, tmp_path: Path
) -> None:
    await import_file(runtime.database, write(tmp_path, "moonlit_codes.csv", MCC), DAY)
    rows = await runtime.database.crossing_rows(
        "test reads refusals",
        "SELECT line, reason FROM kamioi.fact_refusal WHERE file = 'moonlit_codes.csv'",
    )
    assert rows == [{"line": 4, "reason": "the code is not four digits"}]
    kinds = await runtime.database.crossing_rows(
        "test reads codes",
        "SELECT kind FROM kamioi.mcc WHERE code IN ('6011', '9901') ORDER BY code",
    )
    assert [row["kind"] for row in kinds] == ["cash_advance", "purchase"]


async def test_a_share_under_another_symbol_ends_the_one_before(
    runtime: Runtime, tmp_path: Path
) -> None:
    text = "cik,name,ticker,exchange\n990000009,Renamed Inc,{},NYSE\n"
    old = write(tmp_path, "renamed_a.csv", text.format("OLDX"))
    new = write(tmp_path, "renamed_b.csv", text.format("NEWX"))
    await import_file(runtime.database, old, date(2026, 1, 1))
    await import_file(runtime.database, new, date(2026, 6, 1))
    rows = await runtime.database.crossing_rows(
        "test reads listings",
        "SELECT l.ticker, l.valid_from, l.valid_to FROM kamioi.listing l "
        "JOIN kamioi.security s ON s.id = l.security_id JOIN kamioi.company c ON c.id = s.company_id "
        "WHERE c.cik = 990000009 ORDER BY l.valid_from",
    )
    assert [tuple(row.values()) for row in rows] == [
        ("OLDX", date(2026, 1, 1), date(2026, 6, 1)),
        ("NEWX", date(2026, 6, 1), None),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [("a,b\n1,2\n", "none of the known files"), ("", "none of the known files")],
    ids=["another header", "empty"],
)
async def test_a_file_of_something_else_is_refused(
    runtime: Runtime, tmp_path: Path, text: str, told: str
) -> None:
    with pytest.raises(FactFileError, match=told):
        await import_file(runtime.database, write(tmp_path, "other.csv", text), DAY)


async def test_a_file_that_is_not_there_is_told(runtime: Runtime, tmp_path: Path) -> None:
    with pytest.raises(FactFileError, match="give the path of a CSV file"):
        await import_file(runtime.database, tmp_path / "none.csv", DAY)


async def test_what_was_imported_is_what_the_matcher_knows(
    runtime: Runtime, tmp_path: Path
) -> None:
    await import_brands(runtime.database, write(tmp_path, "moonlit_brands.csv", BRANDS))
    world = await load_world(runtime.database)
    assert explain(world, "MOONLIT 0123", DAY, country="gb").brand == "Moonlit Cup"
    assert len(world.ids) == len(world.book.brands)
    assert await load_world(runtime.database) is world
    assert bought(world, "asda stores 1", date(2018, 1, 1)) == ("Walmart Inc.", "WMT")


def bought(world: World, raw: str, day: date) -> tuple[str, str]:
    told = explain(world, raw, day)
    return told.company, told.ticker


@pytest.mark.parametrize(
    ("raw", "day", "company", "ticker"),
    [
        ("facebook xz12", date(2022, 6, 8), "Meta Platforms, Inc.", "FB"),
        ("facebook xz12", date(2022, 6, 9), "Meta Platforms, Inc.", "META"),
        ("facebook xz12", date(2012, 5, 17), "", ""),
        ("shell fiveways 387", date(2018, 3, 1), "Shell plc", "RDS.A"),
        ("shell fiveways 387", date(2026, 3, 1), "Shell plc", "SHEL"),
        ("asda 4387", date(2021, 2, 15), "Walmart Inc.", "WMT"),
        ("asda 4387", date(2021, 2, 16), "the Issa brothers and TDR Capital", ""),
        ("costa coffee", date(2018, 12, 31), "Whitbread PLC (London, no US listing)", ""),
        ("costa coffee", date(2019, 1, 3), "The Coca-Cola Company", "KO"),
        ("linkedin", date(2016, 12, 7), "LinkedIn Corporation", "LNKD"),
        ("linkedin", date(2016, 12, 8), "Microsoft Corporation", "MSFT"),
        ("booking.com 123", date(2018, 2, 26), "Booking Holdings Inc.", "PCLN"),
        ("uber trip", date(2018, 1, 1), "", ""),
        ("boots 2032", date(2026, 1, 1), "Sycamore Partners", ""),
    ],
)
def test_a_purchase_buys_what_it_would_have_bought_on_its_day(
    raw: str, day: date, company: str, ticker: str
) -> None:
    assert bought(curated_world(), raw, day) == (company, ticker)


def test_why_tells_every_step() -> None:
    told = explain(curated_world(), "SQ *COSTA COFFEE 43036690", date(2020, 1, 1))
    assert [step.split()[0] for step in told.steps] == ["read", "paid", "“costa", "on"]
    assert "KO (Form 10-K, fiscal 2019)" in told.why
