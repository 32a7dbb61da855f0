"""A month's statement adds up, and what is kept of a member leaves as files."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from math import isclose
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myriad.kit.errors import NotFoundError
from myriad.kit.ids import new_id
from myriad.products.kamioi.holding import sheets, statement_pdf
from myriad.products.kamioi.holding import statement_words as words
from myriad.products.kamioi.holding.portfolio import Whose
from myriad.products.kamioi.holding.statements import get_statement, last_day, list_months, month_of
from myriad.products.kamioi.holding.tax_lots import LotRow, list_tax_lots, reckon
from tests.products.kamioi.holding.world import BOUGHT, EX_DATE, SOLD, Saver

MONTH = date(2026, 11, 1)


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


async def test_a_month_says_what_moved_and_adds_up(saver: Saver) -> None:
    whose = Whose(saver.member_id, "USD", SOLD)
    (month,) = await list_months(saver.reader, whose)
    assert (month.month, month.rounded_minor, month.pulled_minor) == (MONTH, 1000, 1000)
    assert (month.bought_minor, month.paid_minor, month.cash_minor) == (1000, 610, 610)
    found = await get_statement(saver.reader, whose, MONTH)
    assert (found.cash_minor, found.value_minor, found.is_whole) == (610, 660, False)
    assert found.change_minor == 660 - 1000 + 610
    assert [one.reason for one in found.entries] == [
        "sweep_settled", "bought", "bought", "cash_dividend", "merger",
    ]  # fmt: skip
    assert sum(one.amount_minor for one in found.entries) == 610
    assert found.return_rate is not None
    assert isclose(found.return_rate, 1.1 * 1260 / 1090 - 1)


async def test_an_earlier_day_and_a_later_month_tell_what_stood_then(saver: Saver) -> None:
    whose = Whose(saver.member_id, "USD", EX_DATE - timedelta(days=1))
    found = await get_statement(saver.reader, whose, MONTH)
    assert {(one.ticker, one.qty, one.value_minor) for one in found.held} == {
        (saver.first.ticker, Decimal("0.05"), 550),
        (saver.second.ticker, Decimal("0.1"), 500),
    }
    later = await get_statement(
        saver.reader, replace(whose, day=date(2027, 1, 5)), date(2026, 12, 1)
    )
    assert (later.is_whole, later.value_before_minor, later.change_minor) == (True, 660, 0)
    assert (later.cash_before_minor, later.entries) == (610, ())


@pytest.mark.parametrize("month", [date(2026, 10, 1), date(2026, 12, 1)])
async def test_a_month_in_which_nothing_stood_is_not_found(saver: Saver, month: date) -> None:
    with pytest.raises(NotFoundError):
        await get_statement(saver.reader, Whose(saver.member_id, "USD", SOLD), month)


@pytest.mark.parametrize("text", ["2026-13", "nonsense", "2026-11-01", ""])
def test_what_is_no_month_is_not_found(text: str) -> None:
    with pytest.raises(NotFoundError):
        month_of(text)


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)))
@settings(max_examples=50)
def test_a_month_ends_the_day_before_the_next_begins(day: date) -> None:
    last = last_day(day.replace(day=1))
    assert (last.year, last.month) == (day.year, day.month)
    assert (last + timedelta(days=1)).day == 1


async def test_the_tax_sheet_tells_gains_of_what_has_ended(saver: Saver) -> None:
    lots = await list_tax_lots(saver.reader, Whose(saver.member_id, "USD", SOLD))
    sold, held = sorted(_rows(sheets.tax_sheet(lots)), key=lambda row: row["closed_on"] == "")
    assert (held["shares"], held["cost"], held["gain"]) == ("0.100000000", "5.00", "")
    assert (sold["proceeds"], sold["gain"], sold["term"]) == ("6.00", "1.00", "short")
    assert (sold["opened_on"], sold["closed_on"]) == (BOUGHT.isoformat(), SOLD.isoformat())
    assert [row["ticker"] for row in _rows(sheets.tax_sheet(lots, 2026))] == [saver.second.ticker]
    assert _rows(sheets.tax_sheet(lots, 2025)) == []


@given(st.lists(st.integers(1, 10**12), min_size=1, max_size=12), st.integers(0, 10**9))
@settings(max_examples=50)
def test_the_cash_of_a_merger_is_shared_among_its_lots_to_the_cent(
    units: list[int], paid: int
) -> None:
    action_id, day = new_id(), date(2026, 1, 5)
    lots = [
        LotRow(
            new_id(), new_id(), "T", "T", day, "USD", Decimal(one).scaleb(-9), 7,
            closed_on=day, action_id=action_id, kind="merger",
        )
        for one in units
    ]  # fmt: skip
    found = reckon(lots, {action_id: paid})
    assert sum(one.proceeds_minor or 0 for one in found) == paid
    assert sum(one.gain_minor or 0 for one in found) == paid - 7 * len(units)


def test_what_became_worthless_is_a_loss_and_what_was_exchanged_is_taxed_for_its_cash() -> None:
    day = date(2026, 1, 5)
    rows = [
        LotRow(
            new_id(), new_id(), "T", "T", date(2024, 1, 1), "USD", Decimal(1), 500,
            closed_on=day, action_id=new_id(), kind=kind, is_exchanged=carried is not None,
            carried_minor=carried,
        )
        for kind, carried in (("worthless", None), ("merger", 500), ("merger", 430))
    ]  # fmt: skip
    both = rows[2].action_id
    assert both is not None
    lost, exchanged, taxed = reckon(rows, {both: 120})
    assert (lost.outcome, lost.gain_minor, lost.term) == ("worthless", -500, "long")
    assert (exchanged.outcome, exchanged.proceeds_minor, exchanged.gain_minor) == (
        "exchanged", None, None,
    )  # fmt: skip
    assert (taxed.outcome, taxed.proceeds_minor, taxed.gain_minor) == ("exchanged", 120, 50)
    (row,) = _rows(sheets.tax_sheet([taxed], 2026))
    assert (row["cost"], row["gain"], row["cost_carried"]) == ("5.00", "0.50", "4.30")


async def test_everything_leaves_as_files_that_a_spreadsheet_may_open(saver: Saver) -> None:
    found = await _archive(saver, saver.member_id)
    assert set(found) == set(sheets.FILES)
    assert found["member.csv"][0]["name"] == "'=Ann"
    assert len(found["transactions.csv"]) == 20
    assert {"amount_minor", "currency"} <= set(json.loads(found["notifications.csv"][0]["facts"]))
    assert sum(Decimal(row["amount"]) for row in found["round_ups.csv"]) == Decimal(10)
    assert sum(Decimal(row["amount"]) for row in found["ledger.csv"]) == 0
    other = await _archive(saver, saver.other)
    assert len(other["transactions.csv"]) == 10
    assert not {row["id"] for row in other["lots.csv"]} & {row["id"] for row in found["lots.csv"]}


async def _archive(saver: Saver, member_id: UUID) -> dict[str, list[dict[str, str]]]:
    content = await sheets.export(saver.reader, Whose(member_id, "USD", SOLD))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {one.compress_type for one in archive.infolist()} == {zipfile.ZIP_DEFLATED}
        return {name: _rows(archive.read(name).decode()) for name in archive.namelist()}


async def test_a_statement_on_paper_is_the_same_bytes_each_time(saver: Saver) -> None:
    view = await get_statement(saver.reader, Whose(saver.member_id, "USD", SOLD), MONTH)
    heading = statement_pdf.Heading("<b>Ann", "Programme", "Simulation.")
    drawn = statement_pdf.render_pdf(view, heading)
    assert drawn.startswith(b"%PDF")
    assert drawn == statement_pdf.render_pdf(view, heading)
    named = dict(words.figures(view))
    assert (named["Shares now"], named["Cash now"], "Other" in named) == ("$6.60", "$6.10", False)
    assert sorted(words.action(one) for one in view.actions) == sorted(
        [
            f"{saver.first.ticker} split 2 for 1: 0.05 shares more",
            f"{saver.second.ticker} paid 1 a share",
            f"{saver.second.ticker} was bought for 60 a share",
        ]
    )


@pytest.mark.parametrize(
    ("close", "said"),
    [
        pytest.param(Decimal(110), "$110.00", id="whole"),
        pytest.param(Decimal("1234.5678"), "$1,234.5678", id="fine"),
        pytest.param(Decimal("0.000100"), "$0.0001", id="small"),
        pytest.param(None, "\N{EN DASH}", id="unknown"),
    ],
)
def test_a_price_is_told_as_finely_as_it_is_known(close: Decimal | None, said: str) -> None:
    assert words.price(close, "USD") == said


@pytest.mark.parametrize(
    ("sources", "said"),
    [
        pytest.param([], "", id="none"),
        pytest.param([None], "", id="unknown"),
        pytest.param(["simulated"], "which are simulated: no market paid them", id="simulated"),
        pytest.param(["a.csv", "a.csv"], "told by a.csv", id="told"),
        pytest.param(["a", "b", "c"], "told by a, b and others", id="many"),
        pytest.param(
            ["a.csv", "simulated", None],
            "told by a.csv; those of 1 share are simulated: no market paid them",
            id="both",
        ),
    ],
)
def test_a_close_that_was_invented_is_never_told_as_a_markets(
    sources: list[str | None], said: str
) -> None:
    assert words.origin(sources) == said
