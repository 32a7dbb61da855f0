"""Exports of banks here and elsewhere: currencies, states, signs and days as they write them."""

from __future__ import annotations

from datetime import date

import pytest

from myriad.products.kamioi.intake import csv_files, ofx
from myriad.products.kamioi.intake.csv_files import CsvForm, read_csv
from myriad.products.kamioi.intake.lines import BadLine, BadLineError, Line, StatementFileError
from myriad.products.kamioi.intake.refusing import check_file
from myriad.products.kamioi.intake.values import find_order, read_day
from tests.products.kamioi.intake.test_reading import BANKS, TODAY


@pytest.mark.parametrize(
    ("name", "code"), [(one, "GBP") for one in ("revolut", "monzo", "starling", "ing-nl", "n26")]
)
def test_the_currency_that_a_file_says_counts_and_not_the_members(name: str, code: str) -> None:
    statement = read_csv(BANKS[name].replace("USD", code).encode(), CsvForm(currency="EUR"))
    (line,) = csv_files.read_lines(statement, TODAY)
    assert isinstance(line, Line)
    assert (line.currency, line.amount_minor) == (code, 450)


def test_a_row_says_whether_money_went_out_is_on_its_way_or_never_moved() -> None:
    rows = ["BA;Af;4,50", "OV;Bij;2.500,00", "BA;Perhaps;1,00"]
    head = "Datum;Naam / Omschrijving;Tegenrekening;Code;Af Bij;Bedrag (EUR)\n"
    content = head + "".join(f"20261103;X;;{row}\n" for row in rows)
    found = list(csv_files.read_lines(read_csv(content.encode(), CsvForm()), TODAY))
    told = [(one.amount_minor, one.kind) if isinstance(one, Line) else one.reason for one in found]
    assert told == [
        (450, "purchase"),
        (-250_000, "transfer"),
        "it does not say whether money went out or came in",
    ]
    completed = BANKS["revolut"]
    pending = completed.replace("2026-11-03 11:00:00", "").replace("COMPLETED", "PENDING")
    (line,) = csv_files.read_lines(read_csv(pending.encode(), CsvForm()), TODAY)
    assert isinstance(line, Line)
    assert (line.is_pending, line.day) == (True, date(2026, 11, 2))
    never = completed.replace("COMPLETED", "REVERTED")
    (bad,) = csv_files.read_lines(read_csv(never.encode(), CsvForm()), TODAY)
    assert isinstance(bad, BadLine)
    assert bad.reason == "it was reverted: no money moved"


def test_a_nought_in_the_other_column_and_commas_in_a_text_are_no_riddle() -> None:
    content = (
        b"Everyday account\nExported on 15.11.2026\n\nDate;Payee;Debit;Credit\n"
        b"03.11.2026;ALDI, A, B, C, D, E, F;12,50;0,00\n04.11.2026;REFUND;0,00;12,50\n"
    )
    found = list(csv_files.read_lines(read_csv(content, CsvForm()), TODAY))
    assert [one.amount_minor for one in found if isinstance(one, Line)] == [1250, -1250]
    assert [one.day.month for one in found if isinstance(one, Line)] == [11, 11]


@pytest.mark.parametrize(
    "text", ["03 Nov 2026", "3-Nov-26", "Nov 3, 2026", "3 November 2026", "03.11.2026", "20261103"]
)
def test_days_are_read_as_banks_write_them(text: str) -> None:
    assert read_day(text, find_order([text])) == date(2026, 11, 3)


@pytest.mark.parametrize("text", ["3 Nox 2026", "31 Nov 2026", "Nov 2026", "3 Nov 226"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(BadLineError):
        read_day(text, "dmy")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \r\n", "is empty"),
        (b"%PDF-1.7\n%\xe2\xe3", "is a PDF"),
        (b"PK\x03\x04\x14\0", "is a spreadsheet or an archive"),
        (b"\x89PNG\r\n\x1a\n", "is a picture"),
        (b"\n<!DOCTYPE html><html>", "is a web page"),
        (bytes(range(256)), "is no text"),
    ],
)
def test_what_people_bring_instead_of_a_statement_is_named(content: bytes, said: str) -> None:
    with pytest.raises(StatementFileError, match=f"this file {said}"):
        check_file(content)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_a_statement_in_any_encoding_is_none_of_those(encoding: str) -> None:
    content = 'Date,Description,Amount\n2026-11-03,"CAFÉ “Zoë” €5",-4.50\n'.encode(encoding)
    check_file(content)
    form = CsvForm(spending="negative")
    (line,) = csv_files.read_lines(read_csv(content, form), TODAY)
    assert isinstance(line, Line)
    assert line.raw == "CAFÉ “Zoë” €5"


def test_all_that_a_file_does_not_say_is_asked_at_once() -> None:
    content = b"Date,Description,Amount\n03/04/2026,COFFEE,4.50\n"
    with pytest.raises(StatementFileError) as asked:
        read_csv(content, CsvForm())
    assert [where for where, _ in asked.value.errors] == ["/spending", "/days"]


@pytest.mark.parametrize(("aggregate", "currency"), [("ORIGCURRENCY", "USD"), ("CURRENCY", "EUR")])
def test_an_amount_that_the_bank_converted_is_in_the_accounts_currency(
    aggregate: str, currency: str
) -> None:
    content = (
        "OFXHEADER:100\n\n<OFX><STMTRS><CURDEF>USD<BANKTRANLIST><STMTTRN><TRNTYPE>DEBIT"
        f"<DTPOSTED>20261103<TRNAMT>-4.50<FITID>1<NAME>CAFE<{aggregate}><CURRATE>1.08<CURSYM>EUR"
        f"</{aggregate}></STMTTRN><STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20261103<TRNAMT>-1.00<FITID>2"
        "<NAME>BAR</STMTTRN></BANKTRANLIST></STMTRS></OFX>"
    )
    (statement,) = ofx.read_statements(content.encode())
    found = [one for one in ofx.read_lines(statement, TODAY) if isinstance(one, Line)]
    assert [(one.amount_minor, one.currency) for one in found] == [(450, currency), (100, "USD")]
