"""What the tests of schedules share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from hypothesis import settings

from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.runtime import Runtime
from tests.fixtures.database import runtime_for

# A slow machine must not decide a test.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture
async def own(quiet_servers: ServerUrls) -> AsyncIterator[Runtime]:
    """A runtime on a database whose schedules all belong to this test."""
    async with runtime_for(quiet_servers) as opened:
        yield opened
