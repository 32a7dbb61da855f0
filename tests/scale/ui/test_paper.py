"""What is drawn on paper can be read: as it was written, over as many pages as it takes."""

from __future__ import annotations

from io import BytesIO

from pypdf import PdfReader

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


def test_a_section_without_parts_is_left_out() -> None:
    assert paper.section("Nothing", []) == []
