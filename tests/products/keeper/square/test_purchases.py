"""A purchase log as a seller, and what is said about a bad one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from myriad.products.keeper.square.simulator.purchases import (
    PurchaseLogError,
    purchases_seller,
    read_purchases,
)

HEADER = "customer_id,date,quantity,amount\n"


def write(folder: Path, text: str) -> Path:
    path = folder / "log.csv"
    path.write_text(text)
    return path


def test_amounts_are_exact_to_the_cent(purchase_log: Path) -> None:
    """29.33 is 2933 cents, and both ways to write a date are read."""
    rows = read_purchases(purchase_log)
    assert sum(row.cents for row in rows) == 2933 + 1200 + 550 + 10001
    assert [row.day.isoformat() for row in rows][:3] == ["1997-01-03", "1997-01-03", "1997-02-10"]


def test_every_row_becomes_one_payment_of_its_customer(purchase_log: Path) -> None:
    """Five rows, five payments; Square's customer id is the log's own."""
    seller = purchases_seller(purchase_log)
    payments = [record.decode() for record in seller.tables["payment"].records.values()]
    assert sorted(p["customer_id"] for p in payments) == ["ada", "ada", "bo", "bo", "cy"]
    assert set(seller.tables["customer"].records) == {"ada", "bo", "cy"}
    assert seller.merchant["created_at"].startswith("1997-01-03")


def test_the_same_log_gives_the_same_seller(purchase_log: Path) -> None:
    """Restarting the simulator changes no id."""
    one, other = purchases_seller(purchase_log), purchases_seller(purchase_log)
    assert one.tables["payment"].records == other.tables["payment"].records


def test_extra_columns_are_allowed(tmp_path: Path) -> None:
    """Other columns, and another order, do not matter."""
    path = write(tmp_path, "x,amount,date,customer_id,quantity\n9,1.10,19970131,7,1\n")
    assert read_purchases(path)[0].cents == 110


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("customer_id,date,qty\n1,19970101,2\n", "line 1.*missing: amount; found: customer_id"),
        (HEADER + "1,19970101,1,2.50\n1,1997-13-01,1,2.50\n", "line 3: date.*YYYYMMDD"),
        (HEADER + "1,,1,2.50\n", "line 2: date"),
        (HEADER + "1,19970101,one,2.50\n", "line 2: quantity.*whole number"),
        (HEADER + "1,19970101,1,2.505\n", "line 2: amount.*29.33"),
        (HEADER + "1,19970101,1,-2.50\n", "line 2: amount is -2.50.*bought nothing"),
        (HEADER + "1,19970101,1,2.50\n1,19970102,-1,-2.00\n1,19970103,-1,-1\n", "line 4: amount"),
        (HEADER + "1,19970101,-1,2.50\n", "line 2: quantity"),
        (HEADER + "1,19970101,1,1.245\n", "line 2: amount"),
        (HEADER + '1,19970101,1,"12,50\n', "line 2: amount|line 2 is no row"),
        (HEADER + "1,19970101,1,NaN\n", "line 2: amount"),
        (HEADER + "1,19970101,1\n", "line 2: amount"),
        (HEADER + " ,19970101,1,2\n", "line 2: customer_id"),
        (HEADER + "1,29970101,1,2\n", "line 2: date.*today"),
        (HEADER, "at least one row"),
        ("", "line 1: expected the columns"),
    ],
)
def test_a_bad_row_says_line_expectation_and_remedy(tmp_path: Path, text: str, said: str) -> None:
    """A wrong file names its line and what was expected."""
    with pytest.raises(PurchaseLogError, match=said):
        read_purchases(write(tmp_path, text))


def test_binary_and_missing_files_are_explained(tmp_path: Path) -> None:
    """What is no text or not there is said to be so."""
    path = tmp_path / "log.csv"
    path.write_bytes(b"PK\x03\x04\x00")
    with pytest.raises(PurchaseLogError, match=r"a workbook.*sheet as CSV"):
        read_purchases(path)
    with pytest.raises(PurchaseLogError, match="cannot be read"):
        read_purchases(tmp_path / "absent.csv")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16"])
def test_a_log_from_a_european_spreadsheet_is_read(tmp_path: Path, encoding: str) -> None:
    """Semicolons, decimal commas, days first, blank lines and other names for the columns."""
    path = tmp_path / "log.csv"
    text = (
        "Kundennr.;Datum ;Menge;Betrag (EUR);Notiz\r\n"
        "M\u00fcller;31.01.2025;1;33,92;x\r\n\r\n;;;;\r\n"
        'Bo;02.03.2025;2;"1.245,50 \u20ac";y\r\n'
    )
    path.write_bytes(text.encode(encoding))
    assert [(p.customer_id, p.day.isoformat(), p.cents) for p in read_purchases(path)] == [
        ("M\u00fcller", "2025-01-31", 3392),
        ("Bo", "2025-03-02", 124_550),
    ]
    seller = purchases_seller(path)
    payment = next(iter(seller.tables["payment"].records.values())).decode()
    assert payment["amount_money"]["currency"] == "EUR"


def test_a_log_without_quantities_is_one_of_single_purchases(tmp_path: Path) -> None:
    rows = read_purchases(write(tmp_path, "Customer ID,Order Date,Total\n7,1/31/1997,$1,\n"))
    assert [(row.quantity, row.cents) for row in rows] == [(1, 100)]


def test_a_row_below_nought_is_a_refund_of_what_was_bought(tmp_path: Path) -> None:
    """Of the newest purchase that is worth as much; another customer's stays as it is."""
    text = "7,19970101,1,50\n7,19970105,1,20\n8,19970106,1,90\n7,19970110,-1,-30.50\n7,19970111,-1,(20.00)\n"
    seller = purchases_seller(write(tmp_path, HEADER + text))
    payments = [record.decode() for record in seller.tables["payment"].records.values()]
    back = [
        (p["customer_id"], p["amount_money"]["amount"], p["refunded_money"]["amount"])
        for p in payments
        if "refunded_money" in p
    ]
    assert sorted(back) == [("7", 2000, 2000), ("7", 5000, 3050)]
    refunds = [record.decode() for record in seller.tables["refund"].records.values()]
    assert sorted(r["amount_money"]["amount"] for r in refunds) == [2000, 3050]
    assert len(payments) == 3


def test_the_command_ends_with_code_2(tmp_path: Path) -> None:
    """A bad log ends the command with exit code 2 before anything listens."""
    path = write(tmp_path, HEADER + "1,19970101,1,free\n")
    command = [sys.executable, "-m", "myriad.products.keeper.square.simulator"]
    ended = subprocess.run(
        [*command, "--purchases", str(path)], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert "line 2: amount is 'free'" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_cdnow_log_is_served_whole(shared_data: Path) -> None:
    """The real log keeps its sum to the cent."""
    rows = read_purchases(shared_data / "keeper" / "cdnow_sample.csv")
    assert len(rows) == 6919
    assert sum(row.cents for row in rows) == 24_409_194
