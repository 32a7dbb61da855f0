"""What was valued is valued again under other parameters, and a large move is told."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from rich.console import Console
from typer.testing import CliRunner

from myriad.products.upswitch.commands import parameters as command
from myriad.products.upswitch.errors import NoParametersError, ParameterFileError
from myriad.products.upswitch.pages.moves import alerts
from myriad.products.upswitch.parameters.defaults import DEFAULTS
from myriad.products.upswitch.parameters.folder import keep
from myriad.products.upswitch.queueing import MOVES_MAIL_TASK, enqueue_revaluation
from myriad.products.upswitch.settings import UpswitchSettings
from myriad.products.upswitch.valuations.moves import choose_mail, list_moves, read_unseen
from myriad.products.upswitch.valuations.vintages import Vintage, get_in_force, publish
from myriad.products.upswitch.valuations.watching import enqueue_revaluations
from myriad.products.upswitch.views.moves import MovesView
from myriad.scale.cache.policy import DAY, HOUR, POLICIES
from myriad.scale.directory import Role, list_members
from myriad.scale.directory.principal import Principal, TenantFacts
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.jobs.attempt import Outcome
from myriad.scale.jobs.enqueue import enqueue
from myriad.scale.runtime import Runtime
from tests.fixtures.app import Company, create_person, csrf_of
from tests.fixtures.database import runtime_for
from tests.fixtures.jobs import run_job
from tests.fixtures.mailbox import Mailbox, serving
from tests.products.upswitch.valuations.conftest import Asked, begin, browser


def times(factor: float, name: str) -> object:
    """Return the shipped parameters with every multiple that many times as high."""
    tables = tuple(
        msgspec.structs.replace(
            table,
            rows=tuple(
                msgspec.structs.replace(row, middle=row.middle * factor) for row in table.rows
            ),
        )
        for table in DEFAULTS.multiples
    )
    return msgspec.structs.replace(DEFAULTS, name=name, multiples=tables)


@pytest.fixture
async def dearer(runtime: Runtime) -> Vintage:
    """Parameters under which everything is worth much more; in force at no day of other tests."""
    return await publish(runtime.database, times(2.5, "dearer"), date(1998, 1, 1))  # type: ignore[arg-type]


async def renewed(runtime: Runtime, company: Company, vintage: Vintage) -> Outcome:
    async with runtime.database.session(company.tenant_id) as session:
        job_id = await enqueue_revaluation(session, vintage.id)
    return await run_job(runtime, company.tenant_id, job_id)


async def moves_of(runtime: Runtime, company: Company) -> MovesView:
    async with runtime.database.read_session(company.tenant_id) as session:
        return await list_moves(session)


async def test_new_parameters_renew_every_session_of_an_account_once(
    asked: Asked, other: Asked, runtime: Runtime, dearer: Vintage
) -> None:
    made = await asked.value()
    for number in (200_068_636, 400_000_086):
        more = await begin(runtime, asked.company, number=number)
        answer = await asked.client.post(f"/api/v1/upswitch/sessions/{more}/valuations", json={})
        assert answer.status_code == 201
    await other.value()
    for _ in range(2):
        assert await renewed(runtime, asked.company, dearer) == "succeeded"
    view = await moves_of(runtime, asked.company)
    assert (len(view.rows), view.unseen) == (3, 3)
    assert {row.reason for row in view.rows} == {"parameters"}
    first = next(row for row in view.rows if str(row.before_id) == made["id"])
    assert first.before.minor == made["middle"]["minor"]
    assert first.share == pytest.approx(first.after.minor / first.before.minor - 1)
    assert first.share > 0.1
    assert (await moves_of(runtime, other.company)).rows == ()


async def test_a_move_of_less_than_a_tenth_is_kept_as_a_value_and_not_told(
    asked: Asked, runtime: Runtime
) -> None:
    made = await asked.value()
    near = await publish(runtime.database, times(1.01, "near"), date(1998, 1, 2))  # type: ignore[arg-type]
    await renewed(runtime, asked.company, near)
    newest = (await asked.client.get("/api/v1/upswitch/valuations")).json()["items"][0]
    assert newest["kind"] == "watch"
    assert newest["middle"]["minor"] != made["middle"]["minor"]
    assert (await moves_of(runtime, asked.company)).rows == ()


async def test_a_session_that_can_no_longer_be_valued_keeps_its_value_and_holds_nobody_up(
    asked: Asked, runtime: Runtime, dearer: Vintage
) -> None:
    await asked.value()
    good = await begin(runtime, asked.company, number=200_068_636)
    await asked.client.post(f"/api/v1/upswitch/sessions/{good}/valuations", json={})
    async with runtime.database.session(asked.company.tenant_id) as session:
        connection = await session.connection()
        await connection.exec_driver_sql(
            "DELETE FROM upswitch.fact WHERE session_id = %(id)s", {"id": asked.session_id}
        )
    assert await renewed(runtime, asked.company, dearer) == "succeeded"
    assert len((await moves_of(runtime, asked.company)).rows) == 1


async def test_a_move_stands_above_every_page_until_somebody_has_seen_it(
    asked: Asked, other: Asked, runtime: Runtime, dearer: Vintage
) -> None:
    await asked.value()
    await renewed(runtime, asked.company, dearer)
    tenant_id = asked.company.tenant_id
    facts = TenantFacts(tenant_id, "A", "Europe/Brussels", "standard", is_suspended=False)
    caller = Principal("user", tenant_id, "A", "", facts, Role.STAFF)
    shown = await alerts(runtime, caller)
    assert (shown.unseen, len(shown.shown)) == (1, 1)
    assert "rose by" in shown.shown[0].title
    async with browser(runtime, asked.company) as client:
        page = await client.get("/upswitch/moves")
        assert "new market parameters" in page.text
        token = csrf_of(page.text)
        async with browser(runtime, other.company) as stranger:
            theirs = csrf_of((await stranger.get("/upswitch/moves")).text)
            refused = await stranger.post(shown.shown[0].seen_href, data={"csrf_token": theirs})
        assert refused.status_code == 404
        assert (await read_unseen(runtime.database, tenant_id)).count == 1
        events = await client.get("/upswitch/moves/events")
        assert json.loads(events.text.partition("data: ")[2].splitlines()[0])["unseen"] == 1
        answer = await client.post(
            shown.shown[0].seen_href, data={"csrf_token": token, "back": "//elsewhere.example"}
        )
        assert answer.headers["location"] == "/upswitch/moves"
    assert (await read_unseen(runtime.database, tenant_id)).count == 0


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Mailbox]:
    async with serving(tmp_path) as opened:
        yield opened


async def test_each_member_gets_one_mail_about_all_moves_unless_they_said_no(
    asked: Asked, runtime: Runtime, dearer: Vintage, box: Mailbox
) -> None:
    settings = UpswitchSettings(smtp=box.settings(), public_url="https://worth.example/")
    others = tuple(one for one in runtime.settings if not isinstance(one, UpswitchSettings))
    able = replace(runtime, settings=(*others, settings))
    tenant_id = asked.company.tenant_id
    people = [await create_person(runtime, tenant_id, role) for role in (Role.OWNER, Role.STAFF)]
    silent = await create_person(runtime, tenant_id, Role.STAFF)
    async with runtime.database.session(tenant_id) as session:
        members = {each.email: each.user_id for each in await list_members(session, tenant_id)}
        await choose_mail(session, members[silent.email], wants=False)
    await asked.value()
    await renewed(runtime, asked.company, dearer)
    box.recipient_replies = ["550 no such mailbox"]
    for _ in range(2):
        async with runtime.database.session(tenant_id) as session:
            job_id = await enqueue(session, MOVES_MAIL_TASK, {})
        assert await run_job(able, tenant_id, job_id) == "succeeded"
    assert len(box.received) == 1
    sent = box.received[0]
    assert str(sent["To"]).partition("<")[2].rstrip(">") in {person.email for person in people}
    text = sent.get_body(("plain",))
    assert text is not None
    assert "https://worth.example/upswitch/valuations/" in text.get_content()
    assert "by" in str(sent["Subject"])


async def test_without_a_mail_server_the_move_waits_for_one(
    asked: Asked, runtime: Runtime, dearer: Vintage
) -> None:
    await asked.value()
    await renewed(runtime, asked.company, dearer)
    async with runtime.database.session(asked.company.tenant_id) as session:
        job_id = await enqueue(session, MOVES_MAIL_TASK, {})
    assert await run_job(runtime, asked.company.tenant_id, job_id) == "succeeded"
    assert (await moves_of(runtime, asked.company)).unseen == 1


async def test_publishing_queues_a_job_for_every_account_that_valued_something(
    asked: Asked, runtime: Runtime, dearer: Vintage
) -> None:
    await asked.value()
    assert await enqueue_revaluations(runtime.database, dearer) == 0, "it is not in force today"
    today = await get_in_force(runtime.database, date.today())  # noqa: DTZ011 - as the job asks
    assert await enqueue_revaluations(runtime.database, today) >= 1


@dataclass(frozen=True)
class Terminal:
    """A command line on the test's servers, with a loop of its own."""

    urls: ServerUrls
    home: Path
    console: Console = field(default_factory=Console)
    as_json: bool = True

    def runtime(self) -> AbstractAsyncContextManager[Runtime]:
        opened: AbstractAsyncContextManager[Runtime] = runtime_for(self.urls)
        return opened


def test_the_command_publishes_lists_and_shows_a_set(
    database_urls: ServerUrls, tmp_path: Path
) -> None:
    """The same set again is the same vintage; an unknown name and a bad day are refused."""
    made = msgspec.structs.replace(DEFAULTS, name="of-1997")
    keep(tmp_path, [made])
    terminal = Terminal(database_urls, tmp_path)

    def say(*words: str) -> dict[str, Any]:
        result = CliRunner().invoke(command.app, list(words), obj=terminal)
        if result.exception is not None:
            raise result.exception
        # Logs of the test stand before it.
        found: dict[str, Any] = json.loads(result.stdout[result.stdout.index("{\n") :])
        return found

    first = say("publish", "of-1997", "--from", "1997-03-01")
    assert say("publish", "of-1997", "--from", "1997-03-01") == first
    assert (first["valid_from"], first["accounts"]) == ("1997-03-01", 0)
    assert UUID(first["id"])
    listed, shown = say("list")["parameters"], say("show", "of-1997")["parameters"]
    assert [each["name"] for each in listed] == ["shipped", "of-1997"]
    assert shown == listed[1:]
    with pytest.raises(NoParametersError):
        say("show", "of-1996")
    with pytest.raises(NoParametersError):
        say("publish", "of-1996")
    with pytest.raises(ParameterFileError, match="YYYY-MM-DD"):
        say("publish", "of-1997", "--from", "yesterday")


def test_what_is_kept_how_long_is_a_row_of_the_policy_table() -> None:
    """Sessions a day, valuations an hour, what registers say a day."""
    rows = [POLICIES[name].fresh_seconds for name in ("session", "result", "company")]
    assert rows == [DAY, HOUR, DAY]
