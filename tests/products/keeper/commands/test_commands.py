"""The commands: what they print, which file they write, and how they refuse."""

from __future__ import annotations

import csv
import io
import json
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import anyio.to_thread
import pytest
from click.testing import Result
from rich.console import Console
from typer.testing import CliRunner

from myriad.kit.errors import MyriadError
from myriad.products.keeper.commands import app
from myriad.products.keeper.square.simulator.server import build_world
from myriad.scale.directory.tenants import find_tenant_by_slug
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.runtime import Runtime
from tests.fixtures.database import runtime_for
from tests.products.keeper.google.conftest import running_google
from tests.products.keeper.ledger import LAST, Shop, fill
from tests.products.keeper.square.conftest import LOG, running_square

PERSONS = """rec_id, given_name, surname, street_number, address_1, address_2, suburb, postcode, state, date_of_birth, soc_sec_id
rec-1-org, lachlan, berry, 69, giblin street, killarney, bittern, 4814, qld, 19990219, 7364009
rec-1-dup-0, lachlan, berry, 69, giblin street, killarney, bittern, 4814, qld, 19990219, 7364009
rec-2-org, kayla, harrington, 4, maltby circuit, coaling, coolaroo, 3465, nsw, 19150612, 9004242
"""


@dataclass
class Context:
    """What the command line gives, on the test's servers."""

    urls: ServerUrls
    home: Path
    as_json: bool = False

    @property
    def console(self) -> Console:
        return Console(stderr=True)

    @asynccontextmanager
    async def runtime(self) -> AsyncIterator[Runtime]:
        async with runtime_for(self.urls) as runtime:
            yield runtime


@pytest.fixture
def context(fresh_servers: ServerUrls, tmp_path: Path) -> Context:
    return Context(fresh_servers, tmp_path)


@pytest.fixture
def idle(empty_servers: ServerUrls, tmp_path: Path) -> Context:
    """A context without any account, for commands that are refused."""
    return Context(empty_servers, tmp_path)


async def call(context: Context, *arguments: str) -> Result:
    """Run a command in a thread: it brings an event loop of its own."""
    return await anyio.to_thread.run_sync(
        lambda: CliRunner().invoke(app, list(arguments), obj=context)
    )


async def export(context: Context, form: str, day: date, *more: str) -> str:
    """Return what `customers` writes to a file; standard output also has the tests' log."""
    out = context.home / f"customers.{form}"
    line = ("customers", "--format", form, "--as-of", day.isoformat(), "--out", str(out), *more)
    result = await call(context, *line)
    assert result.exit_code == 0, result.output
    return out.read_text()


async def refusal(context: Context, *arguments: str) -> str:
    """Return what a refused command says."""
    result = await call(context, *arguments)
    assert isinstance(result.exception, MyriadError), result.output
    return result.exception.detail


@pytest.fixture
async def filled(context: Context) -> Shop:
    """One account with sixty customers in the context's database."""
    async with runtime_for(context.urls) as runtime:
        shop = await _open(runtime, "solo")
        await fill(shop)
    return shop


async def _open(runtime: Runtime, slug: str) -> Shop:
    async with runtime.database.crossing("test makes a tenant") as session:
        connection = await session.connection()
        rows = await connection.exec_driver_sql(
            "INSERT INTO platform.tenant (slug, name, timezone) VALUES (%s, %s, 'UTC') RETURNING id",
            (slug, slug.title()),
        )
        tenant_id = rows.scalar_one()
    return await Shop.open(runtime, tenant_id)


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


async def test_customers_as_csv_have_the_documented_columns(context: Context, filled: Shop) -> None:
    await call(context, "run", "--as-of", LAST.isoformat())
    rows = _rows(await export(context, "csv", LAST, "--horizon", "45"))
    assert len(rows) == 60
    assert list(rows[0])[:9] == [
        "external_id",
        "name",
        "profiles",
        "first_visit",
        "last_visit",
        "x",
        "t_x",
        "T",
        "p_alive",
    ]
    assert {"churn_45", "expected_visits_45", "expected_value_45", "state", "reason"} <= set(
        rows[0]
    )
    for row in rows:
        age = LAST - date.fromisoformat(row["first_visit"])
        between = date.fromisoformat(row["last_visit"]) - date.fromisoformat(row["first_visit"])
        assert float(row["T"]) == pytest.approx(age.days / 7)
        assert float(row["t_x"]) == pytest.approx(between.days / 7)
        assert 0 <= float(row["churn_45"]) <= 1


async def test_customers_as_of_a_day_see_nothing_after_it(context: Context, filled: Shop) -> None:
    await call(context, "run", "--as-of", LAST.isoformat())
    day = LAST - timedelta(days=100)
    rows = json.loads(await export(context, "json", day))
    assert rows
    assert max(row["last_visit"] for row in rows) <= day.isoformat()


async def test_run_and_report_write_a_file_in_one_step(context: Context, filled: Shop) -> None:
    result = await call(context, "run", "--as-of", LAST.isoformat())
    assert result.exit_code == 0, result.output
    assert f"7 of 7 agents ended well for {LAST}" in result.stdout
    for name, start in (("r.pdf", b"%PDF"), ("r.html", b"<!doctype html>")):
        out = context.home / name
        assert (await call(context, "report", "--out", str(out))).exit_code == 0
        assert out.read_bytes().startswith(start)
    assert sorted(path.name for path in context.home.iterdir()) == ["r.html", "r.pdf"]
    printed = await call(context, "report", "--kind", "monthly")
    assert "Takings" in printed.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run",), "make one with ./myriad keeper connect"),
        (("report", "--out", "report.txt"), "must end in .html or .pdf"),
        (("report", "--kind", "yearly"), "choose one of daily, weekly, monthly"),
        (("customers", "--format", "xml"), "choose one of csv, json, table"),
        (("customers", "--horizon", "0"), "expected 1 to 3650 days"),
        (("customers", "--as-of", "30.9.1997"), "write it as YYYY-MM-DD"),
        (("customers", "--out", "/nonexistent/x.csv"), "does not exist; make it"),
        (("sync", "--mode", "sideways"), "choose one of increment, nightly, full"),
        (("connect", "--base-url", "https://connect.squareup.com"), "agrees in a browser"),
        (("connect", "--base-url", "http://127.0.0.1:9"), "does not answer"),
        (("connect", "--timezone", "Mars/Base"), "is no time zone"),
        (("connect", "--base-url", "http://127.0.0.1:9"), "start ./myriad keeper square-simulator"),
        (("sync",), "make one with ./myriad keeper connect"),
        (("report",), "make one with ./myriad keeper connect"),
        (("customers",), "make one with ./myriad keeper connect"),
        (("match", "persons.csv", "--out", "p.csv", "--map", "family"), "expected FIELD=COLUMN"),
        (("match", "absent.csv", "--out", "p.csv"), "Give the path of a CSV file"),
        (("square-simulator", "--purchases", "absent.csv"), "Give the path of a CSV file"),
    ],
)
async def test_wrong_use_says_what_was_expected_and_what_to_do(
    idle: Context, arguments: Sequence[str], said: str
) -> None:
    assert said in await refusal(idle, *arguments)


async def test_a_connection_that_fails_leaves_no_account_behind(idle: Context) -> None:
    await refusal(idle, "connect", "--base-url", "http://127.0.0.1:9", "--account", "ghost")
    async with (
        runtime_for(idle.urls) as runtime,
        runtime.database.crossing("test looks for a tenant") as session,
    ):
        assert await find_tenant_by_slug(session, "ghost") is None


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("--account", "ghost", "--merchant", "M404"), "There is no such merchant"),
        (("--account", "No Slug!"), "2 to 63 small letters, digits and hyphens"),
    ],
)
async def test_a_wrong_seller_or_account_leaves_nothing_behind(
    context: Context, tmp_path: Path, wrong: Sequence[str], said: str
) -> None:
    log = tmp_path / "log.csv"
    log.write_text(LOG)
    world = build_world(purchases=log, spa=False, seed=1, customers=1)
    with running_square(world) as square:
        assert said in await refusal(context, "connect", "--base-url", square.url, *wrong)
    async with (
        runtime_for(context.urls) as runtime,
        runtime.database.crossing("test looks for a tenant") as session,
    ):
        assert await find_tenant_by_slug(session, wrong[1]) is None


async def test_what_is_still_to_be_made_is_told(context: Context, filled: Shop) -> None:
    assert "run ./myriad keeper connect --account solo" in await refusal(context, "sync")
    assert "make one with ./myriad keeper run" in await refusal(context, "report")


def test_a_taken_port_is_told_before_the_simulator_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = CliRunner().invoke(
            app, ["square-simulator", "--customers", "1", "--port", port], obj=object()
        )
    assert isinstance(ended.exception, MyriadError)
    assert "choose another with --port" in ended.exception.detail


async def test_a_wrong_account_names_those_that_are_there(context: Context, filled: Shop) -> None:
    assert "there are: solo" in await refusal(context, "run", "--account", "nobody")
    async with runtime_for(context.urls) as runtime:
        await _open(runtime, "second")
    assert "add --account with one of: second, solo" in await refusal(context, "run")


async def test_a_day_out_of_reach_is_explained(context: Context, filled: Shop) -> None:
    assert "before the first payment" in await refusal(context, "run", "--as-of", "1990-01-01")
    assert "still to come" in await refusal(context, "run", "--as-of", "2999-01-01")


async def test_match_writes_the_pairs_of_any_list(context: Context) -> None:
    persons, out = context.home / "persons.csv", context.home / "pairs.csv"
    persons.write_text(PERSONS)
    result = await call(context, "match", str(persons), "--out", str(out))
    assert result.exit_code == 0, result.output
    rows = _rows(out.read_text())
    assert [(row["left_id"], row["right_id"]) for row in rows if row["match"] == "yes"] in (
        [("rec-1-org", "rec-1-dup-0")],
        [("rec-1-dup-0", "rec-1-org")],
    )


def test_the_command_line_exits_with_2_and_leaves_files_alone(tmp_path: Path) -> None:
    persons, out = tmp_path / "persons.csv", tmp_path / "pairs.csv"
    persons.write_text("rec_id, given_name\nrec-1-org\n")
    out.write_text("kept")
    line = [sys.executable, "-m", "myriad.apps.cli", "--home", str(tmp_path / "home")]
    ended = subprocess.run(
        [*line, "keeper", "match", str(persons), "--out", str(out)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 2, ended.stderr
    assert "line 2" in ended.stderr
    assert out.read_text() == "kept"


async def test_google_is_connected_and_read_at_once(context: Context, filled: Shop) -> None:
    """With a simulator the consent is gone through and every review read by one command."""
    with running_google() as google:
        google.write(4)
        first = await call(context, "connect-google", "--base-url", google.url)
        again = await call(context, "connect-google", "--base-url", google.url)
    assert "solo: 1 connection to Google, 4 reviews read" in first.output, first.exception
    assert "4 reviews read" in again.output, again.exception
    async with runtime_for(context.urls) as runtime:
        sql = "SELECT count(*) AS n FROM keeper.review"
        assert await runtime.database.reader.rows(filled.tenant_id, sql, {}) == [{"n": 4}]


async def test_google_itself_is_asked_in_a_browser_and_answered_here(
    context: Context, filled: Shop
) -> None:
    """Without an application the refusal says what to set; an address without a state is none."""
    assert filled.sales
    assert "GOOGLE_CLIENT_ID" in await refusal(context, "connect-google")
    wrong = await refusal(context, "connect-google", "--answer", "http://localhost/?code=x")
    assert "code=" in wrong
    silent = await refusal(context, "connect-google", "--base-url", "http://127.0.0.1:9")
    assert "does not answer" in silent
