"""A Chromium to look at pages with, and a server of sample pages."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
import uvicorn
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    sync_playwright,
)

from tests.products.keeper.pages.sample_app import app

_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESK = {"width": 1280, "height": 800}
PHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The Chromium of this machine; without one the test is skipped and says how to get it."""
    path = (
        shutil.which("chromium")
        or shutil.which("chromium-browser")
        or shutil.which("google-chrome")
    )
    if path is None:
        pytest.skip("no Chromium on this machine: install it (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_ARGUMENTS))
        yield browser
        browser.close()


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


@dataclass
class Watched:
    """A browser tab and everything that it should not have done."""

    page: Page
    base: str
    complaints: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def open(self, path: str) -> Page:
        """Load a page with everything that belongs to it."""
        self.page.goto(self.base + path)
        return self.page

    def hear(self, message: ConsoleMessage) -> None:
        """Keep what the browser complains about, a broken security policy first of all."""
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def see(self, request: Request) -> None:
        """Keep every host that is asked for anything."""
        if not request.url.startswith("data:"):
            self.hosts.add(urlsplit(request.url).netloc)


def watched(context: BrowserContext, base: str) -> Watched:
    """Return a new tab whose console and requests are kept."""
    tab = Watched(context.new_page(), base)
    tab.page.on("console", tab.hear)
    tab.page.on("pageerror", lambda error: tab.complaints.append(str(error)))
    tab.page.on("request", tab.see)
    return tab


@pytest.fixture
def tab(chromium: Browser, sample_url: str) -> Iterator[Watched]:
    """A tab at a desk that shows sample pages."""
    context = chromium.new_context(viewport=DESK)  # type: ignore[arg-type]
    yield watched(context, sample_url)
    context.close()
