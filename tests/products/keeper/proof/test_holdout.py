"""Who is held out of the call list: nobody is called who is, and nobody waits because of it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from myriad.kit.ids import new_id
from myriad.products.keeper.repository.accounts import get_account
from myriad.products.keeper.repository.proof import (
    asked_of_saved,
    get_proof,
    saved_of,
    switch_control_group,
)
from myriad.products.keeper.repository.sql import fetch_all
from myriad.scale.directory import Role
from myriad.scale.directory.principal import Principal
from tests.products.keeper.ledger import LAST, Shop
from tests.products.keeper.proof.work import know_people, make_list

_ARMS = (
    "SELECT person_id, arm, stratum, place, entered_on, horizon_date, stopped_on, returned, net "
    "FROM keeper.call_assignment ORDER BY id"
)


async def _open_group(shop: Shop) -> None:
    await shop.change(
        "INSERT INTO keeper.control_group (tenant_id, salt) VALUES (%s, %s)",
        (shop.tenant_id, b"0123456789abcdef"),
    )


async def _hold_out(shop: Shop, person_id: Any, entered_on: date) -> None:
    await shop.insert(
        "call_assignment",
        [
            {
                "tenant_id": shop.tenant_id,
                "person_id": person_id,
                "entered_on": entered_on,
                "horizon_date": entered_on + timedelta(days=90),
                "arm": "control",
                "stratum": 6,
                "place": 0,
                "playbook": "lapsed",
                "value_at_risk": 5_000,
            }
        ],
    )


async def _dearest(shop: Shop) -> list[Any]:
    rows = await shop.rows(
        "SELECT person_id FROM keeper.person_metrics "
        "WHERE state IN ('slowing', 'likely_lapsed', 'lapsed') ORDER BY value_at_risk DESC"
    )
    return [row["person_id"] for row in rows]


async def test_everybody_whose_turn_came_is_in_one_arm_and_the_called_have_the_tasks(
    busy_shop: Shop,
) -> None:
    await know_people(busy_shop)
    await make_list(busy_shop)
    arms = await busy_shop.rows(_ARMS)
    called = {row["person_id"] for row in arms if row["arm"] == "call"}
    tasks = {row["person_id"] for row in await busy_shop.rows("SELECT person_id FROM keeper.task")}
    assert called == tasks
    assert len(called) == 5
    assert len({row["person_id"] for row in arms}) == len(arms)
    assert all(row["horizon_date"] == LAST + timedelta(days=90) for row in arms)


async def test_who_is_held_out_gets_no_task_and_the_next_in_line_does(busy_shop: Shop) -> None:
    await know_people(busy_shop)
    await make_list(busy_shop)
    first = (await _dearest(busy_shop))[0]
    await busy_shop.change("DELETE FROM keeper.task")
    await busy_shop.change("DELETE FROM keeper.call_assignment")
    await _hold_out(busy_shop, first, LAST - timedelta(days=60))
    await make_list(busy_shop)
    tasks = {row["person_id"] for row in await busy_shop.rows("SELECT person_id FROM keeper.task")}
    assert first not in tasks
    assert len(tasks) == 5
    entries = [row for row in await busy_shop.rows(_ARMS) if row["person_id"] == first]
    assert [row["entered_on"] for row in entries] == [LAST - timedelta(days=60)]


async def test_after_ninety_days_a_held_out_person_takes_their_chance_again(
    busy_shop: Shop,
) -> None:
    await know_people(busy_shop)
    await make_list(busy_shop)
    first = (await _dearest(busy_shop))[0]
    await busy_shop.change("DELETE FROM keeper.task")
    await busy_shop.change("DELETE FROM keeper.call_assignment")
    await _hold_out(busy_shop, first, LAST - timedelta(days=91))
    await make_list(busy_shop)
    entries = [row for row in await busy_shop.rows(_ARMS) if row["person_id"] == first]
    assert [row["entered_on"] for row in entries] == [LAST - timedelta(days=91), LAST]


async def test_the_same_data_and_salt_give_the_same_arms(busy_shop: Shop) -> None:
    await _open_group(busy_shop)
    await know_people(busy_shop)
    await make_list(busy_shop)
    first = [(row["person_id"], row["arm"], row["place"]) for row in await busy_shop.rows(_ARMS)]
    await busy_shop.change("DELETE FROM keeper.task")
    await busy_shop.change("DELETE FROM keeper.call_assignment")
    await make_list(busy_shop)
    again = [(row["person_id"], row["arm"], row["place"]) for row in await busy_shop.rows(_ARMS)]
    assert sorted(again) == sorted(first)


async def test_a_second_run_of_the_day_sends_nobody_to_an_arm_again(busy_shop: Shop) -> None:
    await know_people(busy_shop)
    await make_list(busy_shop)
    before = await busy_shop.rows(_ARMS)
    await make_list(busy_shop)
    assert await busy_shop.rows(_ARMS) == before


async def test_looking_back_sends_nobody_to_an_arm(busy_shop: Shop) -> None:
    await know_people(busy_shop)
    await make_list(busy_shop)
    before = await busy_shop.rows(_ARMS)
    await make_list(busy_shop, LAST - timedelta(days=100))
    assert await busy_shop.rows(_ARMS) == before


@pytest.fixture
def owner() -> Principal:
    return Principal(kind="user", id=new_id(), name="Owner", email="", tenant=None, role=Role.OWNER)


async def test_the_owner_may_switch_the_group_off_and_both_arms_are_left_out(
    busy_shop: Shop, owner: Principal
) -> None:
    await know_people(busy_shop)
    await make_list(busy_shop)
    async with busy_shop.runtime.database.session(busy_shop.tenant_id) as session:
        await switch_control_group(session, False, owner)
    assert {row["stopped_on"] for row in await busy_shop.rows(_ARMS)} == {LAST}
    count = len(await busy_shop.rows(_ARMS))
    await busy_shop.change("DELETE FROM keeper.task")
    await make_list(busy_shop)
    assert len(await busy_shop.rows("SELECT 1 AS one FROM keeper.task")) == 5
    assert len(await busy_shop.rows(_ARMS)) == count
    async with busy_shop.runtime.database.read_session(busy_shop.tenant_id) as session:
        view = await get_proof(session)
    assert not view.is_on
    assert view.saved.verdict == "off"
    said = await busy_shop.rows(
        "SELECT action FROM platform.audit_event WHERE action LIKE 'keeper.%%'"
    )
    assert [row["action"] for row in said] == ["keeper.control_group"]


async def _enter(shop: Shop, people: int, entered_on: date) -> None:
    """Put people with visits of the last year into arms: every tenth is held out."""
    ids = [
        row["id"]
        for row in await shop.rows(
            "SELECT id FROM keeper.person ORDER BY id LIMIT %(people)s", people=people
        )
    ]
    await shop.insert(
        "call_assignment",
        [
            {
                "tenant_id": shop.tenant_id,
                "person_id": person,
                "entered_on": entered_on,
                "horizon_date": entered_on + timedelta(days=90),
                "arm": "control" if place % 10 == 0 else "call",
                "stratum": 6,
                "place": place,
                "playbook": "slowing",
                "value_at_risk": 5_000,
            }
            for place, person in enumerate(ids)
        ],
    )


async def test_what_became_of_everybody_is_measured_from_visits_at_the_horizon(
    busy_shop: Shop,
) -> None:
    await know_people(busy_shop, LAST - timedelta(days=1))
    entered = LAST - timedelta(days=90)
    await _enter(busy_shop, 60, entered)
    await busy_shop.run()
    for row in await busy_shop.rows(_ARMS):
        visits = await busy_shop.rows(
            "SELECT count(*) AS visits, coalesce(sum(net), 0)::bigint AS net FROM keeper.visit "
            "WHERE person_id = %(person)s AND local_date > %(first)s AND local_date <= %(last)s",
            person=row["person_id"],
            first=row["entered_on"],
            last=row["horizon_date"],
        )
        if row["horizon_date"] <= LAST:
            assert (row["returned"], row["net"]) == (visits[0]["visits"] > 0, visits[0]["net"])
        else:
            assert row["returned"] is None


async def test_the_report_carries_what_calls_saved_with_its_bounds(busy_shop: Shop) -> None:
    await know_people(busy_shop, LAST - timedelta(days=1))
    await _enter(busy_shop, 60, LAST - timedelta(days=90))
    await _enter(busy_shop, 60, LAST - timedelta(days=100))
    await busy_shop.run()
    saved = await busy_shop.value(
        "SELECT numbers -> 'saved' FROM keeper.report WHERE kind = 'monthly' "
        "ORDER BY period_end DESC LIMIT 1"
    )
    assert saved["verdict"] in ("unclear", "saved", "lost")
    assert saved["people"] == 108
    assert saved["low"] <= saved["amount"] <= saved["high"]
    async with busy_shop.runtime.database.read_session(busy_shop.tenant_id) as session:
        view = await get_proof(session)
        account = await get_account(session)
        period = LAST.replace(day=1), LAST
        found = await fetch_all(session, asked_of_saved(*period))
        month = saved_of(found, account, *period)
    assert view.rate is not None
    assert view.saved.money is not None
    assert month is not None
    assert month.money is not None
    assert month.money.estimate.minor == saved["amount"]
    assert [arm.people for arm in view.arms] == [108, 12]
    assert view.playbooks[0].playbook == "slowing"


async def test_another_tenant_sees_nothing_of_it(busy_shop: Shop, other_shop: Shop) -> None:
    await know_people(busy_shop)
    await make_list(busy_shop)
    assert await other_shop.rows(_ARMS) == []
    async with other_shop.runtime.database.read_session(other_shop.tenant_id) as session:
        view = await get_proof(session)
    assert view.waiting_called == view.waiting_held_out == 0
    assert view.saved.verdict == "too_early"
