"""Access that is taken away ends at once, and what the member has stays; who looks is noted."""

from __future__ import annotations

from uuid import UUID

import httpx
from fastapi import FastAPI

from myriad.kit.ids import new_id
from myriad.products.kamioi import member_tasks as _registered  # noqa: F401 - by importing it.
from myriad.products.kamioi.member.leaving import LET_GO_TASK
from myriad.scale.directory import Role
from myriad.scale.runtime import Runtime
from tests.fixtures.app import Person, create_person, csrf_of, form_token, signed_in
from tests.fixtures.jobs import run_job
from tests.products.kamioi.member.world import World

MEMBERS = "/kamioi/admin/members"
KEPT = """
SELECT (SELECT count(*) FROM kamioi.purchase WHERE member_id = %s),
    (SELECT count(*) FROM kamioi.round_up WHERE member_id = %s),
    (SELECT count(*) FROM kamioi.bank_account WHERE member_id = %s)
"""


async def _leave(browser: httpx.AsyncClient, token: str, member_id: UUID) -> httpx.Response:
    return await browser.post(f"{MEMBERS}/{member_id}/leave", data={"csrf_token": token})


async def _looks(world: World, place: str) -> set[UUID]:
    rows = await world.rows("SELECT member_id FROM kamioi.look WHERE place = %s", place)
    return {row[0] for row in rows}


async def test_who_looks_at_members_or_at_the_string_of_one_alone_is_noted(
    served: FastAPI, world: World
) -> None:
    async with signed_in(served, world.company.staff) as browser:
        assert (await browser.get(MEMBERS)).status_code == 200
        assert await _looks(world, "members") >= {world.ann.id, world.bob.id}
        both = world.coffee.descriptor_id
        rows = await world.rows(
            "SELECT descriptor_id FROM kamioi.purchase WHERE id = %s", world.anns["unknown"]
        )
        for descriptor_id in (both, rows[0][0]):
            await browser.get(f"/kamioi/admin/mappings/{descriptor_id}")
        assert await _looks(world, "mapping") == {world.ann.id}


async def test_access_ends_at_once_and_what_was_bought_stays(served: FastAPI, world: World) -> None:
    ann, kept = world.ann.id, await world.rows(KEPT, *[world.ann.id] * 3)
    async with (
        signed_in(served, world.ann.sign_in) as member,
        signed_in(served, world.company.staff) as staff,
        signed_in(served, world.company.owner) as owner,
        signed_in(served, world.other.owner) as stranger,
    ):
        token = form_token(served, staff)
        assert (await _leave(staff, token, ann)).status_code == 403
        assert (await _leave(stranger, form_token(served, stranger), ann)).status_code == 404
        assert (await member.get("/kamioi/home")).status_code == 200
        page = await owner.get(MEMBERS)
        assert "Take access away" in page.text
        done = await _leave(owner, csrf_of(page.text), ann)
        assert "pulled from no more" in (await owner.get(done.headers["location"])).text
        gone = await member.get("/kamioi/home", headers={"Accept": "text/html"})
        assert gone.headers["location"].startswith("/login")
        twice = await _leave(owner, csrf_of(page.text), ann)
        assert twice.status_code == 409
        audit = await owner.get("/kamioi/admin/audit")
        assert "Took a membership away" in audit.text
    state = "SELECT user_id, state FROM kamioi.member WHERE id = %s"
    assert await world.rows(state, ann) == [(None, "paused")]
    assert await world.rows(state, world.bob.id) == [(world.bob.sign_in.user_id, "active")]
    assert await world.rows(KEPT, ann, ann, ann) == kept
    await _run_letting_go(served, world)
    links = "SELECT status, access_token_sealed FROM kamioi.bank_item WHERE member_id = %s"
    assert await world.rows(links, ann) == [("removed", None)]
    assert await world.rows(links, world.bob.id) != [("removed", None)]


async def _run_letting_go(served: FastAPI, world: World) -> None:
    jobs = await world.rows("SELECT id FROM platform.job_overview WHERE task = %s", LET_GO_TASK)
    assert len(jobs) == 1
    await run_job(served.state.runtime, world.company.tenant_id, jobs[0][0])


async def test_who_runs_the_account_too_is_removed_where_the_account_is(
    served: FastAPI, world: World
) -> None:
    staff = await _staff_named(served, world, "Zoe Gone")
    member_id = new_id()
    await world.rows(
        "INSERT INTO kamioi.member (tenant_id, id, name, user_id) VALUES (%s, %s, 'Zoe', %s)",
        world.company.tenant_id,
        member_id,
        staff.user_id,
    )
    async with (
        signed_in(served, staff) as browser,
        signed_in(served, world.company.owner) as owner,
    ):
        await browser.get(MEMBERS)
        token = form_token(served, owner)
        assert (await _leave(owner, token, member_id)).status_code == 409
        path = f"/api/v1/members/{staff.user_id}"
        removed = await owner.delete(path, headers={"X-CSRF-Token": token})
        assert removed.status_code == 204
        looks = (await owner.get("/kamioi/admin/audit?show=looks")).text
        assert (await browser.get("/api/v1/me")).status_code == 401
    rows = await world.rows("SELECT user_id, state FROM kamioi.member WHERE id = %s", member_id)
    assert rows == [(None, "paused")]
    assert ">Zoe Gone<" in looks


async def _staff_named(served: FastAPI, world: World, name: str) -> Person:
    runtime: Runtime = served.state.runtime
    person = await create_person(runtime, world.company.tenant_id, Role.STAFF)
    async with runtime.database.crossing("test names somebody") as session:
        await (await session.connection()).exec_driver_sql(
            "UPDATE platform.user_account SET name = %s WHERE id = %s", (name, person.user_id)
        )
    return person
