"""Whom the agents put on the call list, and whom never."""

from __future__ import annotations

from datetime import timedelta

from myriad.kit.clock import utc_now
from myriad.products.keeper.repository import dismiss_task, finish_task, get_today
from myriad.products.keeper.repository.sql import fetch
from tests.products.keeper.ledger import LAST, Shop

_TASKS = "SELECT id, person_id, value_at_risk, title, state, dedup_key FROM keeper.task ORDER BY value_at_risk DESC"


async def test_no_more_than_five_the_dearest_first(busy_shop: Shop) -> None:
    await busy_shop.run()
    tasks = await busy_shop.rows(_TASKS)
    assert len(tasks) == 5
    best = await busy_shop.rows(
        "SELECT value_at_risk FROM keeper.person_metrics "
        "WHERE state IN ('slowing', 'likely_lapsed', 'lapsed') AND person_id NOT IN "
        "(SELECT person_id FROM keeper.call_assignment WHERE arm = 'control') "
        "ORDER BY value_at_risk DESC LIMIT 5"
    )
    assert [task["value_at_risk"] for task in tasks] == [row["value_at_risk"] for row in best]


async def test_people_are_never_ranked_by_the_chance_of_being_alive(busy_shop: Shop) -> None:
    await busy_shop.run()
    chosen = await busy_shop.rows(
        "SELECT m.p_alive FROM keeper.task k JOIN keeper.person_metrics m USING (person_id) "
        "ORDER BY k.value_at_risk DESC"
    )
    alive = [row["p_alive"] for row in chosen]
    assert alive != sorted(alive)
    assert alive != sorted(alive, reverse=True)


async def test_someone_with_a_booking_is_not_called(busy_shop: Shop) -> None:
    await busy_shop.run()
    first = (await busy_shop.rows(_TASKS))[0]
    ext_id = await busy_shop.value(
        "SELECT ext_id FROM keeper.customer WHERE person_id = %(person)s",
        person=first["person_id"],
    )
    await busy_shop.book(ext_id, utc_now().date() + timedelta(days=3))
    await busy_shop.run(again=True)
    states = {task["person_id"]: task["state"] for task in await busy_shop.rows(_TASKS)}
    assert states[first["person_id"]] == "dismissed"
    person = await busy_shop.value(
        "SELECT state FROM keeper.person_metrics WHERE person_id = %(person)s",
        person=first["person_id"],
    )
    assert person == "booked"


async def test_someone_who_may_not_be_contacted_is_not_called(busy_shop: Shop) -> None:
    await busy_shop.change("UPDATE keeper.customer SET email_unsubscribed = true")
    await busy_shop.run()
    assert await busy_shop.rows(_TASKS) == []


async def test_someone_without_contact_is_not_called_where_others_have_one(
    busy_shop: Shop,
) -> None:
    await busy_shop.run()
    dearest = (await busy_shop.rows(_TASKS))[0]["person_id"]
    await busy_shop.change("DELETE FROM keeper.task")
    await busy_shop.change(
        "UPDATE keeper.customer SET email = NULL, phone = NULL, phone_e164 = NULL "
        "WHERE person_id = %s",
        (dearest,),
    )
    await busy_shop.run(again=True)
    assert dearest not in {task["person_id"] for task in await busy_shop.rows(_TASKS)}


async def test_a_bare_purchase_log_still_names_who_slips_away(busy_shop: Shop) -> None:
    await busy_shop.change(
        "UPDATE keeper.customer SET email = NULL, phone = NULL, phone_e164 = NULL"
    )
    await busy_shop.run()
    tasks = await busy_shop.rows("SELECT title, reason ->> 'sentence' AS why FROM keeper.task")
    assert len(tasks) == 5
    assert all("no way to reach" in task["why"] for task in tasks)


async def test_a_day_never_makes_more_than_five_even_when_all_are_done(busy_shop: Shop) -> None:
    await busy_shop.run()
    async with busy_shop.runtime.database.session(busy_shop.tenant_id) as session:
        for row in await fetch(
            session, "list_tasks", state=None, after_value=None, after_id=None, limit=9
        ):
            await finish_task(session, row["id"], None)
    await busy_shop.run(again=True)
    assert len(await busy_shop.rows(_TASKS)) == 5


async def test_the_next_day_fills_what_was_done_with_other_people(busy_shop: Shop) -> None:
    await busy_shop.run(LAST - timedelta(days=1))
    before = await busy_shop.rows(_TASKS)
    async with busy_shop.runtime.database.session(busy_shop.tenant_id) as session:
        await finish_task(session, before[0]["id"], None)
        await dismiss_task(session, before[1]["id"], None)
    await busy_shop.run()
    after = await busy_shop.rows(_TASKS)
    people = [task["person_id"] for task in after]
    assert len(people) == len(set(people))
    assert sum(task["state"] == "open" for task in after) <= 5


async def test_today_shows_what_the_tables_say(busy_shop: Shop) -> None:
    await busy_shop.run()
    async with busy_shop.runtime.database.read_session(busy_shop.tenant_id) as session:
        today = await get_today(session)
    assert today.business_date == LAST
    assert today.enough_history
    assert len(today.tasks) == 5
    assert today.value_at_risk.minor == sum(task.value_at_risk.minor for task in today.tasks)
    assert all(task.visits and task.reason and task.phone for task in today.tasks)
    slipping = await busy_shop.value(
        "SELECT count(*) FROM keeper.person_metrics WHERE state IN ('slowing', 'likely_lapsed')"
    )
    assert today.slipping == slipping


async def test_a_booking_that_comes_in_later_takes_the_task_off_today_at_once(
    busy_shop: Shop,
) -> None:
    await busy_shop.run()
    person = (await busy_shop.rows(_TASKS))[0]["person_id"]
    ext_id = await busy_shop.value(
        "SELECT ext_id FROM keeper.customer WHERE person_id = %(person)s", person=person
    )
    await busy_shop.book(ext_id, utc_now().date() + timedelta(days=3))
    async with busy_shop.runtime.database.read_session(busy_shop.tenant_id) as session:
        today = await get_today(session)
    assert len(today.tasks) == 4
    assert person not in {task.person_id for task in today.tasks}
