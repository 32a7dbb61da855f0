"""What the documents say is what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tools.reference import TARGET, settings_markdown

_ROOT = Path(__file__).parents[2]
_LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)#]+)")


def test_the_page_of_settings_is_current() -> None:
    assert TARGET.read_text(encoding="utf-8") == settings_markdown()


@pytest.mark.parametrize(
    "page",
    [_ROOT / "README.md", *sorted((_ROOT / "docs").rglob("*.md")), *(_ROOT / "src").rglob("*.md")],
    ids=lambda path: path.relative_to(_ROOT).as_posix(),
)
def test_every_link_in_a_document_leads_somewhere(page: Path) -> None:
    missing = [
        link
        for link in _LINK.findall(page.read_text(encoding="utf-8"))
        if not (page.parent / link).exists()
    ]
    assert missing == []


def test_decisions_are_numbered_without_gaps_and_fit_a_page() -> None:
    pages = sorted((_ROOT / "docs" / "decisions").glob("*.md"))
    numbers = [int(page.name[:4]) for page in pages]
    assert numbers == list(range(1, len(pages) + 1))
    assert all(len(page.read_text(encoding="utf-8").split()) < 700 for page in pages)
