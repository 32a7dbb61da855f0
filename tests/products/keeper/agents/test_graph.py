"""The agents as a graph, on real tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from myriad.products.keeper.agents import graph
from myriad.products.keeper.agents.context import AgentContext, AgentReport, Outcome
from myriad.products.keeper.agents.graph import AGENTS, STAGES, run_agent
from myriad.products.keeper.errors import BusinessDateError, UnknownAgentError
from myriad.products.keeper.queueing import choose_day, enqueue_run
from tests.products.keeper.ledger import LAST, Shop, by_agent, fill

_METRICS = (
    "SELECT person_id, x, t_x_weeks, churn_60, value_at_risk, state FROM keeper.person_metrics "
    "WHERE business_date = %(day)s ORDER BY person_id"
)
_TASKS = (
    "SELECT person_id, value_at_risk, title, state FROM keeper.task ORDER BY value_at_risk DESC"
)


async def test_every_agent_runs_and_the_rooms_say_that_they_are_empty(busy_shop: Shop) -> None:
    report = await busy_shop.run()
    assert by_agent(report) == {
        "data": "ok",
        "matching": "ok",
        "analysis": "ok",
        "employee": "skipped",
        "review": "skipped",
        "insight": "ok",
        "report": "ok",
    }
    assert report.complete
    reasons = {agent.agent: agent.error for agent in report.agents if agent.state == "skipped"}
    assert "names no staff" in (reasons.pop("employee") or "")
    assert "no reviews yet" in (reasons.pop("review") or "")
    assert not reasons


async def test_a_second_run_on_the_same_inputs_changes_nothing(busy_shop: Shop) -> None:
    await busy_shop.run()
    before = await busy_shop.rows(_METRICS, day=LAST), await busy_shop.rows(_TASKS)
    report = await busy_shop.run()
    working = [agent for agent in report.agents if agent.state != "skipped"]
    assert all(agent.unchanged for agent in working)
    repeated = await busy_shop.run(again=True)
    assert not any(agent.unchanged for agent in repeated.agents)
    assert (await busy_shop.rows(_METRICS, day=LAST), await busy_shop.rows(_TASKS)) == before


async def test_a_changed_payment_runs_the_agents_again(busy_shop: Shop) -> None:
    await busy_shop.run()
    await busy_shop.sell("cust-001", [LAST])
    report = await busy_shop.run()
    states: dict[str, AgentReport] = {agent.agent: agent for agent in report.agents}
    assert not states["data"].unchanged
    assert not states["analysis"].unchanged


async def test_an_agent_that_runs_out_of_time_fails_and_is_shown(busy_shop: Shop) -> None:
    report = await busy_shop.run(agent_timeout_seconds=0)
    assert not report.complete
    failed = {agent.agent: agent.error for agent in report.agents if agent.state == "failed"}
    assert "stopped after 0 seconds" in failed["analysis"]
    shown = await busy_shop.rows("SELECT agent FROM keeper.agent_run WHERE state = 'failed'")
    assert {row["agent"] for row in shown} == set(failed)
    assert (await busy_shop.run()).complete


async def test_a_failing_agent_leaves_the_others_their_turn(
    busy_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(context: AgentContext) -> Outcome:
        raise RuntimeError("out of order")

    broken = replace(AGENTS["insight"], work=fail)
    monkeypatch.setattr(graph, "STAGES", (*STAGES[:3], (broken,), STAGES[4]))
    report = await busy_shop.run()
    states = by_agent(report)
    assert states["insight"] == "failed"
    assert states["report"] == "ok"
    partial = await busy_shop.value(
        "SELECT numbers -> 'partial' FROM keeper.report WHERE kind = 'daily'"
    )
    assert partial
    assert partial[0]["agent"] == "insight"


@pytest.mark.parametrize("people", [0, 1, 30])
async def test_account_with_0_to_30_customers_says_not_enough_history(
    shop: Shop, people: int
) -> None:
    await fill(shop, people)
    report = await shop.run()
    assert by_agent(report)["analysis"] == "ok"
    states = await shop.rows("SELECT DISTINCT state FROM keeper.person_metrics")
    assert [row["state"] for row in states] == (["unknown"] if people else [])
    assert await shop.value("SELECT count(*) FROM keeper.task") == 0
    assert await shop.value("SELECT count(*) FROM keeper.insight") == 0
    why = await shop.value("SELECT detail ->> 'not_enough_history' FROM keeper.model_fit")
    assert "not enough history" in why


async def test_a_run_as_of_a_day_sees_nothing_after_it(busy_shop: Shop, other_shop: Shop) -> None:
    day = LAST - timedelta(days=60)
    await fill(other_shop)
    await other_shop.change("DELETE FROM keeper.payment WHERE local_date > %s", (day,))
    for shop in (busy_shop, other_shop):
        await shop.run(day)
    columns = (
        "SELECT p.display_name, m.x, m.t_x_weeks, m.churn_30, m.churn_90, m.value_at_risk, m.state "
        "FROM keeper.person_metrics m JOIN keeper.person p "
        "ON p.tenant_id = m.tenant_id AND p.id = m.person_id ORDER BY p.display_name"
    )
    assert await busy_shop.rows(columns) == await other_shop.rows(columns)
    reports = "SELECT kind, period_end, digest FROM keeper.report ORDER BY kind"
    names = "UPDATE platform.tenant SET name = 'Same'"
    for shop in (busy_shop, other_shop):
        await shop.change(names)
        await shop.run(day, again=True)
    own, others = await busy_shop.rows(reports), await other_shop.rows(reports)
    assert [row["period_end"] for row in own] == [day] * 3
    assert len(others) == 3


async def test_a_refund_counts_only_from_its_day_on(shop: Shop) -> None:
    await fill(shop, 40)
    await shop.sell("cust-001", [LAST - timedelta(days=50)], 4_321, ext_id="given-back")
    await shop.change(
        "INSERT INTO keeper.refund (tenant_id, ext_id, payment_ext_id, amount, currency, status, "
        "local_date, ext_created_at, ext_updated_at) "
        "VALUES (%s, 'r1', 'given-back', 4321, 'USD', 'COMPLETED', %s, now(), now())",
        (shop.tenant_id, LAST - timedelta(days=10)),
    )
    visits = "SELECT count(*) FROM keeper.visits_until(%(day)s) WHERE net = 4321"
    await shop.run()
    assert await shop.value(visits, day=LAST - timedelta(days=11)) == 1
    assert await shop.value(visits, day=LAST) == 0


async def test_looking_back_leaves_today_alone(busy_shop: Shop) -> None:
    await busy_shop.run()
    tasks = await busy_shop.rows(_TASKS)
    visits = await busy_shop.value("SELECT count(*) FROM keeper.visit")
    await busy_shop.run(LAST - timedelta(days=90))
    assert await busy_shop.rows(_TASKS) == tasks
    assert await busy_shop.value("SELECT count(*) FROM keeper.visit") == visits
    assert await busy_shop.value("SELECT business_date FROM keeper.account") == LAST


async def test_two_tenants_never_mix(busy_shop: Shop, other_shop: Shop) -> None:
    await fill(other_shop, 35, seed=3)
    await busy_shop.run()
    await other_shop.run()
    assert await busy_shop.value("SELECT count(*) FROM keeper.person") == 60
    assert await other_shop.value("SELECT count(*) FROM keeper.person") == 35
    own = {row["person_id"] for row in await busy_shop.rows(_TASKS)}
    assert not own & {row["person_id"] for row in await other_shop.rows(_TASKS)}


async def test_a_day_that_cannot_be_answered_is_refused(busy_shop: Shop) -> None:
    context = await busy_shop.context()
    async with context.reading() as session:
        for day in (date(1999, 1, 1), datetime.now(UTC).date() + timedelta(days=3)):
            with pytest.raises(BusinessDateError):
                await choose_day(session, context.account, day)


async def test_an_unknown_agent_is_named(shop: Shop) -> None:
    with pytest.raises(UnknownAgentError, match="review"):
        async with shop.runtime.database.session(shop.tenant_id) as session:
            await enqueue_run(session, agent="coffee")


async def test_one_agent_can_run_alone(busy_shop: Shop) -> None:
    report = await run_agent(AGENTS["data"], await busy_shop.context())
    assert report.state == "ok"
    assert await busy_shop.value("SELECT count(*) FROM keeper.visit") > 0


def test_the_stages_are_the_documented_ones() -> None:
    names = [tuple(agent.name for agent in stage) for stage in STAGES]
    assert names == [
        ("data",),
        ("matching",),
        ("analysis", "employee", "review"),
        ("insight",),
        ("report",),
    ]
