"""The shell: static files that browsers keep, strict headers, forms that carry their token."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace

import httpx
import pytest
from starlette.applications import Starlette

from myriad.kit.errors import NotFoundError
from myriad.scale import ui
from myriad.scale.ui.static import ROOT
from myriad.scale.ui.styleguide import sample

PAGE = ui.PageContext(csrf_token="t0ken", user_name="Ann", tenant_name="Spa", request_id="req-1")


@pytest.fixture
def client() -> httpx.AsyncClient:
    transport = httpx.ASGITransport(Starlette(routes=[ui.static_mount()]))
    return httpx.AsyncClient(transport=transport, base_url="http://test")


async def test_an_address_with_the_right_digest_is_kept_for_a_year(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get(ui.static_url("shell.css"))
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


async def test_an_address_from_before_a_deployment_still_answers_and_is_not_kept(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/static/000000000000/shell.css")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["/static/x/none.css", "/static/x/../render.py", "/static/x/%2e%2e/render.py"]
)
async def test_only_static_files_are_served(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 404


def test_a_static_file_that_does_not_exist_has_no_address() -> None:
    with pytest.raises(NotFoundError):
        ui.static_url("none.js")


def test_vendored_files_are_those_of_the_checksums() -> None:
    lines = (ROOT / "vendor" / "SHA256SUMS").read_text().splitlines()
    listed = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    found = {path.name for path in (ROOT / "vendor").iterdir()} - {"SHA256SUMS"}
    assert set(listed) == found
    for name, digest in listed.items():
        assert hashlib.sha256((ROOT / "vendor" / name).read_bytes()).hexdigest() == digest


def test_our_own_script_stays_under_six_kilobytes() -> None:
    assert (ROOT / "myriad.js").stat().st_size < 6 * 1024


def test_a_page_forbids_inline_scripts_and_styles() -> None:
    answer = ui.respond(PAGE, "ui/login.html", email="", error=None, next_path="/")
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize("status", [401, 403, 404, 409, 413, 422, 429, 500, 503, 418])
def test_an_error_page_says_what_to_do_and_gives_its_reference(status: int) -> None:
    html = ui.render(PAGE, "ui/error.html", fault=ui.fault(status, "req-1"))
    assert "req-1" in html
    assert ui.fault(status).advice in html.replace("&#39;", "'")


def test_pages_of_the_shell_have_no_inline_style_or_script() -> None:
    pages = [
        ui.render(PAGE, "ui/login.html", email="", error="no", next_path="/"),
        ui.render(PAGE, "ui/offline.html"),
        ui.render(PAGE, "ui/home.html"),
        ui.render(PAGE, "ui/styleguide.html", sample=sample()),
    ]
    for html in pages:
        assert not re.search(r"\sstyle=|<style|\son\w+=|javascript:", html)
        assert not re.search(r"<script(?![^>]*\ssrc=)", html)
        assert html.count("<h1") == 1


def test_the_help_of_keys_lists_those_of_the_product_that_is_shown() -> None:
    page = replace(PAGE, shortcuts=(("In a task: done, later", ("d", "l")),))
    drawn = ui.render(page, "ui/home.html", products=())
    assert "<dt>In a task: done, later</dt><dd><kbd>d</kbd> <kbd>l</kbd> </dd>" in drawn
    assert "In a task" not in ui.render(PAGE, "ui/home.html", products=())


def test_the_login_form_posts_its_token_and_where_to_go() -> None:
    html = ui.render(PAGE, "ui/login.html", email="", error=None, next_path='/x"y')
    assert 'name="csrf_token" value="t0ken"' in html
    assert 'name="next" value="/x&#34;y"' in html


@pytest.mark.parametrize(
    ("cookie", "theme"), [("dark", "dark"), ("light", "light"), ('"><b', "auto"), (None, "auto")]
)
def test_only_a_known_theme_is_remembered(cookie: str | None, theme: str) -> None:
    assert ui.theme_of(cookie) == theme
