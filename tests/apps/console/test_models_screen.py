"""What models cost and how they do, as the operator's page and the command line tell it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi import FastAPI

from myriad.apps.cli import ai as command
from myriad.apps.console import model_pages
from myriad.apps.console.model_pages import ModelsView, dollars, look_at_models
from myriad.scale.ai.ledger import Entry, Ledger
from myriad.scale.directory import Role
from myriad.scale.runtime import Runtime
from tests.fixtures.app import Company, app_with, create_person, signed_in
from tests.fixtures.database import TwoTenants


def entry_of(tenants: TwoTenants, micros: int) -> Entry:
    """Return a call of today."""
    return Entry(
        tenant_id=tenants.first,
        product="test",
        task="test.page.show",
        provider="anthropic",
        model="claude-haiku-4-5",
        model_class="small",
        mode="live",
        outcome="answered",
        price_version="test-1",
        input_tokens=1_000,
        cached_tokens=0,
        output_tokens=100,
        cost_usd_micros=micros,
        duration_ms=900,
    )


@pytest.fixture
async def spent(runtime: Runtime, tenants: TwoTenants) -> None:
    """Two calls on the ledger, one of them written twice."""
    ledger = Ledger(runtime.database)
    first = entry_of(tenants, 1_500)
    for entry in (first, first, entry_of(tenants, 2_500)):
        await ledger.record(entry)


@pytest.mark.usefixtures("spent")
async def test_the_view_tells_costs_of_all_accounts_once(runtime: Runtime) -> None:
    view = await look_at_models(runtime)
    row = next(row for row in view.spend if row["task"] == "test.page.show")
    assert row["cost_usd_micros"] % 4_000 == 0
    assert row["calls"] == 2 * row["tenants"]
    assert view.total >= 4_000
    assert view.answer.startswith("Models cost $")
    assert "offline provider answers" in view.lead
    assert any(item["model"] == "claude-haiku-4-5" for item in view.health)
    assert view.today == datetime.now(UTC).date()


@pytest.mark.usefixtures("spent")
async def test_the_page_is_for_operators_only(
    runtime: Runtime, companies: tuple[Company, Company]
) -> None:
    app: FastAPI = app_with(runtime)
    app.include_router(model_pages.router)
    company = companies[0]
    operator = await create_person(runtime, company.tenant_id, Role.OWNER, is_operator=True)
    async with signed_in(app, operator) as browser:
        shown = await browser.get("/models")
    assert shown.status_code == 200
    assert "test.page.show" in shown.text
    async with signed_in(app, company.owner) as browser:
        assert (await browser.get("/models")).status_code in (403, 404)


def test_the_view_calls_providers_by_their_names() -> None:
    view = ModelsView(("anthropic", "openai"), [], [], [], 0, 0.0, datetime.now(UTC).date())
    assert view.lead == "Anthropic and OpenAI answer; no batch is under way."


@pytest.mark.parametrize(
    ("micros", "text"), [(0, "$0.0000"), (1_500, "$0.0015"), (12_340_000, "$12.34")]
)
def test_small_sums_keep_their_digits(micros: int, text: str) -> None:
    assert dollars(micros) == text


def test_the_command_lines_of_cost_and_status_say_when_there_is_nothing() -> None:
    assert command._cost_lines([], 0) == ["No model was asked in these days."]
    found = {"providers": ["offline"], "classes": {}, "batches_open": 0, "last_day": []}
    assert command._status_lines(found)[-1] == "No model was asked within a day."
    assert json.dumps(found)
    assert Path(command.__file__).name == "ai.py"
