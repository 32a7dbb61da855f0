"""Reviews by API: two companies, roles, cursors, an import, and answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from myriad.kit.clock import utc_now
from myriad.products.keeper.endpoints import reviews
from myriad.scale.runtime import Runtime
from tests.fixtures.app import Company, app_with, client_of
from tests.products.keeper.ledger import Shop
from tests.products.keeper.reviews_inbox.given import intake, review

API = "/api/v1/t/reviews"
FILE = (
    "date;rating;review;author\n"
    "03.01.2026;5/5;Lovely massage;Ann\n"
    "04.01.2026;★★;Waited an hour;Bo\n"
    "05.01.2026;;;Cy\n"
    "06.01.2026;7;Great;Di\n"
)


@pytest.fixture
async def shops(runtime: Runtime, companies: tuple[Company, Company]) -> tuple[Shop, Shop]:
    """Both companies with an account; the first has thirty reviews."""
    shops = [await Shop.open(runtime, company.tenant_id) for company in companies]
    now = utc_now()
    given = [
        review(f"r{number}", stars=1 + number % 5, at=now - timedelta(days=20 + number))
        for number in range(30)
    ]
    await intake(shops[0], *given)
    return shops[0], shops[1]


@pytest.fixture
async def client(runtime: Runtime, shops: tuple[Shop, Shop]) -> AsyncIterator[httpx.AsyncClient]:
    """A program that speaks to the application."""
    async with client_of(app_with(runtime, reviews.router)) as client:
        yield client


async def test_lists_come_in_pages_and_by_filter(
    client: httpx.AsyncClient, companies: tuple[Company, Company]
) -> None:
    """Every review once, the last written first; the neighbour's list is empty."""
    seen: list[str] = []
    asked: dict[str, str] = {"limit": "12"}
    while True:
        page = (await client.get(API, params=asked, headers=companies[0].staff.bearer)).json()
        seen += [row["reviewed_at"] for row in page["items"]]
        if page["next_cursor"] is None:
            break
        asked["cursor"] = page["next_cursor"]
    assert len(seen) == 30
    assert seen == sorted(seen, reverse=True)
    low = await client.get(API, params={"stars": "1"}, headers=companies[0].staff.bearer)
    assert {row["stars"] for row in low.json()["items"]} == {1}
    unhappy = await client.get(API, params={"show": "unhappy"}, headers=companies[0].staff.bearer)
    assert {row["stars"] for row in unhappy.json()["items"]} == {1, 2}
    theirs = await client.get(API, headers=companies[1].owner.bearer)
    assert theirs.json()["items"] == []
    for bad in ({"stars": "6"}, {"show": "everything"}, {"cursor": "x"}):
        refused = await client.get(API, params=bad, headers=companies[0].staff.bearer)
        assert refused.status_code in (400, 422)
        assert refused.headers["content-type"] == "application/problem+json"


async def test_a_foreign_review_does_not_exist(
    client: httpx.AsyncClient, shops: tuple[Shop, Shop], companies: tuple[Company, Company]
) -> None:
    """Neither to read nor to answer."""
    review_id: UUID = await shops[0].value("SELECT id FROM keeper.review LIMIT 1")
    stranger = companies[1].owner.bearer
    path = f"{API}/{review_id}"
    assert (await client.get(path, headers=stranger)).status_code == 404
    for action, body in (("draft", {}), ("approve", {"text": "Thanks"}), ("answered", {})):
        answer = await client.post(f"{path}/{action}", json=body, headers=stranger)
        assert answer.status_code == 404, action
    assert (await client.get(path, headers=companies[0].staff.bearer)).status_code == 200


async def test_an_untidy_file_is_imported_once(
    client: httpx.AsyncClient, shops: tuple[Shop, Shop], companies: tuple[Company, Company]
) -> None:
    """Stars in any form come in, blank and impossible rows are named, a second import is empty."""
    files = {"file": ("reviews.csv", FILE.encode(), "text/csv")}
    answers = [
        await client.post(
            f"{API}/import",
            files=files,
            params={"source": "Yelp"},
            headers=companies[1].staff.bearer,
        )
        for _ in range(2)
    ]
    first, second = (answer.json() for answer in answers)
    assert (first["new"], first["quarantined"]) == (2, 2)
    assert [row["row"].partition(" of ")[0] for row in first["refused"]] == ["line 4", "line 5"]
    assert all(row["detail"] for row in first["refused"])
    assert (second["new"], second["changed"], second["unchanged"]) == (0, 0, 2)
    stored = await shops[1].rows("SELECT source, stars FROM keeper.review ORDER BY reviewed_at")
    assert [(row["source"], row["stars"]) for row in stored] == [("yelp", 5), ("yelp", 2)]
    events = await shops[1].rows(
        "SELECT 1 FROM platform.audit_event WHERE action = 'reviews.imported'"
    )
    assert len(events) == 2


async def test_a_file_without_columns_is_refused_whole(
    client: httpx.AsyncClient, companies: tuple[Company, Company]
) -> None:
    """The problem says what was expected and names no folder of the server."""
    files = {"file": ("reviews.csv", b"a,b\n1,2\n", "text/csv")}
    answer = await client.post(f"{API}/import", files=files, headers=companies[1].staff.bearer)
    assert answer.status_code in (400, 422)
    assert "column" in answer.json()["detail"]
    assert "/tmp" not in answer.json()["detail"]


async def test_who_has_no_command_line_is_told_to_rename_columns_or_to_save_as_csv(
    client: httpx.AsyncClient, companies: tuple[Company, Company]
) -> None:
    """Neither a foreign header nor a workbook leads to an option of a command."""
    staff = companies[1].staff.bearer
    for content, told in ((b"Tag;Urteil\n1;2\n", "first line"), (b"PK\x03\x04\0", "as CSV")):
        files = {"file": ("reviews", content, "text/csv")}
        answer = await client.post(f"{API}/import", files=files, headers=staff)
        assert answer.status_code == 422
        assert told in answer.json()["detail"]
        assert "--map" not in answer.text


async def test_a_review_of_tomorrow_week_is_refused_by_its_line(
    client: httpx.AsyncClient, companies: tuple[Company, Company]
) -> None:
    """The answer names the line and says why, as of any other row."""
    day = (utc_now() + timedelta(days=7)).date()
    files = {
        "file": (
            "reviews.csv",
            f"date,rating,review\n{day},4,Fine\n{day},9,Fine\n".encode(),
            "text/csv",
        )
    }
    answer = await client.post(f"{API}/import", files=files, headers=companies[1].staff.bearer)
    first, second = (row["detail"] for row in answer.json()["refused"])
    assert first == "line 2: its time is still to come"
    assert second.startswith("line 3: ")


async def test_a_draft_is_kept_and_without_google_nothing_is_sent(
    client: httpx.AsyncClient, shops: tuple[Shop, Shop], companies: tuple[Company, Company]
) -> None:
    """A draft is worded or kept as typed; approving says that Google is not connected."""
    staff = companies[0].staff.bearer
    review_id = await shops[0].value("SELECT id FROM keeper.review LIMIT 1")
    path = f"{API}/{review_id}"
    worded = await client.post(f"{path}/draft", headers=staff)
    assert "Ann" in worded.json()["text"]
    kept = await client.post(f"{path}/draft", json={"text": "My own words"}, headers=staff)
    assert kept.json() == {"text": "My own words"}
    assert (await client.get(path, headers=staff)).json()["reply_state"] == "draft"
    sent = await client.post(f"{path}/approve", json={"text": "My own words"}, headers=staff)
    assert sent.status_code == 409
    assert "not connected" in sent.json()["detail"]
    empty = await client.post(f"{path}/approve", json={"text": " "}, headers=staff)
    assert empty.status_code in (400, 422)


async def test_connecting_google_is_the_owners(
    client: httpx.AsyncClient, companies: tuple[Company, Company]
) -> None:
    """Staff may answer, not connect; without an application the owner is told what to set."""
    path = "/api/v1/t/connections/google/start"
    assert (await client.post(path, headers=companies[0].staff.bearer)).status_code == 403
    refused = await client.post(path, headers=companies[0].owner.bearer)
    assert refused.status_code == 409
    assert "GOOGLE_CLIENT_ID" in refused.json()["detail"]
