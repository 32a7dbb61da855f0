"""The pages that people read, and what stands in them as code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "myriad"
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "deploy").rglob("*.md")),
    *sorted(SOURCE.rglob("*.md")),
]

each_page = pytest.mark.parametrize(
    "page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix()
)

_CODE = re.compile(r"^```.*?^```|`[^`\n]+`", re.MULTILINE | re.DOTALL)


def code_of(page: Path) -> str:
    """Return what stands in a page as code, each piece on lines of its own."""
    return "\n".join(_CODE.findall(page.read_text(encoding="utf-8")))
