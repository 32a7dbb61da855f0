"""What was drawn by one edition of the code is not found by another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from myriad.scale.ui import edition
from myriad.scale.ui.edition import edition_of


def _edition(folder: Path) -> str:
    edition_of.cache_clear()
    return edition_of(folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A product of one template and one module."""
    (tmp_path / "page.html").write_text("<h1>One</h1>")
    (tmp_path / "words.py").write_text("WORD = 'one'")
    return tmp_path


def test_the_same_code_is_the_same_edition(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Two hosts that hold it at different places find what the other keeps; pictures count for nothing."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    for path in folder.iterdir():
        (elsewhere / path.name).write_bytes(path.read_bytes())
    (elsewhere / "photo.png").write_bytes(b"")
    assert _edition(folder) == _edition(elsewhere)


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "page.html").write_text("<h1>Two</h1>"),
        lambda folder: (folder / "words.py").write_text("WORD = 'two'"),
        lambda folder: (folder / "page.html").rename(folder / "sheet.html"),
        lambda folder: (folder / "more.sql").write_text("SELECT 1"),
    ],
    ids=["template", "module", "name", "query"],
)
def test_a_change_of_the_code_is_another_edition(
    folder: Path, change: Callable[[Path], object]
) -> None:
    before = _edition(folder)
    change(folder)
    assert _edition(folder) != before


def test_another_version_is_another_edition(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = _edition(folder)
    monkeypatch.setattr(edition, "version", lambda name: "99.0")
    assert _edition(folder) != before
    edition_of.cache_clear()
