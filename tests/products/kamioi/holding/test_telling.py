"""Members are told what concerns them, once, and open pages hear of it."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from redis.asyncio import Redis

from myriad.kit.ids import new_id
from myriad.products.kamioi.money.round_ups import redecide
from myriad.products.kamioi.notification.alerts import announce, stream_of
from myriad.products.kamioi.notification.reading import Notification, Unread, find_unread
from myriad.products.kamioi.notification.streaming import Watch
from myriad.products.kamioi.notification.words import said
from myriad.scale.http.hub import EventHub
from tests.products.kamioi.holding.world import Saver


async def _told(saver: Saver, member_id: UUID) -> list[Notification]:
    return list((await find_unread(saver.reader, member_id)).newest)


async def test_a_pull_and_what_it_bought_are_told_once(saver: Saver) -> None:
    told = {one.kind: one for one in await _told(saver, saver.member_id)}
    pulled, bought = told["round_ups_pulled"], told["shares_bought"]
    assert said(pulled).title == "$10.00 of round-ups is on its way from your bank"
    assert said(bought).title == "$10.00 became shares of 2 companies"
    assert set(bought.facts["tickers"]) == {saver.first.ticker, saver.second.ticker}
    kinds = [one.kind for one in await _told(saver, saver.other)]
    assert (kinds.count("round_ups_pulled"), kinds.count("shares_bought")) == (1, 1)


async def test_another_company_is_told_to_whom_it_concerns(saver: Saver) -> None:
    programme, shop = saver.programme, await saver.programme.shop()
    string = saver.second.descriptor_id
    await programme.run(
        "UPDATE kamioi.mapping SET valid_to = now(), state = 'superseded' WHERE descriptor_id = %s",
        string,
    )
    await programme.run(
        "INSERT INTO kamioi.mapping (tenant_id, descriptor_id, version, brand_id, confidence,"
        " method, state) VALUES (%s, %s, 2, %s, 1, 'human', 'approved')",
        programme.tenant_id, string, shop.brand_id,
    )  # fmt: skip
    for _ in range(2):
        async with programme.session() as session:
            await redecide(session, string)
    (changed,) = [
        one for one in await _told(saver, saver.member_id) if one.kind == "mapping_changed"
    ]
    assert (changed.facts["company"], changed.facts["before"]) == (
        shop.ticker, saver.second.ticker,
    )  # fmt: skip
    assert all(one.kind != "mapping_changed" for one in await _told(saver, saver.other))


async def test_an_open_page_hears_of_what_is_new_when_it_is_announced(
    saver: Saver, patient: Redis
) -> None:
    programme, member_id, hub = saver.programme, saver.other, EventHub(patient)
    runtime = replace(programme.runtime, cache=patient)

    async def look() -> Unread:
        return await find_unread(saver.reader, member_id)

    events = Watch(hub, look, seconds=20).events(stream_of(programme.tenant_id))
    first = await anext(events)
    assert (first.event, first.data["unseen"]) == ("alerts", 2)
    fresh = new_id()
    await programme.run(
        "INSERT INTO kamioi.notification (tenant_id, id, member_id, kind, facts, once_key)"
        " VALUES (%s, %s, %s, 'bank_needs_login', '{}', 'x')",
        programme.tenant_id, fresh, member_id,
    )  # fmt: skip
    assert await announce(runtime, programme.tenant_id)
    second, third = await anext(events), await anext(events)
    assert second.data["unseen"] == 3
    assert (third.event, third.id) == ("alert", str(fresh))
    assert third.data["title"] == "Your bank asks you to sign in again"
    await events.aclose()


async def test_an_older_one_that_moves_up_when_another_is_read_is_not_told_as_new(
    saver: Saver, patient: Redis
) -> None:
    programme = saver.programme
    member_id, hub = await programme.member(), EventHub(patient)
    runtime = replace(programme.runtime, cache=patient)
    tell = (
        "INSERT INTO kamioi.notification (tenant_id, member_id, kind, facts, once_key, created_at)"
        " SELECT %s, %s, 'bank_needs_login', '{}', 'k' || n, now() - interval '1 day' * n"
        " FROM generate_series(%s::int, %s::int) AS n"
    )
    await programme.run(tell, programme.tenant_id, member_id, 1, 7)

    async def look() -> Unread:
        return await find_unread(saver.reader, member_id)

    events = Watch(hub, look, seconds=20).events(stream_of(programme.tenant_id))
    assert (await anext(events)).data["unseen"] == 7
    await programme.run(
        "UPDATE kamioi.notification SET read_at = now() WHERE member_id = %s AND once_key = 'k7'",
        member_id,
    )
    await announce(runtime, programme.tenant_id)
    assert (await anext(events)).data["unseen"] == 6
    await programme.run(tell, programme.tenant_id, member_id, 0, 0)
    await announce(runtime, programme.tenant_id)
    told = [await anext(events) for _ in range(2)]
    assert [one.event for one in told] == ["alerts", "alert"]
    await events.aclose()


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        pytest.param("sweep_rejected", {"amount_minor": 500, "currency": "USD"}, id="refused"),
        pytest.param("sweep_returned", {}, id="without facts"),
        pytest.param("foreign_purchase", {"booked_on": "2026-11-02"}, id="foreign"),
        pytest.param("never_heard_of", {"x": 1}, id="unknown"),
    ],
)
def test_every_kind_has_words_also_one_that_nobody_knows(
    kind: str, facts: dict[str, object], saver: Saver
) -> None:
    found = said(Notification(new_id(), kind, facts, created_at=None))  # type: ignore[arg-type]
    assert found.title
    assert found.href.startswith("/kamioi/")
