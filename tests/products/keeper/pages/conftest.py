"""A server of sample pages, and a tab that shows them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from playwright.sync_api import Browser

from tests.fixtures.browser import DESK, PHONE, Watched, watched
from tests.products.keeper.pages.sample_app import app

__all__ = ["DESK", "PHONE", "Watched", "watched"]


@pytest.fixture(scope="session")
def sample_url() -> Iterator[str]:
    """The address of a server that draws the sample contexts."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < deadline, "the sample server did not start"
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=10)


@pytest.fixture
def tab(chromium: Browser, sample_url: str) -> Iterator[Watched]:
    """A tab at a desk that shows sample pages."""
    context = chromium.new_context(viewport=DESK)  # type: ignore[arg-type]
    yield watched(context, sample_url)
    context.close()
