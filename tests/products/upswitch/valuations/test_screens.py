"""Valuations as people see them, and as those see them who were sent a link."""

from __future__ import annotations

from html import unescape

import httpx
import pytest

from myriad.kit.ids import new_id
from myriad.kit.money import Money
from myriad.products.upswitch.errors import InputsError
from myriad.products.upswitch.pages.valuations import parse_percent
from myriad.products.upswitch.valuations.sharing import seal
from myriad.products.upswitch.valuations.words import rounded
from myriad.scale.runtime import Runtime
from myriad.scale.vault import Vault
from tests.fixtures.app import client_of, csrf_of
from tests.products.upswitch.valuations.conftest import API, Asked, app_on, browser


async def shared_path(asked: Asked, valuation_id: str, days: int = 14) -> str:
    answer = await asked.client.post(f"{API}/valuations/{valuation_id}/shares", json={"days": days})
    assert answer.status_code == 201
    return str(answer.json()["path"])


async def look(runtime: Runtime, path: str) -> httpx.Response:
    async with client_of(app_on(runtime)) as visitor:
        return await visitor.get(path)


async def test_the_result_says_the_range_in_one_sentence_and_shows_where_it_comes_from(
    asked: Asked, runtime: Runtime
) -> None:
    made = await asked.value()
    async with browser(runtime, asked.company) as client:
        text = unescape((await client.get(f"/upswitch/valuations/{made['id']}")).text)
    assert "Bakkerij De Proef is worth about €" in text
    assert "chart-intervals" in text
    assert "chart-grid" in text
    assert "One customer is a large part" in text


@pytest.mark.parametrize("part", ["assumptions", "proof", "compare", "report"])
async def test_each_part_opens_for_its_own_account_alone(
    asked: Asked, other: Asked, runtime: Runtime, part: str
) -> None:
    made = await asked.value()
    path = f"/upswitch/valuations/{made['id']}/{part}"
    async with browser(runtime, asked.company) as mine, browser(runtime, other.company) as theirs:
        assert (await mine.get(path)).status_code == 200
        assert (await theirs.get(path)).status_code == 404


async def test_the_list_is_empty_at_first_and_leads_to_a_worked_example(
    asked: Asked, runtime: Runtime
) -> None:
    async with browser(runtime, asked.company) as client:
        empty = await client.get("/upswitch/valuations")
        assert "Nothing has been valued yet" in empty.text
        sent = await client.post(
            "/upswitch/valuations/example", data={"csrf_token": csrf_of(empty.text)}
        )
        assert sent.status_code == 303
        assert (await client.get(sent.headers["location"])).status_code == 200
        assert "Lindeboom" in (await client.get("/upswitch/valuations")).text


async def test_a_what_if_leads_to_its_comparison(asked: Asked, runtime: Runtime) -> None:
    made = await asked.value()
    page = f"/upswitch/valuations/{made['id']}"
    async with browser(runtime, asked.company) as client:
        token = csrf_of((await client.get(page)).text)
        form = {"csrf_token": token, "margin": "12,5"}
        sent = await client.post(f"{page}/scenarios", data=form)
        shown = await client.get(sent.headers["location"])
        nothing = await client.post(f"{page}/scenarios", data={"csrf_token": token})
        nonsense = await client.post(f"{page}/scenarios", data=form | {"margin": "plenty"})
    assert "more, and why" in shown.text
    assert nothing.status_code == 422
    assert nonsense.status_code == 422


async def test_a_link_shows_the_valuation_to_whoever_has_it_and_is_kept_nowhere(
    asked: Asked, runtime: Runtime
) -> None:
    made = await asked.value()
    answer = await look(runtime, await shared_path(asked, made["id"]))
    assert answer.status_code == 200
    assert "Bakkerij De Proef is worth about" in unescape(answer.text)
    assert answer.headers["cache-control"] == "no-store"
    assert "noindex" in answer.headers["x-robots-tag"]
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "<form" not in answer.text


async def test_whoever_has_a_link_does_not_see_what_a_buyer_would_attack(
    asked: Asked, runtime: Runtime
) -> None:
    made = await asked.value()
    answer = await look(runtime, await shared_path(asked, made["id"]))
    assert "One customer is a large part" not in answer.text
    assert "attack" not in answer.text


async def test_a_link_that_was_taken_back_shows_nothing_from_then_on(
    asked: Asked, other: Asked, runtime: Runtime
) -> None:
    made = await asked.value()
    path = await shared_path(asked, made["id"])
    base = f"{API}/valuations/{made['id']}/shares"
    share = (await asked.client.get(base)).json()[0]["id"]
    assert (await other.client.delete(f"{base}/{share}")).status_code == 404
    assert (await look(runtime, path)).status_code == 200
    assert (await asked.client.delete(f"{base}/{share}")).status_code == 204
    gone = await look(runtime, path)
    assert gone.status_code == 404
    assert "Bakkerij" not in gone.text


async def test_a_link_ends_by_itself(asked: Asked, runtime: Runtime) -> None:
    made = await asked.value()
    path = await shared_path(asked, made["id"])
    async with runtime.database.session(asked.company.tenant_id) as session:
        connection = await session.connection()
        await connection.exec_driver_sql(
            "UPDATE upswitch.share_link SET expires_at = now() - interval '1 second'"
        )
    assert (await look(runtime, path)).status_code == 404


async def test_a_link_that_somebody_made_up_or_changed_shows_nothing(
    asked: Asked, other: Asked, runtime: Runtime
) -> None:
    made = await asked.value()
    path = await shared_path(asked, made["id"])
    changed = path[:-3] + ("AAA" if not path.endswith("AAA") else "BBB")
    forged = seal(Vault(b"x" * 32), asked.company.tenant_id, new_id())
    elsewhere = seal(runtime.vault, other.company.tenant_id, new_id())
    paths = [changed, "/upswitch/shared", "/upswitch/shared?t=%20nonsense"]
    paths += [f"/upswitch/shared?t={token}" for token in (forged, elsewhere)]
    for each in paths:
        assert (await look(runtime, each)).status_code == 404, each


@pytest.mark.parametrize(
    ("typed", "share"), [("12", 0.12), ("12,5 %", 0.125), (" 3.25%", 0.0325), ("-2", -0.02)]
)
def test_a_percentage_is_read_as_people_type_it(typed: str, share: float) -> None:
    assert parse_percent(typed) == pytest.approx(share)


@pytest.mark.parametrize("typed", ["twelve", "1e9", "-100", "nan", "1 000"])
def test_what_is_no_percentage_is_refused(typed: str) -> None:
    with pytest.raises(InputsError):
        parse_percent(typed)


@pytest.mark.parametrize(
    ("cents", "text"),
    [(0, "€0"), (99_950, "€1,000"), (123_456_78, "€123,000"), (1_619_812_00, "€1,620,000")],
    ids=["nothing", "a-thousand", "thousands", "millions"],
)
def test_a_value_is_said_to_three_figures(cents: int, text: str) -> None:
    assert rounded(Money(cents, "EUR")) == text
