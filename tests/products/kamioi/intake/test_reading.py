"""OFX and CSV as banks write them, and as nobody should."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myriad.products.kamioi.intake import csv_files, ofx
from myriad.products.kamioi.intake.csv_files import CsvForm, read_csv
from myriad.products.kamioi.intake.lines import BadLine, BadLineError, Line, StatementFileError
from myriad.products.kamioi.intake.values import find_order, read_amount, read_day

TODAY = date(2026, 11, 21)

SGML = """OFXHEADER:100
DATA:OFXSGML
VERSION:102
ENCODING:USASCII
CHARSET:1252

<OFX><SIGNONMSGSRSV1><SONRS><FI><ORG>B1<FID>10</FI></SONRS></SIGNONMSGSRSV1>
<CREDITCARDMSGSRSV1><CCSTMTTRNRS><CCSTMTRS><CURDEF>USD
<CCACCTFROM><ACCTID>4111111111114242</CCACCTFROM>
<BANKTRANLIST><DTSTART>20261101<DTEND>20261121
<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20261103120000.000[-5:EST]<TRNAMT>-12.34<FITID>A1
<NAME>CAF\xc9 &amp; BAR #12<MEMO>NEW YORK NY</STMTTRN>
<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20261104<TRNAMT>5.00<FITID>A2<NAME>TARGET REFUND</STMTTRN>
<STMTTRN><TRNTYPE>FEE<DTPOSTED>20261105<TRNAMT>-3.00<FITID>A3<NAME>LATE FEE</STMTTRN>
<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20261105<TRNAMT>-0.00<FITID>A4<NAME>VERIFY</STMTTRN>
<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>2026<TRNAMT>-1.00<FITID>A5<NAME>NO DAY</STMTTRN>
<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20261106<TRNAMT>1O.00<FITID>A6<NAME>NO SUM</STMTTRN>
<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20261106<TRNAMT>-1.00<NAME>NO ID</STMTTRN>
</BANKTRANLIST></CCSTMTRS></CCSTMTTRNRS></CREDITCARDMSGSRSV1></OFX>
""".encode("cp1252")


def _read(content: bytes) -> tuple[ofx.OfxAccount, list[Line], list[BadLine]]:
    statement = ofx.read_statements(content)[0]
    found = list(ofx.read_lines(statement, TODAY))
    good = [one for one in found if isinstance(one, Line)]
    return statement.account, good, [one for one in found if isinstance(one, BadLine)]


def test_a_statement_in_sgml_is_read_in_its_own_encoding() -> None:
    account, lines, _ = _read(SGML)
    assert (account.institution, account.mask, account.kind) == ("B1", "4242", "card")
    assert [(one.amount_minor, one.kind, one.day.day) for one in lines] == [
        (1234, "purchase", 3),
        (-500, "refund", 4),
        (300, "fee", 5),
        (0, "purchase", 5),
    ]
    assert lines[0].raw == "CAFÉ & BAR #12 NEW YORK NY"
    assert lines[0].external_id == "A1:1234:20261103"


def test_a_bad_movement_is_kept_apart_with_its_line_and_reason() -> None:
    _, _, bad = _read(SGML)
    assert [(one.number, one.reason) for one in bad] == [
        (16, "its day is no date"),
        (17, "its amount is no number"),
        (18, "it has no FITID"),
    ]


def test_a_statement_in_xml_reads_the_same_as_in_sgml() -> None:
    text = (
        '<?xml version="1.0" encoding="UTF-8"?><?OFX OFXHEADER="200" VERSION="211"?><OFX>'
        "<STMTRS><CURDEF>EUR</CURDEF><BANKACCTFROM><BANKID>9</BANKID><ACCTID>77</ACCTID>"
        "<ACCTTYPE>SAVINGS</ACCTTYPE></BANKACCTFROM><BANKTRANLIST><STMTTRN>"
        "<TRNTYPE>DEBIT</TRNTYPE><DTPOSTED>20261103</DTPOSTED><TRNAMT>-1,50</TRNAMT>"
        "<FITID>x</FITID><NAME>Bäckerei</NAME></STMTTRN></BANKTRANLIST></STMTRS></OFX>"
    )
    account, lines, bad = _read(text.encode())
    assert (account.kind, account.currency, bad) == ("savings", "EUR", [])
    assert (lines[0].amount_minor, lines[0].raw) == (150, "Bäckerei")


def test_a_file_that_is_no_statement_says_what_to_bring() -> None:
    with pytest.raises(StatementFileError, match="holds no OFX statement"):
        ofx.read_statements(b"<OFX></OFX>")
    with pytest.raises(StatementFileError, match="say which columns they are, as in date="):
        read_csv(b"hello\nworld\n", CsvForm())


BANKS = {
    "chase-card": (
        "Transaction Date,Post Date,Description,Category,Type,Amount,Memo\n"
        "11/02/2026,11/03/2026,STARBUCKS 123,Food,Sale,-4.50,\n"
    ),
    "chase-checking": (
        "Details,Posting Date,Description,Amount,Type,Balance,Check or Slip #\n"
        "DEBIT,11/03/2026,STARBUCKS 123,-4.50,DEBIT_CARD,100.00,,\n"
    ),
    "amex": (
        "Date,Description,Card Member,Account #,Amount\n11/03/2026,STARBUCKS 123,A B,-1234,4.50\n"
    ),
    "capital-one": (
        "Transaction Date,Posted Date,Card No.,Description,Category,Debit,Credit\n"
        "2026-11-02,2026-11-03,4242,STARBUCKS 123,Dining,4.50,\n"
    ),
    "citi": "Status,Date,Description,Debit,Credit\nCleared,11/03/2026,STARBUCKS 123,4.50,\n",
    "boa-checking": (
        "Description,,Summary Amt.\nBeginning balance,,10.00\n\n"
        "Date,Description,Amount,Running Bal.\n11/03/2026,STARBUCKS 123,-4.50,5.50\n"
    ),
    "boa-card": (
        "Posted Date,Reference Number,Payee,Address,Amount\n11/03/2026,1,STARBUCKS 123,NY,-4.50\n"
    ),
    "generic": "Date;Payee;Debit;Credit\n2026-11-03;STARBUCKS 123;4,50;\n",
    "revolut": (
        "Type,Product,Started Date,Completed Date,Description,Amount,Fee,Currency,State,Balance\n"
        "CARD_PAYMENT,Current,2026-11-02 10:02:03,2026-11-03 11:00:00,STARBUCKS 123,-4.50,0.00,"
        "USD,COMPLETED,5.50\n"
    ),
    "monzo": (
        "Transaction ID,Date,Time,Type,Name,Emoji,Category,Amount,Currency,Local amount,"
        "Local currency,Notes and #tags,Address,Receipt,Description,Category split,Money Out,"
        "Money In\ntx_1,03/11/2026,08:12:01,Card payment,Starbucks,,Eating out,-4.50,USD,-4.50,USD,"
        ",,,STARBUCKS 123,,-4.50,\n"
    ),
    "starling": (
        "Date,Counter Party,Reference,Type,Amount (USD),Balance (USD),Spending Category,Notes\n"
        "03/11/2026,STARBUCKS 123,x,CHIP & PIN,-4.50,5.50,EATING_OUT,\n"
    ),
    "ing-nl": (
        '"Datum";"Naam / Omschrijving";"Rekening";"Tegenrekening";"Code";"Af Bij";"Bedrag (USD)";'
        '"Mutatiesoort";"Mededelingen"\n"20261103";"STARBUCKS 123";"NL01";"";"BA";"Af";"4,50";"";""\n'
    ),
    "ing-nl-en": (
        '"Date";"Name / Description";"Account";"Counterparty";"Code";"Debit/credit";'
        '"Amount (USD)"\n"20261103";"STARBUCKS 123";"NL01";"";"BA";"Debit";"4,50"\n'
    ),
    "n26": (
        '"Booking Date","Value Date","Partner Name","Partner Iban",Type,"Payment Reference",'
        '"Account Name","Amount (USD)"\n2026-11-03,2026-11-03,STARBUCKS 123,,Presentment,,Main,-4.5\n'
    ),
    "n26-old": (
        '"Date","Payee","Account number","Transaction type","Payment reference","Amount (USD)"\n'
        '"2026-11-03","STARBUCKS 123","","MasterCard Payment","","-4.5"\n'
    ),
}


@pytest.mark.parametrize("name", BANKS)
def test_each_banks_own_export_says_the_same_purchase(name: str) -> None:
    statement = read_csv(BANKS[name].encode(), CsvForm())
    assert statement.profile.name == name
    (line,) = csv_files.read_lines(statement, TODAY)
    assert isinstance(line, Line)
    assert (line.amount_minor, line.day, line.raw) == (450, date(2026, 11, 3), "STARBUCKS 123")
    assert (line.currency, line.kind, line.is_pending) == ("USD", "purchase", False)


def test_a_sign_that_no_header_says_is_asked_for_and_not_guessed() -> None:
    content = b"Date,Description,Amount\n2026-11-03,COFFEE,4.50\n"
    with pytest.raises(StatementFileError, match="which sign spending has: negative or positive"):
        read_csv(content, CsvForm())
    (line,) = csv_files.read_lines(read_csv(content, CsvForm(spending="positive")), TODAY)
    assert isinstance(line, Line)
    assert line.amount_minor == 450


def test_days_that_can_be_read_in_two_ways_are_asked_about() -> None:
    with pytest.raises(StatementFileError, match="in two ways"):
        find_order(["03/04/2026", "05/06/2026"])
    assert find_order(["03/04/2026", "25/06/2026"]) == "dmy"
    assert find_order(["03/04/2026", "05/26/2026"]) == "mdy"


def test_a_row_that_cannot_be_read_costs_one_row() -> None:
    content = (
        "Status,Date,Description,Debit,Credit\n"
        "Cleared,13/45/2026,A,1.00,\nCleared\nCleared,11/03/2026,B,1.00,2.00\n"
        "Cleared,11/03/2026,C,1.005,\nCleared,11/03/2099,D,1.00,\nCleared,11/03/2026,,1.00,\n"
        "Cleared,11/03/2026,GOOD,1.00,\n"
    )
    found = list(csv_files.read_lines(read_csv(content.encode(), CsvForm()), TODAY))
    assert [(one.number, one.reason) for one in found if isinstance(one, BadLine)] == [
        (2, "its day is no day of the calendar"),
        (3, "it has fewer columns than the header"),
        (4, "it has neither or both of a debit and a credit"),
        (5, "its amount has more digits than USD has"),
        (6, "its day lies before 2010 or in the future"),
        (7, "it does not say where the money went"),
    ]
    assert [one.raw for one in found if isinstance(one, Line)] == ["GOOD"]


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("-$1,234.50", -123450),
        ("(5.00)", -500),
        ("5.00-", -500),
        ("1.234,50", 123450),
        ("4,5", 450),
        ("1,234", 123400),
        ("USD 7", 700),
        ("\u22123.10", -310),
    ],
)
def test_amounts_are_read_as_banks_write_them(text: str, minor: int) -> None:
    assert read_amount(text, "USD") == minor


@pytest.mark.parametrize("text", ["", "NaN", "1e9", "--", "1.2.3", "9" * 60, "٣"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(BadLineError):
        read_amount(text, "USD")


_DAYS = st.dates(date(2010, 1, 1), TODAY)
_TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=40
)
_ROWS = st.lists(st.tuples(_DAYS, st.integers(-(10**9), 10**9), _TEXTS), min_size=1, max_size=20)


@settings(max_examples=20, deadline=None)
@given(_ROWS)
def test_what_is_written_as_ofx_is_read_back(rows: list[tuple[date, int, str]]) -> None:
    body = "".join(
        f"<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>{day:%Y%m%d}<TRNAMT>{Decimal(-minor) / 100:.2f}"
        f"<FITID>{place}<NAME>n{place}</STMTTRN>\n"
        for place, (day, minor, _) in enumerate(rows)
    )
    _, lines, bad = _read(f"<OFX><STMTRS><CURDEF>USD\n{body}</STMTRS></OFX>".encode())
    assert not bad
    assert [(one.day, one.amount_minor) for one in lines] == [(row[0], row[1]) for row in rows]


@settings(max_examples=60, deadline=None)
@given(_ROWS)
def test_no_row_of_a_csv_is_lost_and_equal_rows_have_ids_of_their_own(
    rows: list[tuple[date, int, str]],
) -> None:
    body = "".join(
        f'"{day}","{Decimal(minor) / 100:.2f}","{text.replace(chr(34), chr(34) * 2)}"\n'
        for day, minor, text in [*rows, rows[0]]
    )
    content = f"Date,Amount,Description\n{body}".encode()
    statement = read_csv(content, CsvForm(spending="positive"))
    found = list(csv_files.read_lines(statement, TODAY))
    assert len(found) == len(rows) + 1
    good = [one for one in found if isinstance(one, Line)]
    assert len({one.external_id for one in good}) == len(good)
    again = csv_files.read_lines(statement, TODAY + timedelta(days=1))
    assert [getattr(one, "external_id", None) for one in again] == [
        getattr(one, "external_id", None) for one in found
    ]


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60), st.binary(max_size=200))
def test_nonsense_is_refused_in_our_own_words(text: str, content: bytes) -> None:
    for read in (lambda: read_amount(text, "USD"), lambda: read_day(text, "mdy")):
        with suppress(BadLineError):
            read()
    for reader in (lambda: ofx.read_statements(content), lambda: read_csv(content, CsvForm())):
        with suppress(StatementFileError):
            reader()
