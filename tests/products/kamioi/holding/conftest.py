"""One member's world for a module of tests, which only look at it."""

from __future__ import annotations

import pytest

from myriad.scale.runtime import Runtime
from tests.products.kamioi.holding.world import Saver, save


@pytest.fixture(scope="module")
async def saver(runtime: Runtime) -> Saver:
    """A member with shares."""
    return await save(runtime)
