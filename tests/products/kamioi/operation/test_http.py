"""Running a programme over HTTP: who may, what they see, and that nobody else's is shown."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from myriad.products.kamioi.operation.quality import RARE
from tests.fixtures.app import LiveApp, csrf_of, log_in
from tests.fixtures.database import runtime_for
from tests.products.kamioi.member.world import in_a_loop_of_its_own
from tests.products.kamioi.money.programme import Programme
from tests.products.kamioi.operation.world import Operated, make_operated

API = "/api/v1/kamioi"
PAGES = ("analytics", "costs", "securities", "reconciliation", "foreign", "audit")


@pytest.fixture(scope="module")
def operated(live_app: LiveApp, database_urls: object) -> Operated:
    """A programme that the tests of this file share."""
    assert live_app.url
    return in_a_loop_of_its_own(make_operated(database_urls))  # type: ignore[arg-type]


@pytest.fixture
async def http(live_app: LiveApp) -> AsyncIterator[httpx.AsyncClient]:
    """A program."""
    async with httpx.AsyncClient(base_url=live_app.url) as client:
        yield client


@pytest.mark.parametrize("name", PAGES)
async def test_every_page_answers_its_owner_in_words_and_an_empty_programme_says_what_to_do(
    http: httpx.AsyncClient, operated: Operated, name: str
) -> None:
    path = f"/kamioi/admin/{name}"
    full = await http.get(path, headers=operated.company.owner.bearer)
    empty = await http.get(path, headers=operated.other.owner.bearer)
    assert (full.status_code, empty.status_code) == (200, 200), full.text[-600:]
    assert operated.shop.ticker not in empty.text
    assert "Simulation" in full.text
    if name != "audit":
        assert 'class="empty' in empty.text


async def test_analytics_and_costs_are_told_to_programs(
    http: httpx.AsyncClient, operated: Operated
) -> None:
    bearer = operated.company.staff.bearer
    found = (await http.get(f"{API}/admin/llm-center/analytics", headers=bearer)).json()
    assert (found["descriptors"], found["decided"], found["waiting"]) == (2, 1, 3)
    assert found["coverage_tx"] == pytest.approx(7 / 8)
    assert found["coverage_tail"] == 0
    assert RARE == 3
    assert {one["label"] for one in found["methods"]} == {"exact", "llm"}
    assert [one["model"] for one in found["models"]] == ["small-1"]
    assert 0 < found["precision"]["low"] < found["precision"]["share"] < 1
    costs = (await http.get(f"{API}/admin/llm-center/costs", headers=bearer)).json()
    assert costs["spent_usd_micros"] == 20 * 180
    assert (len(costs["months"]), len(costs["cohorts"])) == (13, 1)
    assert costs["cohorts"][0]["cost_usd_micros"] == 10 * 180


async def test_reconciliation_says_what_to_do_and_an_explanation_is_kept(
    http: httpx.AsyncClient, operated: Operated
) -> None:
    bearer = operated.company.staff.bearer
    found = (await http.get(f"{API}/admin/reconciliation", headers=bearer)).json()
    assert found["differing"] == 2
    by_ticker = {one["ticker"]: one for one in found["lines"]}
    assert "split" in by_ticker[operated.shop.ticker]["advice"]
    path = f"/kamioi/admin/reconciliation/{by_ticker['ZZZZ']['id']}/explain"
    foreign = await http.post(path, headers=operated.other.staff.bearer, data={"note": "ours"})
    assert foreign.status_code == 404
    empty = await http.post(path, headers=bearer, data={"note": " "})
    assert empty.status_code == 422
    kept = await http.post(path, headers=bearer, data={"note": "bought by hand"})
    assert kept.status_code == 303
    page = await http.get("/kamioi/admin/audit", headers=operated.company.owner.bearer)
    assert "Explained a difference" in page.text


async def test_only_an_operator_enters_an_action_and_a_dry_run_writes_nothing(
    http: httpx.AsyncClient, operated: Operated
) -> None:
    body = {
        "ticker": operated.shop.ticker,
        "kind": "split",
        "ex_date": operated.today.isoformat(),
        "ratio_num": "2",
        "ratio_den": "1",
        "source": "the company's notice",
    }
    path = f"{API}/admin/securities/actions"
    owner = await http.post(path, headers=operated.company.owner.bearer, json=body)
    assert owner.status_code == 403
    await log_in(http, operated.operator)
    page = await http.get("/kamioi/admin/securities", params=body)
    assert "0.481234567 shares become 0.962469134" in page.text
    token = {"X-CSRF-Token": csrf_of(page.text)}
    tried = await http.post(path, headers=token, json={**body, "dry_run": True})
    assert tried.status_code == 200, tried.text
    assert tried.json()["id"] is None
    assert tried.json()["effect"]["qty_after"] == "0.962469134"
    lacking = await http.post(path, headers=token, json={**body, "kind": "cash_dividend"})
    assert lacking.status_code == 422
    assert "needs the cash" in lacking.text
    sent = await http.post(
        "/kamioi/admin/securities/actions", data={**body, "csrf_token": csrf_of(page.text)}
    )
    assert sent.status_code == 303
    assert (await http.post(path, headers=token, json=body)).status_code == 409


async def test_staff_release_what_waits_for_a_rate(
    http: httpx.AsyncClient, operated: Operated
) -> None:
    bearer = operated.company.staff.bearer
    page = await http.get("/kamioi/admin/foreign", headers=bearer)
    assert "COSTA MILANO" in page.text
    given = {
        "currency": "EUR",
        "into_currency": "USD",
        "rate": "1.1",
        "source": "the bank",
        "first": operated.today.isoformat(),
        "last": operated.today.isoformat(),
    }
    path = "/kamioi/admin/foreign/release"
    refused = await http.post(path, headers=bearer, data={**given, "rate": "0"})
    assert refused.status_code == 422
    foreign = await http.post(path, headers=operated.other.staff.bearer, data=given)
    assert foreign.status_code == 409
    assert (await http.post(path, headers=bearer, data=given)).status_code == 303
    before = await _looks(operated)
    page = await http.get("/kamioi/admin/foreign", headers=bearer)
    assert "1 EUR = 1.1 USD" in page.text
    # What is decided names its member as well.
    assert await _looks(operated) == before + 1


async def _looks(operated: Operated) -> int:
    """Return how often somebody looked at purchases in foreign currencies."""
    async with runtime_for(operated.urls) as runtime:
        rows = await Programme(runtime, operated.company.tenant_id).run(
            "SELECT coalesce(sum(times), 0) FROM kamioi.look WHERE place = 'foreign'"
        )
    return int(rows[0][0])


async def test_who_looked_at_a_member_is_on_the_audit_page(
    http: httpx.AsyncClient, operated: Operated
) -> None:
    query = {"member_id": str(operated.member_id)}
    for _ in range(2):
        await http.get(
            f"{API}/admin/transactions", headers=operated.company.staff.bearer, params=query
        )
    await http.get(f"{API}/admin/transactions", headers=operated.other.staff.bearer, params=query)
    looks = await http.get("/kamioi/admin/audit?show=looks", headers=operated.company.owner.bearer)
    assert looks.text.count(">by program<") == 1
    theirs = await http.get("/kamioi/admin/audit?show=looks", headers=operated.other.owner.bearer)
    assert "Nothing yet" in theirs.text
    assert 'href="/kamioi/admin/audit"' in looks.text
    staff = await http.get("/kamioi/admin/audit", headers=operated.company.staff.bearer)
    assert staff.status_code == 403
    costs = await http.get("/kamioi/admin/costs", headers=operated.company.staff.bearer)
    assert 'href="/kamioi/admin/audit"' not in costs.text


async def test_a_sum_for_two_persons_that_is_no_amount_is_refused(
    http: httpx.AsyncClient, operated: Operated
) -> None:
    path, bearer = "/kamioi/admin/center/rule", operated.company.owner.bearer
    for amount in ("nan", "1,5", "-3", "1e9"):
        refused = await http.post(path, headers=bearer, data={"amount": amount})
        assert (refused.status_code, "such as 25" in refused.text) == (422, True), amount
    kept = await http.post(path, headers=bearer, data={"amount": "$1,250.50"})
    assert kept.status_code == 303
    page = await http.get("/kamioi/admin/center", headers=bearer)
    assert "1250.50" in page.text
