"""Valuations as programs ask for them."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import zipfile
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from myriad.products.upswitch import engine
from myriad.products.upswitch.engine.valuation import ENGINE_VERSION
from myriad.products.upswitch.repository.facts import keep_facts
from myriad.scale.runtime import Runtime
from tests.fixtures.app import Company
from tests.fixtures.jobs import run_job
from tests.products.upswitch.valuations.conftest import API, KNOWN, Asked, begin, fact, program

EXAMPLE = Path(engine.__file__).parents[1] / "example.json"


async def test_a_session_is_valued_and_the_whole_of_it_is_there_to_read(asked: Asked) -> None:
    made = await asked.value()
    assert made["is_new"]
    view = (await asked.client.get(f"{API}/valuations/{made['id']}")).json()
    assert view["middle"] == made["middle"]
    assert view["company_name"] == "Bakkerij De Proef"
    assert view["engine_version"] == ENGINE_VERSION
    assert {each["origin"] for each in view["assumptions"]} == {"user", "default"}
    assert [method["method"] for method in view["outputs"]["methods"]] == ["dcf", "ebitda"]


async def test_the_same_facts_again_are_the_same_valuation(asked: Asked) -> None:
    first, second = await asked.value(), await asked.value()
    assert second["id"] == first["id"]
    assert not second["is_new"]


async def test_many_at_once_make_one_valuation(asked: Asked) -> None:
    made = await asyncio.gather(*(asked.value() for _ in range(8)))
    assert len({each["id"] for each in made}) == 1
    listed = (await asked.client.get(f"{API}/valuations")).json()["items"]
    assert len(listed) == 1


async def test_a_fact_said_otherwise_is_another_valuation(asked: Asked, runtime: Runtime) -> None:
    first = await asked.value()
    async with runtime.database.session(asked.company.tenant_id) as session:
        new = [fact("input_sheet.initial_cost_of_capital", 0.2)]
        await keep_facts(session, asked.session_id, new)
    second = await asked.value()
    assert second["is_new"]
    assert second["middle"]["minor"] < first["middle"]["minor"]


async def test_another_company_sees_nothing_of_it(asked: Asked, other: Asked) -> None:
    made = await asked.value()
    base = f"{API}/valuations/{made['id']}"
    for path in (base, f"{base}/trace", f"{base}/sensitivity", f"{base}/report", f"{base}/shares"):
        assert (await other.client.get(path)).status_code == 404, path
    for path, body in (
        (f"{base}/scenarios", {"changes": {"input_sheet.revenues": 1.0}}),
        (f"{base}/simulations", {}),
        (f"{base}/shares", {}),
    ):
        assert (await other.client.post(path, json=body)).status_code == 404, path
    assert (await other.client.post(f"{base}/report")).status_code == 404
    assert (await other.client.get(f"{API}/valuations")).json()["items"] == []
    path = f"{API}/sessions/{asked.session_id}/valuations"
    assert (await other.client.post(path, json={})).status_code == 404
    assert (await other.value())["id"] != made["id"]


async def test_a_session_that_knows_too_little_says_what_is_missing(
    runtime: Runtime, companies: tuple[Company, Company]
) -> None:
    session_id = await begin(runtime, companies[0], KNOWN[2:3])
    async with program(runtime, companies[0]) as client:
        answer = await client.post(f"{API}/sessions/{session_id}/valuations", json={})
    assert answer.status_code == 422
    assert answer.json()["code"] == "upswitch_missing_facts"
    assert "operating result" in answer.json()["detail"]


async def test_growth_above_the_cost_of_capital_is_refused_and_nothing_is_kept(
    asked: Asked,
) -> None:
    made = await asked.value()
    changes = {"input_sheet.growth_rate_in_perpetuity": 0.3}
    answer = await asked.client.post(
        f"{API}/valuations/{made['id']}/scenarios", json={"changes": changes}
    )
    assert answer.status_code == 422
    assert answer.json()["code"] == "upswitch_growth_above_capital_cost"
    assert len((await asked.client.get(f"{API}/valuations")).json()["items"]) == 1


async def test_a_scenario_stands_beside_its_origin_and_the_steps_between_sum_to_the_cent(
    asked: Asked,
) -> None:
    made = await asked.value()
    changes = {
        "input_sheet.target_operating_margin": 0.15,
        "input_sheet.initial_cost_of_capital": 0.13,
    }
    answer = await asked.client.post(
        f"{API}/valuations/{made['id']}/scenarios", json={"changes": changes, "title": "bolder"}
    )
    assert answer.status_code == 201, answer.text
    bolder = answer.json()
    path = f"{API}/valuations/{bolder['id']}/waterfall"
    steps = (await asked.client.get(path, params={"before": made["id"]})).json()
    assert steps["start"] == made["middle"]
    assert steps["end"] == bolder["middle"]
    total = sum(step["amount"]["minor"] for step in steps["steps"])
    assert total == bolder["middle"]["minor"] - made["middle"]["minor"]
    assert len(steps["steps"]) == 2
    view = (await asked.client.get(f"{API}/valuations/{bolder['id']}")).json()
    told = {each["path"]: each for each in view["assumptions"]}
    assert told["input_sheet.target_operating_margin"]["source"] == "this scenario"


@pytest.mark.parametrize(
    "changes",
    [{"input_sheet.nothing": 1.0}, {"nothing": 1.0}, {"input_sheet.revenues": "many"}],
    ids=["unknown-row", "unknown-tab", "wrong-type"],
)
async def test_a_scenario_of_a_field_that_there_is_not_is_refused(
    asked: Asked, changes: dict[str, object]
) -> None:
    made = await asked.value()
    answer = await asked.client.post(
        f"{API}/valuations/{made['id']}/scenarios", json={"changes": changes}
    )
    assert answer.status_code == 422
    assert answer.json()["code"] == "upswitch_inputs"


async def test_the_grid_has_the_cash_flow_value_in_its_middle(asked: Asked) -> None:
    made = await asked.value()
    base = f"{API}/valuations/{made['id']}"
    view = (await asked.client.get(base)).json()
    found = (await asked.client.get(f"{base}/sensitivity", params={"x": "wacc", "y": "g"})).json()
    dcf = next(each for each in view["outputs"]["methods"] if each["method"] == "dcf")
    assert found["values"][2][2]["minor"] == round(dcf["middle"] * 100)
    assert found["x"][2] == pytest.approx(0.115)
    same = await asked.client.get(f"{base}/sensitivity", params={"x": "g", "y": "g"})
    assert same.status_code == 422


async def test_every_number_opens_to_its_formula_and_its_source(asked: Asked) -> None:
    made = await asked.value()
    steps = (await asked.client.get(f"{API}/valuations/{made['id']}/trace")).json()
    by_key = {step["key"]: step for step in steps}
    assert round(by_key["blend_middle"]["value"] * 100) == made["middle"]["minor"]
    for step in steps:
        assert step["source"], step["key"]
        assert all(name in by_key for name in step["inputs"]), step["key"]


async def test_reports_are_the_same_bytes_every_time(asked: Asked, runtime: Runtime) -> None:
    made = await asked.value()
    base = f"{API}/valuations/{made['id']}/report"
    for format_, begins in (("pdf", b"%PDF"), ("xlsx", b"PK")):
        path = f"{base}?format={format_}"
        first, second = await asked.client.get(path), await asked.client.get(path)
        assert first.content.startswith(begins)
        assert first.content == second.content
        assert first.headers["cache-control"] == "no-store"
        assert f".{format_}" in first.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(first.content)) as book:
        assert "xl/worksheets/sheet2.xml" in book.namelist()


async def test_a_report_is_made_by_a_job_and_fetched_when_it_is_there(
    asked: Asked, runtime: Runtime
) -> None:
    made = await asked.value()
    queued = await asked.client.post(f"{API}/valuations/{made['id']}/report?format=pdf")
    assert queued.status_code == 202
    await run_job(runtime, asked.company.tenant_id, UUID(queued.json()["job_id"]))
    async with runtime.database.read_session(asked.company.tenant_id) as session:
        connection = await session.connection()
        rows = await connection.exec_driver_sql("SELECT content, sha256 FROM upswitch.report")
        row = rows.mappings().one()
    fetched = await asked.client.get(queued.json()["path"])
    assert fetched.content == bytes(row["content"])
    assert hashlib.sha256(fetched.content).hexdigest() == row["sha256"]


async def test_a_simulation_is_the_same_for_a_seed_and_a_large_one_waits_in_the_queue(
    asked: Asked, runtime: Runtime
) -> None:
    made = await asked.value()
    path = f"{API}/valuations/{made['id']}/simulations"
    first = await asked.client.post(path, json={"paths": 2_000, "seed": 7})
    assert first.status_code == 200
    assert (await asked.client.post(path, json={"paths": 2_000, "seed": 7})).json() == first.json()
    found = first.json()["percentiles"]
    assert found["5"] <= found["50"] <= found["95"]
    large = {"paths": 150_000, "seed": 7}
    queued = await asked.client.post(path, json=large)
    assert queued.status_code == 202
    await run_job(runtime, asked.company.tenant_id, UUID(queued.json()["job_id"]))
    done = await asked.client.post(path, json=large)
    assert done.status_code == 200
    assert done.json()["paths"] == 150_000


async def test_a_document_is_valued_as_the_command_values_it(asked: Asked) -> None:
    document = json.loads(EXAMPLE.read_bytes())
    answer = await asked.client.post(f"{API}/valuations", json={"inputs": document})
    assert answer.status_code == 201
    assert answer.json()["company_name"].startswith("Bakkerij De Lindeboom")
    broken = await asked.client.post(f"{API}/valuations", json={"inputs": {"input_sheet": {}}})
    assert broken.status_code == 422
    assert broken.json()["code"] == "upswitch_inputs"


async def test_parameters_and_usage_are_told(asked: Asked, other: Asked) -> None:
    await asked.value()
    found = (await asked.client.get(f"{API}/parameters")).json()
    names = {table["source"] for vintage in found["vintages"] for table in vintage["tables"]}
    assert any("Vlerick" in name for name in names)
    assert found["in_force"]["parameters"]["multiples"]
    early = await asked.client.get(f"{API}/parameters", params={"as_of": "1900-01-01"})
    assert early.status_code == 404
    assert early.json()["code"] == "upswitch_no_parameters"
    months = (await asked.client.get(f"{API}/usage")).json()["months"]
    assert sum(month["valuations"] for month in months) == 1
    assert (await other.client.get(f"{API}/usage")).json()["months"] == []


async def test_pages_of_valuations_follow_each_other(asked: Asked) -> None:
    made = await asked.value()
    for margin in (0.05, 0.06):
        changes = {"input_sheet.target_operating_margin": margin}
        await asked.client.post(
            f"{API}/valuations/{made['id']}/scenarios", json={"changes": changes}
        )
    first = (await asked.client.get(f"{API}/valuations", params={"limit": 2})).json()
    rest = await asked.client.get(
        f"{API}/valuations", params={"limit": 2, "cursor": first["next_cursor"]}
    )
    ids = [each["id"] for each in first["items"] + rest.json()["items"]]
    assert len(set(ids)) == 3
    assert ids[-1] == made["id"]


async def test_an_unknown_valuation_is_not_found(asked: Asked) -> None:
    answer = await asked.client.get(f"{API}/valuations/{uuid4()}")
    assert answer.status_code == 404
    assert answer.json()["code"] == "upswitch_no_valuation"
