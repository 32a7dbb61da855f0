"""Kinds of insight that are credibly below the goal fall silent, and come back."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus

from myriad.products.keeper.proof.accuracy import RETRY_DAYS
from myriad.products.keeper.repository import list_insights
from myriad.products.keeper.repository.muting import judge_kinds
from myriad.products.keeper.views import InsightsView, KindScore
from tests.products.keeper.keeping.conftest import API, Desk, send
from tests.products.keeper.ledger import LAST, Shop

_MADE = "SELECT DISTINCT kind FROM keeper.insight WHERE business_date = %(day)s"


async def _grade(shop: Shop, kind: str, right: int, wrong: int, days_ago: int = 30) -> None:
    await shop.insert(
        "insight",
        [
            {
                "tenant_id": shop.tenant_id,
                "business_date": LAST - timedelta(days=days_ago),
                "kind": kind,
                "claim": "Claim.",
                "horizon_date": LAST - timedelta(days=2),
                "graded_at": LAST,
                "correct": number < right,
                "dedup_key": f"{kind}:{days_ago}:{number}",
            }
            for number in range(right + wrong)
        ],
    )


async def _view(shop: Shop) -> InsightsView:
    async with shop.runtime.database.read_session(shop.tenant_id) as session:
        return await list_insights(session)


async def _score(shop: Shop, kind: str) -> KindScore:
    return next(score for score in (await _view(shop)).scores if score.kind == kind)


async def test_a_weak_kind_is_neither_made_nor_shown_and_says_why(busy_shop: Shop) -> None:
    await _grade(busy_shop, "quiet_weekday", 2, 7)
    await _grade(busy_shop, "takings_trend", 5, 4)
    await busy_shop.run()
    made = {row["kind"] for row in await busy_shop.rows(_MADE, day=LAST)}
    assert "quiet_weekday" not in made
    assert "takings_trend" in made
    view = await _view(busy_shop)
    assert "quiet_weekday" not in {card.kind for card in view.insights}
    score = await _score(busy_shop, "quiet_weekday")
    assert score.muted
    assert score.muted_by == "keeper"
    assert score.reason.startswith("2 of 9 came true")
    assert score.retry_on == LAST + timedelta(days=RETRY_DAYS)
    numbers = await busy_shop.value("SELECT numbers FROM keeper.report WHERE kind = 'daily'")
    assert "quiet_weekday" not in {card["kind"] for card in numbers["insights"]}


async def test_it_is_tried_again_and_judged_by_its_new_insights_alone(busy_shop: Shop) -> None:
    await _grade(busy_shop, "quiet_weekday", 2, 7)
    async with busy_shop.runtime.database.session(busy_shop.tenant_id) as session:
        assert await judge_kinds(session, LAST) == ["quiet_weekday"]
        assert await judge_kinds(session, LAST + timedelta(days=RETRY_DAYS - 1)) == []
    assert (await _score(busy_shop, "quiet_weekday")).muted
    again = LAST + timedelta(days=RETRY_DAYS)
    async with busy_shop.runtime.database.session(busy_shop.tenant_id) as session:
        assert await judge_kinds(session, again) == []
    assert not (await _score(busy_shop, "quiet_weekday")).muted
    await _grade(busy_shop, "quiet_weekday", 1, 8, days_ago=-RETRY_DAYS)
    async with busy_shop.runtime.database.session(busy_shop.tenant_id) as session:
        assert await judge_kinds(session, again + timedelta(days=100)) == ["quiet_weekday"]


async def test_a_new_account_tells_of_no_grade_that_was_never_given(desk: Desk) -> None:
    async with desk.browser() as browser:
        html = (await browser.get("/keeper/insights")).text
    assert "0 of 0" not in html
    assert "0%" not in html


async def test_the_owner_mutes_and_unmutes_and_staff_may_not(desk: Desk, other_desk: Desk) -> None:
    path = f"{API}/insights/kinds/takings_trend"
    async with desk.client() as owner, desk.client("staff") as staff, other_desk.client() as other:
        assert (await staff.post(f"{path}/mute")).status_code == HTTPStatus.FORBIDDEN
        muted = (await owner.post(f"{path}/mute")).json()
        assert [(row["kind"], row["muted"], row["muted_by"]) for row in muted] == [
            ("takings_trend", True, "owner")
        ]
        assert (await staff.get(f"{API}/insights")).json()["accuracy"] == muted
        assert (await other.get(f"{API}/insights")).json()["accuracy"] == []
        again = (await owner.post(f"{path}/mute")).json()
        assert again == muted
        assert not (await owner.post(f"{path}/unmute")).json()[0]["muted"]
        unknown = await owner.post(f"{API}/insights/kinds/horoscope/mute")
        assert unknown.status_code == HTTPStatus.NOT_FOUND
        assert "quiet_weekday" in unknown.json()["detail"]
    events = await desk.shop.rows(
        "SELECT action, subject FROM platform.audit_event WHERE action LIKE 'insight_kind.%%' "
        "ORDER BY id"
    )
    assert [(row["action"], row["subject"]) for row in events] == [
        ("insight_kind.muted", "takings_trend"),
        ("insight_kind.unmuted", "takings_trend"),
    ]


async def test_the_screen_mutes_with_one_button(desk: Desk) -> None:
    await _grade(desk.shop, "takings_trend", 6, 2)
    page = "/keeper/insights"
    async with desk.browser() as browser, desk.browser("staff") as staff:
        assert "6 of 8 predictions came true, 75%" in (await browser.get(page)).text
        answer = await send(browser, page, f"{page}/kinds/takings_trend/mute")
        assert answer.status_code == HTTPStatus.SEE_OTHER
        html = (await browser.get(page)).text
        assert "Muted by hand. It stays silent until the owner lets it speak." in html
        assert "Let it speak" not in (await staff.get(page)).text
        await send(browser, page, f"{page}/kinds/takings_trend/unmute")
        assert "Muted by hand" not in (await browser.get(page)).text
