"""What a member sees and decides is theirs alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from myriad.kit.ids import new_id
from myriad.products.kamioi.member.activity import outcome
from myriad.products.kamioi.member.why import _candidates
from tests.fixtures.app import client_of, csrf_of, signed_in
from tests.products.kamioi.member.world import Member, World

BASE = "/api/v1/kamioi"
OPEN = "SELECT amount_minor, destination FROM kamioi.round_up WHERE member_id = %s AND purchase_id = %s"


@asynccontextmanager
async def browser_of(app: FastAPI, member: Member) -> AsyncIterator[httpx.AsyncClient]:
    """A browser in which the member has signed in, whose calls carry the forms' token."""
    async with signed_in(app, member.sign_in) as browser:
        token = csrf_of((await browser.get("/kamioi/home")).text)
        browser.headers["X-CSRF-Token"] = token
        yield browser


async def test_home_says_what_waits_and_when_it_is_pulled(served: FastAPI, world: World) -> None:
    async with browser_of(served, world.bob) as browser:
        text = (await browser.get("/kamioi/home")).text
    assert "$0.70 waits; a pull comes at $5.00" in text
    assert "1 more round-up waits, $0.01 in all" in text
    assert "Expected balance" in text


async def test_activity_tells_company_state_and_outcome_and_shows_nobody_elses(
    served: FastAPI, world: World
) -> None:
    async with browser_of(served, world.bob) as browser:
        text = (await browser.get("/kamioi/activity")).text
        waiting = (await browser.get("/kamioi/activity?show=pending")).text
        listed = (await browser.get(f"{BASE}/transactions?limit=2")).json()
    assert "COSTA &lt;b&gt;COFFEE&lt;/b&gt; 43031" in text
    assert f"$0.70 for {world.coffee.ticker}" in text
    assert "Rounds up once it is posted" in text
    assert all(str(one) not in text for one in world.anns.values())
    assert "COSTA TOGO" in waiting
    assert "XQ 77" not in waiting
    assert {row["member_id"] for row in listed["items"]} == {str(world.bob.id)}


async def test_the_card_tells_each_step_and_what_another_year_would_have_bought(
    served: FastAPI, world: World
) -> None:
    place = f"{world.day}/{world.bobs['coffee']}"
    async with browser_of(served, world.bob) as browser:
        text = (await browser.get(f"/kamioi/activity/{place}")).text
        why = (await browser.get(f"{BASE}/transactions/{place}/why?year=2020")).json()
    assert f"Costa stands for {world.coffee.ticker}" in text
    assert "belonged to The Coca-Cola Company" in text
    assert "In 2018 your rule for private companies decided." in text
    assert "Whitbread, which has no share to buy" in text
    assert why["replay"] == (
        f"In 2020 this would have bought {world.coffee.ticker}. The same share as now."
    )


async def test_one_tap_changes_a_members_open_round_ups_and_nobody_elses(
    served: FastAPI, world: World
) -> None:
    purchase = world.anns["coffee"]
    async with browser_of(served, world.ann) as browser:
        # Ann's rules are as at first, whatever other tests made of them.
        version = (await browser.get(f"{BASE}/settings")).json()["version"]
        await browser.put(f"{BASE}/settings", json={"version": version})
        form = f"/kamioi/activity/{world.day}/{purchase}/company"
        changed = await browser.post(form, data={"brand_id": str(world.rival)})
        assert changed.headers["location"].endswith("?done=own")
        path = f"{BASE}/transactions/{world.day}/{purchase}/override"
        none = await browser.post(path, json={"brand_id": None})
        # One more when another test has confirmed her large purchase of the same string.
        assert none.json()["round_ups"] in {1, 2}
        assert not none.json()["is_proposed_to_all"]
        assert await world.rows(OPEN, world.ann.id, purchase) == [(70, "cash")]
        bobs = await world.rows(OPEN, world.bob.id, world.bobs["coffee"])
        assert bobs == [(70, "security")]
        short = f"{BASE}/transactions/{purchase}/override"
        await browser.delete(short)
        assert await world.rows(OPEN, world.ann.id, purchase) == [(70, "security")]
        await browser.post(short, json={"brand_id": None})
        assert await world.rows(OPEN, world.ann.id, purchase) == [(70, "cash")]
        await browser.delete(path)
    assert await world.rows(OPEN, world.ann.id, purchase) == [(70, "security")]


async def test_what_is_another_members_is_as_unknown_as_what_never_was(
    served: FastAPI, world: World
) -> None:
    place = f"{world.day}/{world.bobs['coffee']}"
    async with browser_of(served, world.ann) as browser:
        answers = [
            await browser.get(f"/kamioi/activity/{place}"),
            await browser.get(f"{BASE}/transactions/{place}/why"),
            await browser.post(f"/kamioi/activity/{place}/company", data={"brand_id": "none"}),
            await browser.post(f"{BASE}/transactions/{place}/override", json={"brand_id": None}),
            await browser.delete(f"{BASE}/transactions/{place}/override"),
            await browser.delete(f"{BASE}/transactions/{world.bobs['coffee']}/override"),
        ]
        page = await browser.get(f"{BASE}/transactions?limit=1")
        key = {"Idempotency-Key": "the-same"}
        path = f"{BASE}/transactions/{world.day}/{world.anns['coffee']}/override"
        first = await browser.post(path, json={"brand_id": str(world.coffee.brand_id)}, headers=key)
        assert first.status_code == 200
    assert [answer.status_code for answer in answers] == [404] * 6
    async with browser_of(served, world.bob) as browser:
        cursor = page.json()["next_cursor"]
        stolen = await browser.get(f"{BASE}/transactions?limit=1&cursor={cursor}")
        assert (stolen.status_code, stolen.json()["code"]) == (422, "invalid_cursor")
        replayed = await browser.post(
            path, json={"brand_id": str(world.coffee.brand_id)}, headers=key
        )
        assert replayed.status_code == 404


async def test_a_large_purchase_waits_until_its_own_member_confirms_it(
    served: FastAPI, world: World
) -> None:
    place = f"{world.day}/{world.anns['large']}"
    async with browser_of(served, world.bob) as browser:
        strange = await browser.post(f"{BASE}/transactions/{place}/confirm")
        assert strange.status_code == 404
    async with browser_of(served, world.ann) as browser:
        assert "Yes, this was me" in (await browser.get(f"/kamioi/activity/{place}")).text
        await browser.post(f"/kamioi/activity/{place}/confirm")
        assert "Yes, this was me" not in (await browser.get(f"/kamioi/activity/{place}")).text
        again = await browser.post(f"{BASE}/transactions/{place}/confirm")
        assert again.status_code == 404


async def test_who_takes_no_part_is_told_what_to_do(served: FastAPI, world: World) -> None:
    async with client_of(served) as client:
        for person in (world.company.staff, world.other.owner):
            answer = await client.get(f"{BASE}/roundups", headers=person.bearer)
            assert (answer.status_code, answer.json()["code"]) == (404, "kamioi_no_part")
            assert "ask whoever runs it to invite you" in answer.json()["detail"]


async def test_rules_are_read_changed_and_refused_when_stale_or_impossible(
    served: FastAPI, world: World
) -> None:
    async with browser_of(served, world.ann) as browser:
        now = (await browser.get(f"{BASE}/settings")).json()
        wanted = {**now, "multiplier": 3, "excluded_brand_ids": [str(world.rival)]}
        first = await browser.put(f"{BASE}/settings", json=wanted)
        assert first.json() == {**wanted, "version": now["version"] + 1}
        stale = await browser.put(f"{BASE}/settings", json=wanted)
        assert (stale.status_code, stale.json()["code"]) == (409, "kamioi_stale_rules")
        for field, value in (
            ("multiplier", 11),
            ("sweep_minor", 99),
            ("excluded_brand_ids", [str(uuid4())]),
            ("etf_security_id", str(uuid4())),
        ):
            bad = await browser.put(f"{BASE}/settings", json={**first.json(), field: value})
            assert bad.status_code == 422
            assert field in bad.text
        assert (await browser.get(f"{BASE}/settings")).json() == first.json()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("multiplier", "0"),
        ("cap_day_minor", "1e999999"),
        ("cap_week_minor", "1,5"),
        ("sweep_minor", "0.50"),
        ("guard_minor", "-3"),
        ("etf_security_id", "nonsense"),
        ("private_policy", "bet"),
    ],
    ids=lambda value: str(value),
)
async def test_a_rule_that_cannot_be_names_its_field_and_changes_nothing(
    served: FastAPI, world: World, field: str, value: str
) -> None:
    async with browser_of(served, world.bob) as browser:
        before = (await browser.get(f"{BASE}/settings")).json()
        typed = {
            "version": str(before["version"]),
            "multiplier": "2",
            "sweep_minor": "7.50",
            "guard_minor": "30",
            "private_policy": "cash",
        }
        page = await browser.post("/kamioi/rules", data={**typed, field: value})
        assert page.status_code == 422
        assert "Nothing was changed" in page.text
        kept = 'value="cash" selected' in page.text
        assert kept is (field != "private_policy"), "what was typed rightly stays in the form"
        assert (await browser.get(f"{BASE}/settings")).json() == before


async def test_a_member_pauses_and_goes_on_and_cannot_thaw_what_was_frozen(
    served: FastAPI, world: World
) -> None:
    async with browser_of(served, world.ann) as browser:
        await browser.post("/kamioi/pause")
        assert "You have paused" in (await browser.get("/kamioi/home")).text
        await browser.post("/kamioi/resume")
        freeze = "UPDATE kamioi.member SET state = %s WHERE id = %s"
        await world.rows(freeze, "frozen", world.ann.id)
        refused = await browser.post("/kamioi/resume")
        assert refused.status_code == 409
        await world.rows(freeze, "active", world.ann.id)


async def test_the_navigation_is_that_of_the_role(served: FastAPI, world: World) -> None:
    async with browser_of(served, world.bob) as browser:
        home = await browser.get("/")
        assert home.headers["location"] == "/kamioi/home"
        text = (await browser.get("/kamioi/home")).text
    assert 'href="/kamioi/rules"' in text
    assert all(f'href="{path}"' not in text for path in ("/kamioi/programme", "/settings"))
    async with signed_in(served, world.company.owner) as browser:
        text = (await browser.get("/kamioi/programme")).text
    assert 'href="/settings"' in text
    assert 'href="/kamioi/rules"' not in text


def test_candidates_are_told_apart_by_their_ids_and_not_by_their_names() -> None:
    one, other, held = new_id(), new_id(), new_id()
    told = [(one, "Target"), (other, "Target"), (held, "Held"), (None, "Gone")]
    found = {
        "evidence": {"candidates": [{"id": id_ and str(id_), "brand": name} for id_, name in told]},
        "mapped_brand_id": other,
        "mapped_brand": "Target",
        "brand_id": held,
    }
    assert [candidate.id for candidate in _candidates(found)] == [other, one]


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"state": "pending"}, "Rounds up once it is posted"),
        ({"state": "expired"}, "Rounds up nothing"),
        ({"state": "removed"}, "Rounds up nothing"),
        ({"is_held": True}, "A large one: waits until you confirm it"),
        ({"foreign_state": "waiting"}, "In another currency: waits for a rate"),
        ({"kind": "cash_advance"}, "Cash advance: rounds up nothing"),
        ({"kind": "transfer", "state": "pending"}, "Transfer: rounds up nothing"),
        ({"source": "legacy"}, "Brought along: rounded up before"),
        ({}, "Rounds up with the next run"),
    ],
    ids=[
        "pending",
        "expired",
        "removed",
        "held",
        "foreign",
        "no-purchase",
        "transfer",
        "legacy",
        "posted",
    ],
)
def test_what_has_not_rounded_up_says_why(facts: dict[str, object], said: str) -> None:
    row = {"round_minor": None, "state": "posted", "foreign_state": None, "is_held": False}
    row |= {"kind": "purchase", "source": "plaid"}
    assert outcome(SimpleNamespace(**(row | facts))) == said
