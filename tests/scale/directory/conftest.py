"""A house for each test of the directory."""

from __future__ import annotations

import pytest

from myriad.scale.runtime import Runtime
from tests.fixtures.app import create_company
from tests.scale.directory.house import House


@pytest.fixture
async def house(runtime: Runtime) -> House:
    """A company that no other test uses."""
    return House(runtime, await create_company(runtime))
