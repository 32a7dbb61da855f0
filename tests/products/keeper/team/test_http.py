"""Who sees whose figures: owners, staff by the owner's preference, and never another company."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from myriad.products.keeper.endpoints import team as endpoints
from myriad.products.keeper.pages import staff as pages
from myriad.products.keeper.preferences import write_preferences
from myriad.scale.runtime import Runtime
from tests.fixtures.app import Company, app_with, client_of, signed_in
from tests.products.keeper.ledger import LAST, Shop
from tests.products.keeper.team.salon import Salon, days_back
from tests.products.keeper.team.test_agent import measure

API = "/api/v1/t"
TEAM = API + "/team"
Both = tuple[Salon, Salon]
_MOVED = "UPDATE keeper.account SET business_date = %s"
_STAFF = "SELECT user_id FROM platform.membership WHERE role = 'staff'"


@pytest.fixture
async def salons(runtime: Runtime, companies: tuple[Company, Company]) -> Both:
    """Both companies measured: the first has five members, the second one."""
    made = [Salon(await Shop.open(runtime, company.tenant_id)) for company in companies]
    await made[0].hire("ann", "bob", "cat", "dan", "eve")
    await made[1].hire("ann")
    for number, day in enumerate(days_back(21, 2)):
        for who in made[0].staff:
            await made[0].sell(f"{who}{number % 7}", who, day, 8_000 + 50 * number)
        await made[1].sell(f"c{number}", "ann", day)
    for salon in made:
        await measure(salon)
        await salon.shop.change(_MOVED, (LAST,))
    return made[0], made[1]


@pytest.fixture
def app(runtime: Runtime) -> FastAPI:
    return app_with(runtime, endpoints.router)


@pytest.fixture
def screens(runtime: Runtime) -> FastAPI:
    return app_with(runtime, pages.router)


@pytest.fixture
async def owner(
    app: FastAPI, companies: tuple[Company, Company]
) -> AsyncIterator[httpx.AsyncClient]:
    """A program of the first company's owner."""
    async with client_of(app) as client:
        client.headers.update(companies[0].owner.bearer)
        yield client


async def link_staff(salon: Salon, owner: httpx.AsyncClient, name: str) -> UUID:
    """Let the owner say that the company's staff user is this member; return who."""
    user_id = await salon.shop.value(_STAFF)
    member_id = salon.staff[name]
    answer = await owner.post(f"{TEAM}/{member_id}/link", json={"user_id": str(user_id)})
    assert answer.status_code == 200, answer.text
    assert answer.json()["member"]["user"]["user_id"] == str(user_id)
    return member_id


async def prefer(salon: Salon, privacy: str) -> None:
    async with salon.shop.runtime.database.session(salon.shop.tenant_id) as session:
        await write_preferences(session, {"staff_privacy": privacy}, None)


async def test_an_owner_sees_the_team_in_pages(salons: Both, owner: httpx.AsyncClient) -> None:
    """Two at a time, by name, each once, with the figures of the period."""
    seen: list[Any] = []
    asked = {"limit": "2", "period": "days_365"}
    while True:
        page = (await owner.get(TEAM, params=asked)).json()
        seen += page["items"]
        if page["next_cursor"] is None:
            break
        asked["cursor"] = page["next_cursor"]
    assert [row["name"] for row in seen] == [
        f"{n} Weber" for n in ("Ann", "Bob", "Cat", "Dan", "Eve")
    ]
    net = next(f for f in seen[0]["figures"] if f["metric"] == "service_net")
    assert (net["period"], net["n"]) == ("days_365", 21)
    assert net["lo"] < net["shrunk"] < net["hi"]


async def test_a_members_figures_come_in_pages(salons: Both, owner: httpx.AsyncClient) -> None:
    """The newest month first; a hidden one says how many visits are missing and nothing else."""
    path = f"{TEAM}/{salons[0].staff['ann']}/metrics"
    first = (await owner.get(path, params={"period": "month", "limit": "20"})).json()
    second = (
        await owner.get(
            path, params={"period": "month", "limit": "20", "cursor": first["next_cursor"]}
        )
    ).json()
    starts = [row["period_start"] for row in first["items"] + second["items"]]
    assert starts == sorted(starts, reverse=True)
    hidden = next(row for row in first["items"] if row["metric"] == "service_net")
    assert (hidden["reason"], hidden["value"], hidden["lo"]) == ("few", None, None)
    assert hidden["missing"] == 20 - hidden["n"]


async def test_bad_questions_are_refused(salons: Both, owner: httpx.AsyncClient) -> None:
    """An unknown period, a mark of another list."""
    for asked in ({"period": "week"}, {"cursor": "x"}, {"limit": "0"}):
        assert (await owner.get(TEAM, params=asked)).status_code in (400, 422)


async def test_staff_see_their_own_figures_and_no_colleagues(
    salons: Both, app: FastAPI, owner: httpx.AsyncClient, companies: tuple[Company, Company]
) -> None:
    """By default: the own page with the team's band; of others 403, of another company 404."""
    ann = await link_staff(salons[0], owner, "ann")
    async with signed_in(app, companies[0].staff) as staff:
        me = (await staff.get(API + "/me")).json()
        assert me["view"]["member"]["name"] == "Ann Weber"
        assert me["view"]["users"] is None
        net = next(f for f in me["view"]["member"]["figures"] if f["metric"] == "service_net")
        assert net["peer"] is not None
        assert "Bob" not in str(me)
        assert [row["id"] for row in (await staff.get(TEAM)).json()["items"]] == [str(ann)]
        assert (await staff.get(f"{TEAM}/{ann}/metrics")).json()["items"]
        assert (await staff.get(API + "/me/metrics")).json()["items"]
        assert (await staff.get(f"{TEAM}/{salons[0].staff['bob']}/metrics")).status_code == 403
        assert (await staff.get(f"{TEAM}/{salons[1].staff['ann']}/metrics")).status_code == 404


async def test_the_owner_decides_what_staff_see(
    salons: Both, app: FastAPI, owner: httpx.AsyncClient, companies: tuple[Company, Company]
) -> None:
    """Nobody's figures, or the whole team's."""
    ann = await link_staff(salons[0], owner, "ann")
    async with signed_in(app, companies[0].staff) as staff:
        await prefer(salons[0], "owner_only")
        assert (await staff.get(API + "/me")).json()["view"] is None
        assert (await staff.get(TEAM)).json()["items"] == []
        assert (await staff.get(API + "/me/metrics")).json()["items"] == []
        assert (await staff.get(f"{TEAM}/{ann}/metrics")).status_code == 403
        await prefer(salons[0], "team")
        assert len((await staff.get(TEAM)).json()["items"]) == 5
        assert (await staff.get(f"{TEAM}/{salons[0].staff['bob']}/metrics")).status_code == 200


async def test_staff_without_a_link_see_nothing(
    salons: Both, app: FastAPI, companies: tuple[Company, Company]
) -> None:
    """And are told how to get there; a program with a key of staff is nobody's."""
    async with signed_in(app, companies[0].staff) as staff:
        me = (await staff.get(API + "/me")).json()
        assert (me["is_linked"], me["view"]) == (False, None)
    async with client_of(app) as program:
        mine = await program.get(TEAM, headers=companies[0].staff.bearer)
        assert mine.json()["items"] == []


async def test_few_colleagues_are_not_told_from_a_band(
    salons: Both, app: FastAPI, companies: tuple[Company, Company], runtime: Runtime
) -> None:
    """Two members: the team's mean would be the colleague's figure, so staff do not get it."""
    salon = salons[1]
    await salon.hire("bob")
    for number, day in enumerate(days_back(21, 2)):
        await salon.sell(f"d{number}", "bob", day, 20_000)
    await measure(salon)
    async with client_of(app) as client:
        client.headers.update(companies[1].owner.bearer)
        await link_staff(salon, client, "ann")
    async with signed_in(app, companies[1].staff) as staff:
        figures = (await staff.get(API + "/me")).json()["view"]["member"]["figures"]
    net = next(f for f in figures if f["metric"] == "service_net")
    assert net["value"] == 10_000
    assert net["peer"] is net["ratio"] is net["peer_lo"] is None


async def test_only_an_owner_links_and_only_members_of_the_account(
    salons: Both, app: FastAPI, owner: httpx.AsyncClient, companies: tuple[Company, Company]
) -> None:
    """Staff may not; a stranger's id, another company's member are not found; it is written down."""
    own, foreign = salons[0].staff["ann"], salons[1].staff["ann"]
    stranger = await salons[1].shop.value(_STAFF)
    mine = await salons[0].shop.value(_STAFF)
    async with client_of(app) as program:
        refused = await program.post(
            f"{TEAM}/{own}/link", json={"user_id": str(mine)}, headers=companies[0].staff.bearer
        )
    assert refused.status_code == 403
    assert (
        await owner.post(f"{TEAM}/{own}/link", json={"user_id": str(stranger)})
    ).status_code == 404
    assert (
        await owner.post(f"{TEAM}/{foreign}/link", json={"user_id": str(mine)})
    ).status_code == 404
    await link_staff(salons[0], owner, "ann")
    await link_staff(salons[0], owner, "bob")
    assert await salons[0].shop.value("SELECT count(*) FROM keeper.staff_link") == 1
    ended = await owner.post(f"{TEAM}/{salons[0].staff['bob']}/unlink")
    assert ended.json()["member"]["user"] is None
    actions = await salons[0].shop.rows(
        "SELECT action FROM platform.audit_event WHERE action LIKE 'staff.%%' ORDER BY id"
    )
    assert [row["action"] for row in actions] == ["staff.linked", "staff.linked", "staff.unlinked"]


async def test_somebody_who_leaves_the_account_is_no_longer_linked(
    salons: Both, owner: httpx.AsyncClient
) -> None:
    """The link goes with the membership."""
    await link_staff(salons[0], owner, "ann")
    await salons[0].shop.change("DELETE FROM platform.membership WHERE role = 'staff'")
    assert await salons[0].shop.value("SELECT count(*) FROM keeper.staff_link") == 0


async def test_pages_keep_to_the_same_rules(
    salons: Both,
    screens: FastAPI,
    owner: httpx.AsyncClient,
    companies: tuple[Company, Company],
) -> None:
    """Staff are led from the team to their own page; a colleague's is forbidden."""
    async with signed_in(screens, companies[0].staff) as staff:
        led = await staff.get(TEAM)
        assert (led.status_code, led.headers["location"]) == (303, "/keeper/me")
        assert "which member of staff you are" in (await staff.get(API + "/me")).text
        ann = await link_staff(salons[0], owner, "ann")
        mine = await staff.get(API + "/me")
        assert "My figures" in mine.text
        assert "Bob" not in mine.text
        assert (await staff.get(f"{TEAM}/{ann}")).status_code == 200
        assert (await staff.get(f"{TEAM}/{salons[0].staff['bob']}")).status_code == 403
        assert (await staff.get(f"{TEAM}/{salons[1].staff['ann']}")).status_code == 404
        await prefer(salons[0], "owner_only")
        assert "keeps figures of staff to themselves" in (await staff.get(API + "/me")).text
    async with signed_in(screens, companies[0].owner) as browser:
        page = await browser.get(TEAM)
        assert "Ann Weber" in page.text
        assert "No difference can be told" in page.text
