"""What the documents say is what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from tools.reference import TARGET, settings_markdown

from tests.house.pages import ROOT, each_page

_NAMED = re.compile(r"`([\w/]+\.py)::(test_\w+)`")
_LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)#]+)")


def test_the_page_of_settings_is_current() -> None:
    assert TARGET.read_text(encoding="utf-8") == settings_markdown()


@each_page
def test_every_link_in_a_document_leads_somewhere(page: Path) -> None:
    missing = [
        link
        for link in _LINK.findall(page.read_text(encoding="utf-8"))
        if not (page.parent / link).exists()
    ]
    assert missing == []


def test_every_page_can_be_found_and_every_picture_is_shown() -> None:
    """The list of documents leads to each of them; a picture that no page shows is left over."""
    listed = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    pages = [path for path in (ROOT / "docs").rglob("*.md") if path.parent.name != "decisions"]
    found = {(ROOT / "docs" / link).resolve() for link in _LINK.findall(listed)}
    assert set(pages) - found == {ROOT / "docs" / "README.md"}
    shown = "".join(page.read_text("utf-8") for page in [ROOT / "README.md", *pages])
    pictures = sorted(path.name for path in (ROOT / "docs" / "images").iterdir())
    assert [name for name in pictures if f"images/{name})" not in shown] == []


def test_decisions_are_numbered_without_gaps_and_fit_a_page() -> None:
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    numbers = [int(page.name[:4]) for page in pages]
    assert numbers == list(range(1, len(pages) + 1))
    assert all(len(page.read_text(encoding="utf-8").split()) < 700 for page in pages)


def test_every_test_that_the_page_of_bad_input_names_exists() -> None:
    page = (ROOT / "docs" / "reference" / "bad-input.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    facts = [row for row in rows if not row.startswith("| input ")]
    assert facts
    assert [row for row in facts if not _NAMED.search(row)] == []
    assert [name for name in _NAMED.findall(page) if not _has_test(*name)] == []


def _has_test(path: str, name: str) -> bool:
    tests = ROOT / "tests"
    file = tests / "products" / path if path.startswith("keeper/") else tests / path
    return file.is_file() and f"def {name}(" in file.read_text(encoding="utf-8")
