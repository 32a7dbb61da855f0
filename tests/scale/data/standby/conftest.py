"""One pair of servers for the tests that leave both as they were."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scale.data.standby.pairs import Pair, running_pair


@pytest.fixture(scope="package")
def shared_pair() -> Iterator[Pair]:
    """A primary with its standby; nobody may stop or promote one of them."""
    with (
        tempfile.TemporaryDirectory(prefix="a pair ") as folder,
        running_pair(Path(folder)) as made,
    ):
        yield made
