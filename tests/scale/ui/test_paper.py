"""What is drawn on paper can be read: as it was written, over as many pages as it takes."""

from __future__ import annotations

import unicodedata
from io import BytesIO
from typing import Any

import pytest
from pypdf import PageObject, PdfReader
from reportlab.pdfbase.pdfmetrics import getFont

from myriad.scale.ui import paper


def _pages(story: paper.Story) -> list[str]:
    content = paper.draw(story, title="T", author="A", subject="S")
    return [page.extract_text() for page in PdfReader(BytesIO(content)).pages]


def test_a_text_shows_its_markup_and_its_minus() -> None:
    (page,) = _pages(
        [
            paper.text_of("<b>Tom & Co</b> \N{MINUS SIGN}5", paper.BODY),
            paper.table_of(("What", "Sum"), [("Fees", "\N{MINUS SIGN}7.50")], (0.5, 0.5), 1),
        ]
    )
    assert "<b>Tom & Co</b> \N{MINUS SIGN}5" in page
    assert "\N{MINUS SIGN}7.50" in page


def test_a_table_longer_than_a_page_repeats_its_head_and_loses_no_row() -> None:
    rows = [(f"row {number}.", str(number)) for number in range(120)]
    pages = _pages(paper.section("Long", [paper.table_of(("Which", "Sum"), rows, (0.5, 0.5), 1)]))
    assert len(pages) > 1
    assert all("Which" in page and page.split()[0] == str(n) for n, page in enumerate(pages, 1))
    told = "".join(pages)
    assert all(f"row {number}." in told for number in range(120))


def test_a_table_without_names_has_no_head() -> None:
    (page,) = _pages([paper.table_of((), [("Shares", "$6.60")], (0.7, 0.3), 1)])
    assert page.split() == ["1", "Shares", "$6.60"]


def _fonts_of(page: PageObject) -> set[str]:
    """Return the fonts that draw anything, all of which the document carries."""
    found = {}

    def visit(text: str, _cm: Any, _tm: Any, font: dict[str, Any] | None, _size: Any) -> None:
        if text.strip() and font is not None:
            found[font["/BaseFont"].removeprefix("/")] = font["/FontDescriptor"]["/FontFile2"]

    page.extract_text(visitor_text=visit)
    return set(found)


_NAMES = "Łukasz Żółć, Ștefan Țepeș, Erdős Győző, Şükrü İnönü, Ģirts, Αθηνά, Жанна, 1 234 €"


def _european() -> bytes:
    story = [
        paper.text_of(unicodedata.normalize("NFD", _NAMES), paper.BODY),
        paper.text_of(_NAMES, paper.TITLE),
        paper.table_of(("Ő", "Ș"), [(_NAMES, "Ł 1")], (0.5, 0.5), 1),
    ]
    return paper.draw(story, title="T", author="A", subject="S")


def test_names_of_all_of_europe_are_drawn_with_letters_that_the_document_carries() -> None:
    (page,) = PdfReader(BytesIO(_european())).pages
    text = " ".join(page.extract_text().split())
    assert text.count(_NAMES) == 3
    assert "Ł 1" in text
    assert _fonts_of(page) == {f"AAAAAA+{paper.FONT}", f"AAAAAA+{paper.BOLD}"}
    assert _european() == _european()


@pytest.mark.parametrize("name", [paper.FONT, paper.BOLD])
def test_both_weights_have_every_letter_of_the_languages_of_europe(name: str) -> None:
    latin = set(range(0xA1, 0x180)) - {0xAD}
    signs = {
        ord(letter) for letter in "ȘșȚțẞ€…→≤≥\N{EN DASH}\N{MINUS SIGN}\N{NARROW NO-BREAK SPACE}"
    }
    assert not (latin | signs) - set(getFont(name).face.charToGlyph)


def test_a_section_without_parts_is_left_out() -> None:
    assert paper.section("Nothing", []) == []
