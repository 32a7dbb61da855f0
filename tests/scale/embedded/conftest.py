"""A home folder that root alone may enter, with a space and an apostrophe in its name."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder whose parent has mode 0700."""
    with tempfile.TemporaryDirectory(prefix="myriad it's ") as folder:
        assert Path(folder).stat().st_mode & 0o777 == 0o700
        yield Path(folder) / "a home"
