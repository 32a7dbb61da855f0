"""From a list of persons to a list of pairs; a wrong file says which line and what to do."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from myriad.kit.errors import InvalidInputError
from myriad.products.keeper.matching.pairs_csv import HEADER, PairsFileError, match_csv
from myriad.products.keeper.matching.persons_csv import PersonsFileError, read_persons

FEBRL = "rec_id, given_name, surname, street_number, address_1, address_2, suburb, postcode, state, date_of_birth, soc_sec_id\n"
ANN = "rec-1-org, ann, gold, 4, mill lane, , ryde, 2112, nsw, 19800102, 1234567\n"


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "persons.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_febrl_columns_are_read_with_the_spaces_in_their_header(tmp_path: Path) -> None:
    read = read_persons(write(tmp_path, FEBRL + ANN))
    assert read.profile == "febrl"
    assert read.records[0].family == "gold"
    assert read.records[0].birthday == "19800102"


def test_the_social_security_number_is_not_used(tmp_path: Path) -> None:
    one = read_persons(write(tmp_path, FEBRL + ANN)).records
    other = read_persons(write(tmp_path, FEBRL + ANN.replace("1234567", "7654321"))).records
    assert one == other


def test_squares_customer_export_is_read(tmp_path: Path) -> None:
    text = (
        '"Reference ID","First Name","Last Name","Email Address","Phone Number","Birthday",'
        '"Square Customer ID"\n,Ann,Gold,A.Nn@gmail.com,(415) 555-2671,0000-04-01,SQ1\n'
    )
    read = read_persons(write(tmp_path, "\ufeff" + text))
    one = read.records[0]
    assert (read.profile, one.id, one.email, one.phone, one.birthday) == (
        "square",
        "SQ1",
        "ann@gmail.com",
        "+14155552671",
        "00000401",
    )


def test_own_columns_are_named_by_a_mapping(tmp_path: Path) -> None:
    path = write(tmp_path, "nr;vorname;mail\n7;Ann;ann@x.com\n")
    read = read_persons(path, {"id": "nr", "given": "Vorname", "email": "mail"})
    assert (read.records[0].id, read.records[0].given) == ("7", "ann")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16"])
def test_usual_names_of_columns_need_no_mapping(tmp_path: Path, encoding: str) -> None:
    """Also with separators that a spreadsheet leaves at the end of each line."""
    text = (
        "ID;Pr\u00e9nom;Nom;E-Mail;Date of birth\r\n7;Zo\u00eb;M\u00fcller;z@x.de;1990-02-03;;\r\n"
    )
    one = read_persons(write(tmp_path, text.encode(encoding))).records[0]
    assert (one.id, one.given, one.family, one.email) == ("7", "zoe", "muller", "z@x.de")
    assert one.birthday == "19900203"


def test_a_list_without_ids_and_with_whole_names_is_known_by_its_lines(tmp_path: Path) -> None:
    read = read_persons(write(tmp_path, 'Name,Phone\nAnn Mary Lee,1\n\n"Lee, Bob",2\nCher,3\n'))
    assert [(one.id, one.given, one.family) for one in read.records] == [
        ("2", "ann mary", "lee"),
        ("4", "bob", "lee"),
        ("5", "", "cher"),
    ]


def test_what_cannot_be_understood_is_counted(tmp_path: Path) -> None:
    path = write(tmp_path, "external_id,given_name,phone\n1,Ann,12\n2,Bob,4155552671\n")
    assert read_persons(path).unread == {"phone": 1}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ["empty"]),
        (FEBRL, ["no persons"]),
        ("nick,town\nann,ryde\n", ["line 1", "expected", "--map id="]),
        (FEBRL + ANN + "rec-2-org, bob\n", ["line 3", "expected 11 values", "found 2"]),
        (FEBRL + ANN + ANN, ["line 3", "rec-1-org", "line 2"]),
        (FEBRL + ANN.replace("rec-1-org", ""), ["line 2", "expected an id"]),
        (FEBRL + ANN + 'rec-2-org, "bob', ["line 3", "quotation"]),
        (b"PK\x03\x04sheet", ["workbook", "as CSV"]),
    ],
)
def test_a_wrong_file_says_which_line_what_was_expected_and_what_to_do(
    tmp_path: Path, text: str | bytes, told: list[str]
) -> None:
    out = tmp_path / "pairs.csv"
    out.write_text("as it was")
    with pytest.raises(PersonsFileError) as caught:
        match_csv(write(tmp_path, text), out)
    assert isinstance(caught.value, InvalidInputError)
    assert all(word in caught.value.detail for word in told), caught.value.detail
    assert out.read_text() == "as it was"


def test_a_missing_file_and_an_unknown_column_are_told(tmp_path: Path) -> None:
    with pytest.raises(PersonsFileError, match="cannot be read"):
        read_persons(tmp_path / "nowhere.csv")
    path = write(tmp_path, FEBRL + ANN)
    with pytest.raises(PersonsFileError, match="no such column"):
        read_persons(path, {"email": "mail"})
    with pytest.raises(PersonsFileError, match="expected one of id, given"):
        read_persons(path, {"colour": "surname"})


def test_telephones_need_a_country_that_exists(tmp_path: Path) -> None:
    path = write(tmp_path, "external_id,given_name,phone\n1,Ann,020 7946 0018\n")
    assert read_persons(path, country="gb").records[0].phone == "+442079460018"
    with pytest.raises(PersonsFileError, match=r"'ZZ' is no country.*such as US or GB"):
        read_persons(path, country="ZZ")


def test_a_target_that_cannot_be_written_is_told_before_any_work(tmp_path: Path) -> None:
    path = write(tmp_path, FEBRL + ANN)
    for out in (path, tmp_path, tmp_path / "no" / "pairs.csv"):
        with pytest.raises(PairsFileError):
            match_csv(path, out)
    assert path.read_text() == FEBRL + ANN


def test_a_list_of_one_person_gives_a_list_of_no_pairs(tmp_path: Path) -> None:
    out = tmp_path / "pairs.csv"
    summary = match_csv(write(tmp_path, FEBRL + ANN), out)
    assert out.read_text().strip() == ",".join(HEADER)
    assert (summary.persons, summary.proposed, summary.auto_linked) == (1, 0, 0)
    assert [p.name for p in sorted(tmp_path.iterdir())] == ["pairs.csv", "persons.csv"]


@pytest.mark.parametrize(("name", "least"), [("febrl1.csv", 0.995), ("febrl2.csv", 0.995)])
def test_febrls_duplicates_are_found_and_none_is_linked_falsely(
    shared_data: Path, tmp_path: Path, name: str, least: float
) -> None:
    out, persons = tmp_path / "pairs.csv", shared_data / "keeper" / name
    steps: list[str] = []
    match_csv(persons, out, progress=lambda message, done, total: steps.append(message))
    with out.open() as file:
        rows = list(csv.DictReader(file))
    found = [row["left_id"].split("-")[1] == row["right_id"].split("-")[1] for row in rows]
    ids = [r.id.split("-")[1] for r in read_persons(persons).records]
    true = sum(n * (n - 1) // 2 for n in map(ids.count, set(ids)))
    assert 2 * sum(found) / (len(rows) + true) >= least
    assert all(same for row, same in zip(rows, found, strict=True) if row["auto"] == "yes")
    assert steps
