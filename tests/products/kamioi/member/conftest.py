"""One programme for each file, and the real application."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI

from myriad.apps import api
from myriad.scale.embedded.servers import ServerUrls
from tests.fixtures.app import settings_for
from tests.products.kamioi.member.world import World, in_a_loop_of_its_own, make_world


@pytest.fixture(scope="module")
def world(database_urls: ServerUrls) -> World:
    """A programme that the tests of one file share."""
    return in_a_loop_of_its_own(make_world(database_urls))


@pytest.fixture(scope="module")
async def served(database_urls: ServerUrls) -> AsyncIterator[FastAPI]:
    """The real application, opened on the tests' event loop."""
    app: FastAPI = api.create_app(settings_for(database_urls))
    async with app.router.lifespan_context(app):
        yield app
