"""An invited person becomes the member whom the programme meant, by a link that they are sent."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from secrets import token_hex
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from myriad.kit.ids import new_id
from myriad.products.kamioi import member_tasks as _registered  # noqa: F401 - by importing it.
from myriad.products.kamioi.settings import KamioiSettings
from myriad.scale.jobs.attempt import Outcome
from tests.fixtures.app import PASSWORD, client_of, csrf_of, signed_in
from tests.fixtures.jobs import run_job
from tests.fixtures.mailbox import Mailbox, serving
from tests.products.kamioi.member.world import World

MEMBERS = "/kamioi/admin/members"
PUBLIC = "https://programme.example.com"


@pytest.fixture
async def mailbox(served: FastAPI, tmp_path: Path) -> AsyncIterator[Mailbox]:
    """A mail server that the application knows while the test lasts."""
    async with serving(tmp_path) as box:
        known = served.state.runtime
        settings = known.settings_of(KamioiSettings).model_copy(
            update={"smtp": box.settings(), "public_url": PUBLIC}
        )
        others = [one for one in known.settings if not isinstance(one, KamioiSettings)]
        served.state.runtime = replace(known, settings=(*others, settings))
        yield box
        served.state.runtime = known


def _address() -> str:
    return f"guest-{token_hex(6)}@example.com"


def _link_of(page: httpx.Response) -> str:
    found = re.search(r'id="link">http://test(/join/\w+)</code>', page.text)
    assert found is not None, page.text
    return found[1]


def _mailed(box: Mailbox) -> str:
    body = box.received[-1].get_body(("plain",))
    assert body is not None
    text: str = body.get_content()
    return text.partition(PUBLIC)[2].split()[0]


async def _post(browser: httpx.AsyncClient, path: str, **typed: str) -> httpx.Response:
    token = csrf_of((await browser.get(MEMBERS)).text)
    return await browser.post(path, data={"csrf_token": token, **typed})


async def _run(served: FastAPI, world: World, invitation_id: UUID) -> Outcome:
    return await run_job(served.state.runtime, world.company.tenant_id, invitation_id)


async def _waiting(world: World, email: str) -> tuple[UUID, UUID]:
    """Return the invitation of an address, and the member whom it is about."""
    rows = await world.rows(
        "SELECT id, split_part(about, ':', 2)::uuid FROM platform.invitation WHERE email = %s",
        email,
    )
    assert len(rows) == 1
    return rows[0][0], rows[0][1]


async def _join(app: FastAPI, link: str, password: str = PASSWORD) -> httpx.Response:
    async with client_of(app) as guest:
        form = await guest.get(link)
        typed = {"csrf_token": csrf_of(form.text), "password": password}
        answer = await guest.post(link, data=typed)
        if form.status_code == 404:
            return form
        if answer.status_code == 303:
            assert (await guest.get("/")).headers["location"] == "/kamioi/home"
            return await guest.get("/kamioi/home")
        return answer


async def test_staff_invite_and_the_guest_sees_a_home_of_their_own(
    served: FastAPI, world: World
) -> None:
    email = _address()
    async with signed_in(served, world.company.staff) as browser:
        assert "No mail server is set" in (await browser.get(MEMBERS)).text
        shown = await _post(browser, MEMBERS, name="  Cleo   Guest ", email=email)
        link = _link_of(shown)
        assert "nothing was mailed" in shown.text
        assert "invited until" in shown.text
    short = await _join(served, link, "short")
    assert short.status_code == 422
    assert "12 to 256 characters" in short.text
    home = await _join(served, link)
    assert "Nothing has come in yet" in home.text
    assert (await _join(served, link)).status_code == 404
    rows = await world.rows(
        "SELECT count(*) FROM kamioi.member WHERE name = 'Cleo Guest' AND user_id IS NOT NULL"
    )
    assert rows == [(1,)]


async def test_a_member_who_was_there_first_keeps_what_is_theirs(
    served: FastAPI, world: World
) -> None:
    member_id, email = new_id(), _address()
    await world.rows(
        "INSERT INTO kamioi.member (tenant_id, id, name) VALUES (%s, %s, 'Dora')",
        world.company.tenant_id,
        member_id,
    )
    async with signed_in(served, world.company.owner) as browser:
        link = _link_of(await _post(browser, f"{MEMBERS}/{member_id}/invite", email=email))
        assert (await _join(served, link)).status_code == 200
        again = await _post(browser, f"{MEMBERS}/{member_id}/invite", email=email)
        assert again.status_code == 409
        for action in ("again", "withdraw"):
            none = await _post(browser, f"{MEMBERS}/{member_id}/invitation/{action}")
            assert none.status_code == 409
        strange = await _post(browser, f"{MEMBERS}/{new_id()}/invite", email=email)
        assert strange.status_code == 404
        wrong = await _post(browser, MEMBERS, name="Eve", email="nobody")
        assert (wrong.status_code, "is no e-mail address" in wrong.text) == (422, True)
    taken = "SELECT count(*) FROM kamioi.member WHERE id = %s AND user_id IS NOT NULL"
    assert await world.rows(taken, member_id) == [(1,)]
    assert await world.rows("SELECT id FROM kamioi.member WHERE name = 'Eve'") == []


async def test_staff_who_take_part_use_both_and_keep_their_role(
    served: FastAPI, world: World
) -> None:
    async with signed_in(served, world.company.staff) as browser:
        email = world.company.staff.email
        link = _link_of(await _post(browser, MEMBERS, name="Staff", email=email))
        assert "Join" in (await browser.get(link)).text
        assert (await _post(browser, link)).status_code == 303
        home = (await browser.get("/kamioi/home")).text
        assert 'href="/kamioi/rules"' in home
        assert 'href="/kamioi/programme"' in home
        assert "My own part" in (await browser.get(MEMBERS)).text


async def test_an_invitation_is_mailed_and_again_with_another_link(
    served: FastAPI, world: World, mailbox: Mailbox
) -> None:
    email = _address()
    async with signed_in(served, world.company.staff) as browser:
        shown = await _post(browser, MEMBERS, name="Fay Guest", email=email)
        assert "/join/" not in shown.text
        assert "Its mail is on its way" in shown.text
        invitation_id, member_id = await _waiting(world, email)
        assert await _run(served, world, invitation_id) == "succeeded"
        assert "Its mail is on its way" not in (await browser.get(MEMBERS)).text
        first = _mailed(mailbox)
        await _post(browser, f"{MEMBERS}/{member_id}/invitation/again")
        assert (await _waiting(world, email))[0] != invitation_id
        await _run(served, world, (await _waiting(world, email))[0])
    assert [one["To"] for one in mailbox.received] == [f"Fay Guest <{email}>"] * 2
    assert mailbox.received[0]["Message-ID"] != mailbox.received[1]["Message-ID"]
    kept = await world.rows(
        "SELECT count(*) FROM platform.job_overview AS j WHERE j.id = %s AND j::text LIKE %s",
        invitation_id,
        f"%{first.rpartition('/')[2]}%",
    )
    assert kept == [(0,)]
    assert (await _join(served, first)).status_code == 404
    assert (await _join(served, _mailed(mailbox))).status_code == 200


async def test_what_is_withdrawn_is_neither_mailed_nor_taken_and_by_nobody_else(
    served: FastAPI, world: World, mailbox: Mailbox
) -> None:
    email = _address()
    async with (
        signed_in(served, world.company.staff) as browser,
        signed_in(served, world.other.owner) as stranger,
    ):
        await _post(browser, MEMBERS, name="Gus", email=email)
        invitation_id, member_id = await _waiting(world, email)
        for action in ("again", "withdraw"):
            theirs = await _post(stranger, f"{MEMBERS}/{member_id}/invitation/{action}")
            assert theirs.status_code == 404
        done = await _post(browser, f"{MEMBERS}/{member_id}/invitation/withdraw")
        assert "withdrawn" in (await browser.get(done.headers["location"])).text
    await _run(served, world, invitation_id)
    assert mailbox.received == []


async def test_an_address_that_the_server_refuses_is_told(
    served: FastAPI, world: World, mailbox: Mailbox
) -> None:
    email = _address()
    async with signed_in(served, world.company.staff) as browser:
        await _post(browser, MEMBERS, name="Hal", email=email)
        invitation_id, _ = await _waiting(world, email)
        mailbox.recipient_replies.append("451 busy")
        assert await _run(served, world, invitation_id) == "later"
        assert "it is tried again" in (await browser.get(MEMBERS)).text
        await world.rows(
            "UPDATE platform.job SET state = 'queued', run_at = NULL WHERE id = %s", invitation_id
        )
        mailbox.recipient_replies.append("550 no such user")
        assert await _run(served, world, invitation_id) == "dead"
        assert "refuses this address" in (await browser.get(MEMBERS)).text
