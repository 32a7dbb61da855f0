"""Files of reviews as people have them."""

from __future__ import annotations

import csv
import io
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from myriad.products.keeper.reviews.errors import ReviewFileError
from myriad.products.keeper.reviews.reviews_csv import RefusedRow, ReviewRow, open_reviews

UNTIDY = """sep=;
Reviewer;Star Rating;Comment;Review date;Owner response
Ann;5/5;"Lovely; really";03/13/2026;
Bob;6;bad;03/14/2026;
Cy;\u2605\u2605;"two
lines ""quoted"" here";03/15/2026;thanks
Di;4;a 5" heel;03/16/2026
Ed;4;"never closed;03/17/2026;
Fay;;=HYPERLINK("x");03/18/2026;

Gus;;;03/18/2026;
Hal;3;ok;;
Ida;3;ok;03/18/2026;x;y;z
Jo;3;ok;some day;
"""


def read(
    path: Path, content: str | bytes, zone: str = "America/New_York"
) -> tuple[list[ReviewRow], list[RefusedRow]]:
    file = path / "reviews.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    rows = list(open_reviews(file, zone).rows())
    reviews = [row for row in rows if isinstance(row, ReviewRow)]
    return reviews, [row for row in rows if isinstance(row, RefusedRow)]


def test_each_row_of_an_untidy_file_is_read_or_kept_apart_with_line_and_reason(
    tmp_path: Path,
) -> None:
    reviews, refused = read(tmp_path, UNTIDY)
    assert [(row.line, row.author, row.stars, row.text) for row in reviews] == [
        (3, "Ann", 5, "Lovely; really"),
        (5, "Cy", 2, 'two\nlines "quoted" here'),
        (7, "Di", 4, 'a 5" heel'),
        (9, "Fay", None, '=HYPERLINK("x")'),
    ]
    assert reviews[1].reply == "thanks"
    assert [(row.line, row.reason) for row in refused] == [
        (4, "review_stars"),
        (8, "unclosed_quote"),
        (11, "review_incomplete"),
        (12, "review_incomplete"),
        (13, "columns"),
        (14, "review_date"),
    ]
    assert all(row.detail.startswith(f"line {row.line}: ") for row in refused)
    assert refused[0].cells["Reviewer"] == "Bob"


@pytest.mark.parametrize(
    "header",
    [
        "Datum;Sterne;Bewertung;Name",
        "Datum;Bewertung;Kommentar;Kunde",
        "Date;\u00c9toiles;Avis;Nom",
        "Fecha;Calificaci\u00f3n;Rese\u00f1a;Autor",
        "Data;Valutazione;Recensione;Autore",
        "Datum;Sterren;Recensie;Naam",
    ],
)
def test_headers_in_six_languages_are_known(tmp_path: Path, header: str) -> None:
    (found,), refused = read(tmp_path, f"{header}\n20.11.2025;4,5;wie neu;M\u00fcller\n")
    assert (found.stars, found.text, found.author) == (5, "wie neu", "M\u00fcller")
    assert refused == []


def test_a_column_that_could_be_texts_or_ratings_holds_texts(tmp_path: Path) -> None:
    (found,), _ = read(tmp_path, "Datum;Bewertung\n20.11.2025;Sehr gut\n")
    assert (found.stars, found.text) == (None, "Sehr gut")


@pytest.mark.parametrize("content", [b"PK\x03\x04sheet", b"\xd0\xcf\x11\xe0", b"%PDF-1.7", b"a\0b"])
def test_what_is_no_text_is_refused_with_what_to_do(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ReviewFileError, match="CSV"):
        read(tmp_path, content)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
def test_separator_and_encoding_are_found(tmp_path: Path, separator: str, encoding: str) -> None:
    lines = [
        ("Name", "Rating", "Review", "Date"),
        ("Zo\u00eb", "4", "tr\u00e8s bien", "2026-03-05"),
    ]
    content = "\r\n".join(separator.join(line) for line in lines)
    reviews, refused = read(tmp_path, content.encode(encoding))
    assert not refused
    assert (reviews[0].author, reviews[0].text) == ("Zo\u00eb", "tr\u00e8s bien")


def test_windows_letters_are_read_as_windows_writes_them(tmp_path: Path) -> None:
    reviews, _ = read(tmp_path, b"Rating,Review,Date\n4,didn\x92t like it \x80,2026-03-05\n")
    assert reviews[0].text == "didn\u2019t like it \u20ac"


@pytest.mark.parametrize(
    "header",
    [
        "id,rating,comment,name,created",
        "Review ID,Score,Review Text,Author Name,Date Posted",
        "REVIEW_ID,STARS,FEEDBACK,REVIEWER,PUBLISHED_AT",
    ],
)
def test_columns_are_found_by_the_names_that_exports_give_them(tmp_path: Path, header: str) -> None:
    reviews, _ = read(tmp_path, f"{header}\n r1 ,4,fine, Ann ,2026-03-05\n")
    row = reviews[0]
    assert (row.ext_id, row.stars, row.text, row.author) == ("r1", 4, "fine", "Ann")


def test_lines_above_the_header_are_passed_over(tmp_path: Path) -> None:
    reviews, refused = read(
        tmp_path, "Export of Alder Spa\n\nRating,Text,Date\n4,fine,2026-03-05\n"
    )
    assert (reviews[0].line, len(reviews), refused) == (4, 1, [])


def test_columns_can_be_named(tmp_path: Path) -> None:
    file = tmp_path / "reviews.csv"
    file.write_text("Urteil,Satz,Tag\n4,gut,05.03.2026\n")
    with pytest.raises(ReviewFileError, match="--map date=COLUMN"):
        open_reviews(file, "UTC")
    mapping = {"stars": "Urteil", "text": "Satz", "date": "Tag"}
    [row] = open_reviews(file, "UTC", mapping).rows()
    assert isinstance(row, ReviewRow)
    assert (row.stars, row.text, str(row.reviewed_at)[:10]) == (4, "gut", "2026-03-05")
    with pytest.raises(ReviewFileError, match="--map text=Komentar: expected FIELD=COLUMN"):
        open_reviews(file, "UTC", {"text": "Komentar"})


@pytest.mark.parametrize("content", [b"", b"\n\n", b"a,b\n1,2\n", b"\x00\xff\xfe\x01"])
def test_a_file_without_reviews_is_refused_with_what_was_expected(
    tmp_path: Path, content: bytes
) -> None:
    with pytest.raises(ReviewFileError, match="expected"):
        read(tmp_path, content)
    with pytest.raises(ReviewFileError, match="cannot be read"):
        open_reviews(tmp_path / "missing.csv", "UTC")


def test_a_line_without_end_and_a_quote_without_end_cost_one_row_each(tmp_path: Path) -> None:
    lines = ["Rating,Text,Date", f"4,{'x' * 300_000},2026-03-05", '4,"open,2026-03-05']
    lines += [f"4,fine {number},2026-03-05" for number in range(500)]
    reviews, refused = read(tmp_path, "\n".join(lines))
    assert [row.reason for row in refused] == ["line_too_long", "unclosed_quote"]
    assert len(reviews) == 500


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
        .map(lambda text: text.replace("\r", " ").strip())
        .filter(bool),
        min_size=1,
        max_size=8,
    )
)
def test_whatever_a_sheet_writes_comes_back_row_by_row(tmp_path: Path, texts: list[str]) -> None:
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(["Rating", "Text", "Date"])
    writer.writerows([["4", text, "2026-03-05"] for text in texts])
    reviews, refused = read(tmp_path, out.getvalue())
    assert not refused
    assert [row.text for row in reviews] == texts


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
def test_no_file_causes_anything_but_rows(tmp_path: Path, body: str) -> None:
    reviews, refused = read(tmp_path, "Rating,Text,Date\n4,fine,2026-03-05\n" + body)
    assert reviews[0].text == "fine"
    lines = [row.line for row in reviews] + [row.line for row in refused]
    assert len(set(lines)) == len(lines)


def test_a_large_file_is_read_in_bounded_memory(tmp_path: Path) -> None:
    file = tmp_path / "large.csv"
    with file.open("w") as out:
        out.write("Rating,Text,Date\n")
        for number in range(5_000):
            out.write(f"4,{'word ' * 400}{number},2026-03-05\n")
    tracemalloc.start()
    rows = sum(1 for _ in open_reviews(file, "UTC").rows())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert rows == 5_000
    assert file.stat().st_size > 8_000_000
    assert peak < 6_000_000
