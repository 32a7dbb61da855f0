"""What is kept of valuations, for how long, and under which parameters."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from rich.console import Console

from myriad.apps.cli.frame import main
from myriad.kit.clock import utc_now
from myriad.kit.money import Money
from myriad.products.upswitch import engine
from myriad.products.upswitch.commands import report
from myriad.products.upswitch.engine.document import convert_inputs
from myriad.products.upswitch.errors import NoParametersError
from myriad.products.upswitch.parameters.defaults import DEFAULTS
from myriad.products.upswitch.queueing import TIDY_TASK, enqueue_watch
from myriad.products.upswitch.repository.facts import keep_facts
from myriad.products.upswitch.valuations.moves import move
from myriad.products.upswitch.valuations.reading import get_valuation, reopen
from myriad.products.upswitch.valuations.vintages import get_in_force, publish
from myriad.scale.jobs.enqueue import enqueue
from myriad.scale.runtime import Runtime
from tests.fixtures.app import Company
from tests.fixtures.jobs import run_job
from tests.products.upswitch.valuations.conftest import API, NUMBER, Asked, fact

EXAMPLE = Path(engine.__file__).parents[1] / "example.json"


async def count(runtime: Runtime, company: Company, table: str) -> int:
    async with runtime.database.read_session(company.tenant_id) as session:
        connection = await session.connection()
        found = await connection.exec_driver_sql(f"SELECT count(*) FROM upswitch.{table}")
        return int(found.scalar_one())


async def test_a_stored_valuation_comes_back_to_the_cent(asked: Asked, runtime: Runtime) -> None:
    made = await asked.value()
    async with runtime.database.read_session(asked.company.tenant_id) as session:
        view = await get_valuation(session, UUID(made["id"]))
    again = await reopen(runtime.database, view)
    assert (again.low, again.middle, again.high) == (view.low, view.middle, view.high)
    assert convert_inputs(view.inputs) == again.inputs


async def test_the_shipped_parameters_are_there_once_however_often_they_are_published(
    runtime: Runtime,
) -> None:
    first = await get_in_force(runtime.database, date(2026, 9, 30))
    again = await publish(runtime.database, DEFAULTS)
    assert (await publish(runtime.database, DEFAULTS)).id == again.id
    assert first.parameters.multiples


async def test_the_parameters_of_a_day_are_those_in_force_then(runtime: Runtime) -> None:
    await get_in_force(runtime.database, date(2026, 1, 1))
    newer = msgspec.structs.replace(DEFAULTS, name="of-the-future")
    published = await publish(runtime.database, newer, date(2098, 1, 1))
    assert (await get_in_force(runtime.database, date(2098, 6, 1))).id == published.id
    assert (await get_in_force(runtime.database, date(2026, 6, 1))).id != published.id
    with pytest.raises(NoParametersError, match="oldest"):
        await get_in_force(runtime.database, date(1990, 1, 1))


async def test_a_replay_under_other_parameters_is_explained_by_them_alone(
    asked: Asked, runtime: Runtime
) -> None:
    dearer = msgspec.structs.replace(
        DEFAULTS,
        name="dearer",
        multiples=tuple(
            msgspec.structs.replace(
                table,
                rows=tuple(msgspec.structs.replace(r, middle=r.middle + 1) for r in table.rows),
            )
            for table in DEFAULTS.multiples
        ),
    )
    await publish(runtime.database, dearer, date(2099, 1, 1))
    made = await asked.value()
    answer = await asked.client.post(
        f"{API}/valuations/{made['id']}/replays", params={"as_of": "2099-02-01"}
    )
    assert answer.status_code == 201, answer.text
    path = f"{API}/valuations/{answer.json()['id']}/waterfall"
    steps = (await asked.client.get(path, params={"before": made["id"]})).json()["steps"]
    assert [step["cause"] for step in steps] == ["parameters"]
    assert steps[0]["amount"]["minor"] > 0


async def test_old_reports_simulations_and_ended_links_go_and_valuations_stay(
    asked: Asked, other: Asked, runtime: Runtime
) -> None:
    for each in (asked, other):
        made = await each.value()
        base = f"{API}/valuations/{made['id']}"
        await each.client.get(f"{base}/report?format=xlsx")
        await each.client.post(f"{base}/simulations", json={"paths": 200})
        await each.client.post(f"{base}/shares", json={"days": 1})
        async with runtime.database.session(each.company.tenant_id) as session:
            connection = await session.connection()
            for change in (
                "UPDATE upswitch.report SET created_at = now() - interval '31 days'",
                "UPDATE upswitch.simulation SET created_at = now() - interval '31 days'",
                "UPDATE upswitch.share_link SET expires_at = now() - interval '31 days'",
            ):
                await connection.exec_driver_sql(change)
    async with runtime.database.session(asked.company.tenant_id) as session:
        job_id = await enqueue(session, TIDY_TASK, {})
    await run_job(runtime, asked.company.tenant_id, job_id)
    for table in ("report", "simulation", "share_link"):
        assert await count(runtime, asked.company, table) == 0, table
        assert await count(runtime, other.company, table) == 1, table
    assert await count(runtime, asked.company, "valuation") == 1


async def test_a_new_filing_is_valued_again_and_a_large_move_is_told(
    asked: Asked, runtime: Runtime
) -> None:
    made = await asked.value()
    tenant_id = asked.company.tenant_id
    async with runtime.database.session(tenant_id) as session:
        await keep_facts(
            session,
            asked.session_id,
            [fact("input_sheet.operating_income", 160_000.0, "2025-12-31")],
        )
        job_id = await enqueue_watch(session, NUMBER)
    await run_job(runtime, tenant_id, job_id)
    newest = (await asked.client.get(f"{API}/valuations")).json()["items"][0]
    assert newest["kind"] == "watch"
    assert newest["middle"]["minor"] > made["middle"]["minor"] * 1.1
    async with runtime.database.read_session(tenant_id) as session:
        connection = await session.connection()
        told = await connection.exec_driver_sql(
            "SELECT count(*) FROM platform.audit_event WHERE action = 'valuation.moved'"
        )
        assert told.scalar_one() == 1


async def test_a_filing_that_changes_nothing_makes_no_valuation(
    asked: Asked, runtime: Runtime
) -> None:
    await asked.value()
    async with runtime.database.session(asked.company.tenant_id) as session:
        job_id = await enqueue_watch(session, NUMBER)
    await run_job(runtime, asked.company.tenant_id, job_id)
    assert await count(runtime, asked.company, "valuation") == 1


def test_a_move_from_nothing_is_a_whole_one() -> None:
    nothing, some = Money(0, "EUR"), Money(100, "EUR")
    assert move(nothing, some) == 1.0
    assert move(nothing, nothing) == 0.0
    assert move(some, Money(89, "EUR")) == pytest.approx(-0.11)


def test_the_report_command_writes_both_formats_of_a_document(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for suffix, begins in ((".pdf", b"%PDF"), (".xlsx", b"PK")):
        out = tmp_path / f"bakery{suffix}"
        words = ["--home", str(tmp_path), "upswitch", "report", str(EXAMPLE), "--out", str(out)]
        assert main(words) == 0
        assert "is worth about" in capsys.readouterr().out
        assert out.read_bytes().startswith(begins)


def test_the_report_command_says_what_is_wrong(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    missing = str(tmp_path / "none.json")
    for what, name, message in (
        (str(EXAMPLE), "bakery.doc", "must end in .pdf or .xlsx"),
        (missing, "bakery.pdf", "cannot be read"),
    ):
        out = tmp_path / name
        words = ["--home", str(tmp_path), "upswitch", "report", what, "--out", str(out)]
        assert main(words) == 2
        assert message in capsys.readouterr().err
        assert not out.exists()


@dataclass(frozen=True)
class Terminal:
    """A command line on the test's servers."""

    opened: Runtime
    home: Path
    console: Console = field(default_factory=Console)
    as_json: bool = False

    @asynccontextmanager
    async def runtime(self) -> AsyncIterator[Runtime]:
        yield self.opened


async def test_the_terminal_sums_up_every_month_with_what_models_cost(
    asked: Asked, runtime: Runtime, tmp_path: Path
) -> None:
    await asked.value()
    newest = (await report._usage(Terminal(runtime, tmp_path)))[0]
    assert newest["month"] == f"{utc_now():%Y-%m}"
    assert newest["valuations"] >= newest["accounts"] >= 1
    assert newest["p95_duration_us"] > 0
    assert newest["model_cost_usd_micros"] >= 0


async def test_a_stored_valuation_is_written_by_its_id(
    asked: Asked, runtime: Runtime, tmp_path: Path
) -> None:
    made = await asked.value()
    view, content = await report._stored(Terminal(runtime, tmp_path), UUID(made["id"]), "pdf")
    assert str(view.id) == made["id"]
    assert content.startswith(b"%PDF")
