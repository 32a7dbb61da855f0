"""A signed-in member sees, reads and takes along what is theirs, and nobody else's."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from myriad.apps import api
from myriad.scale.embedded.servers import ServerUrls
from tests.fixtures.app import client_of, csrf_of, log_in, settings_for
from tests.products.kamioi.holding.world import Saver

API = "/api/v1/kamioi"


@pytest.fixture(scope="module")
async def browser(database_urls: ServerUrls, saver: Saver) -> AsyncIterator[httpx.AsyncClient]:
    """A browser in which the member has signed in."""
    app = api.create_app(settings_for(database_urls))
    async with app.router.lifespan_context(app), client_of(app) as client:
        await log_in(client, saver.person)
        yield client


@pytest.mark.parametrize(
    ("path", "said"),
    [
        pytest.param("/kamioi/portfolio", "What companies did", id="portfolio"),
        pytest.param("/kamioi/portfolio", "Nov 2026, told by test.", id="closes"),
        pytest.param("/kamioi/portfolio?xirr=yes", "By when your money came", id="xirr"),
        pytest.param("/kamioi/portfolio/lots", "2 lots", id="lots"),
        pytest.param("/kamioi/statements", "November 2026", id="statements"),
        pytest.param("/kamioi/statements/2026-11", "Round-ups from your bank", id="statement"),
        pytest.param("/kamioi/statements/2026-11", "last closes, told by test", id="valued"),
        pytest.param("/kamioi/notifications", "became shares of 2 companies", id="notifications"),
    ],
)
async def test_every_page_is_drawn(browser: httpx.AsyncClient, path: str, said: str) -> None:
    answer = await browser.get(path)
    assert answer.status_code == 200, answer.text[:500]
    assert said.lower() in answer.text.lower()


async def test_the_api_tells_what_the_page_shows(browser: httpx.AsyncClient, saver: Saver) -> None:
    found = (await browser.get(f"{API}/portfolio", params={"xirr": "yes"})).json()
    (held,) = found["positions"]
    assert (held["ticker"], float(held["qty"]), held["cost_minor"]) == (
        saver.first.ticker,
        0.1,
        500,
    )
    assert (found["cash_minor"], found["cost_minor"]) == (610, 500)
    months = (await browser.get(f"{API}/statements")).json()
    assert [month["bought_minor"] for month in months["items"]] == [1000]


async def test_lots_come_page_by_page(browser: httpx.AsyncClient, saver: Saver) -> None:
    first = await browser.get(f"{API}/lots", params={"limit": 1})
    second = await browser.get(first.json()["next_cursor"] and first.links["next"]["url"])
    lots = [*first.json()["items"], *second.json()["items"]]
    assert {lot["ticker"] for lot in lots} == {saver.first.ticker, saver.second.ticker}
    assert second.json()["next_cursor"] is None
    one = await browser.get(f"{API}/lots", params={"security_id": str(saver.second.security_id)})
    assert [lot["ticker"] for lot in one.json()["items"]] == [saver.second.ticker]


async def test_files_are_sent_as_files(browser: httpx.AsyncClient) -> None:
    for path, kind, begin in (
        ("2026-11/statement.pdf", "application/pdf", b"%PDF"),
        ("tax-lots.csv?year=2026", "text/csv; charset=utf-8", b"\xef\xbb\xbflot"),
        ("export.zip", "application/zip", b"PK"),
    ):
        answer = await browser.get(f"/kamioi/statements/{path}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
        assert answer.content.startswith(begin)
        assert answer.headers["content-disposition"].startswith("attachment")
    assert (await browser.get("/kamioi/statements/2026-13")).status_code == 404
    assert (await browser.get("/kamioi/statements/1999-01/statement.pdf")).status_code == 404


async def test_notifications_are_read_once_and_only_ones_own(
    browser: httpx.AsyncClient, saver: Saver
) -> None:
    rows = await saver.programme.run("SELECT id, member_id FROM kamioi.notification ORDER BY id")
    mine = next(row[0] for row in rows if row[1] == saver.member_id)
    others = next(row[0] for row in rows if row[1] == saver.other)
    page = await browser.get("/kamioi/notifications?show=unread")
    token = {"csrf_token": csrf_of(page.text)}
    stream = await browser.get(f"{API}/events")
    assert '"unseen":2' in stream.text.replace(" ", "")
    read = await browser.post(f"/kamioi/notifications/{mine}/read", data=token)
    assert (read.status_code, read.headers["location"]) == (303, "/kamioi/notifications")
    assert '"unseen":1' in (await browser.get(f"{API}/events")).text.replace(" ", "")
    refused = await browser.post(f"/kamioi/notifications/{others}/read", data=token)
    assert refused.status_code == 404
    away = {**token, "back": "//elsewhere.example"}
    again = await browser.post(f"/kamioi/notifications/{mine}/read", data=away)
    assert again.headers["location"] == "/kamioi/notifications"
    until = {**token, "until": "2100-01-01T00:00:00Z"}
    await browser.post("/kamioi/notifications/read", data=until)
    assert '"unseen":0' in (await browser.get(f"{API}/events")).text.replace(" ", "")
    left = await saver.programme.run(
        "SELECT count(*) FROM kamioi.notification WHERE read_at IS NULL AND member_id = %s",
        saver.other,
    )
    assert left[0][0] == 2
