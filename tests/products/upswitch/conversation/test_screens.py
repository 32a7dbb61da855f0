"""The screens of a session: forms that work by themselves, parts for htmx, faults at their field."""

from __future__ import annotations

import re

from myriad.products.upswitch.conversation.keys import REVENUES
from myriad.products.upswitch.registry.numbers import format_number
from myriad.scale.runtime import Runtime
from tests.fixtures.app import csrf_of
from tests.products.upswitch.conversation.conftest import (
    Companies,
    Register,
    begin,
    browser,
    program,
)

PART = {"HX-Request": "true"}


async def test_a_company_is_valued_from_its_card_by_forms_alone(
    runtime: Runtime, companies: Companies, register: Register
) -> None:
    card = f"/upswitch/companies/{format_number(register.filer)}"
    async with browser(runtime, companies[0]) as client:
        token = csrf_of((await client.get(card)).text)
        begun = await client.post(f"{card}/sessions", data={"csrf_token": token})
        assert begun.status_code == 303
        path = begun.headers["location"]
        assert "What do the owners who work there take" in (await client.get(path)).text
        form = {"csrf_token": token, "text": "60.000"}
        sent = await client.post(f"{path}/messages", data=form)
        assert (sent.status_code, sent.headers["location"]) == (303, path)
        after = (await client.get(path)).text
        assert "EUR 60,000" in after
        assert "hired managers" in after
        assert path in (await client.get("/upswitch/sessions")).text


async def test_htmx_gets_the_part_and_a_fault_stands_at_its_field(
    runtime: Runtime, companies: Companies, register: Register
) -> None:
    async with program(runtime, companies[0]) as client:
        session_id = (await begin(client, register.filer))["session"]["id"]
    path = f"/upswitch/sessions/{session_id}"
    async with browser(runtime, companies[0]) as client:
        token = csrf_of((await client.get(path)).text)
        fact = {"csrf_token": token, "key": REVENUES, "period": "2025-12-31", "unit": "EUR"}
        part = await client.post(f"{path}/facts", data=fact | {"value": "a lot"}, headers=PART)
        assert part.status_code == 200
        assert part.text.lstrip().startswith('<div id="session" lang="en">')
        assert re.search(
            r'aria-invalid="true"[^>]*input_sheet-revenues-2025-12-31-fault', part.text
        )
        whole = await client.post(f"{path}/facts", data=fact | {"value": "a lot"})
        assert whole.status_code == 422
        empty = await client.post(f"{path}/messages", data={"csrf_token": token, "text": "  "})
        assert empty.status_code == 422
        assert "type an answer" in empty.text
        saved = await client.post(
            f"{path}/facts", data=fact | {"value": "2,6 million"}, headers=PART
        )
        assert "EUR 2,600,000" in saved.text
        undone = await client.post(f"{path}/facts", data=fact | {"act": "undo"}, headers=PART)
        assert "EUR 2,600,000" not in undone.text
        assert "EUR 2,450,000" in undone.text


async def test_normalisation_shows_ebitda_before_and_after(
    runtime: Runtime, companies: Companies, register: Register
) -> None:
    async with program(runtime, companies[0]) as client:
        session_id = (await begin(client, register.filer))["session"]["id"]
    path = f"/upswitch/sessions/{session_id}"
    async with browser(runtime, companies[0]) as client:
        token = csrf_of((await client.get(f"{path}/normalisation")).text)
        form = {
            "csrf_token": token,
            "key": "normalisation.rent",
            "period": "2025-12-31",
            "value": "9000",
            "unit": "EUR",
            "back": "normalisation",
        }
        sent = await client.post(f"{path}/facts", data=form)
        assert sent.headers["location"] == f"{path}/normalisation"
        page = (await client.get(f"{path}/normalisation")).text
        refused = await client.post(f"{path}/facts", data=form | {"value": "much"})
    assert "EBITDA of 2025 is EUR 366,000 for a buyer, EUR 357,000 in the accounts" in page
    assert refused.status_code == 422
    assert "Nothing was changed" in refused.text


async def test_an_assumption_shows_its_source_and_what_takes_its_place(
    runtime: Runtime, companies: Companies, register: Register
) -> None:
    async with program(runtime, companies[0]) as client:
        session_id = (await begin(client, register.filer))["session"]["id"]
    path = f"/upswitch/sessions/{session_id}"
    async with browser(runtime, companies[0]) as client:
        before = (await client.get(f"{path}/assumptions")).text
        form = {
            "csrf_token": csrf_of(before),
            "key": "input_sheet.initial_cost_of_capital",
            "value": "13",
            "unit": "%",
            "back": "assumptions",
        }
        await client.post(f"{path}/facts", data=form)
        after = (await client.get(f"{path}/assumptions")).text
    assert "All 14 assumptions are the documented ones" in before
    assert "ECB yield curve" in before
    assert "1 of 14 assumptions are your own" in after
    assert "13 %" in after


async def test_an_empty_list_says_what_to_do_and_names_are_text(
    runtime: Runtime, companies: Companies, register: Register
) -> None:
    async with browser(runtime, companies[0]) as client:
        assert "Begin with a company" in (await client.get("/upswitch/sessions")).text
    async with program(runtime, companies[0]) as client:
        session_id = (await begin(client, register.filer))["session"]["id"]
    async with runtime.database.session(companies[0].tenant_id) as session:
        connection = await session.connection()
        await connection.exec_driver_sql(
            "UPDATE upswitch.session SET company_name = '<img src=x>' WHERE id = %(id)s",
            {"id": session_id},
        )
    async with browser(runtime, companies[0]) as client:
        for part in ("", "/normalisation", "/assumptions"):
            page = (await client.get(f"/upswitch/sessions/{session_id}{part}")).text
            assert "<img" not in page
        assert "<img" not in (await client.get("/upswitch/sessions")).text


async def test_every_answer_shows_what_it_does_to_the_value(
    runtime: Runtime, companies: Companies, register: Register
) -> None:
    async with program(runtime, companies[0]) as client:
        known = (await begin(client, register.filer))["session"]["id"]
        unknown = (await begin(client, register.silent))["session"]["id"]
    async with browser(runtime, companies[0]) as client:
        path = f"/upswitch/sessions/{known}"
        before = (await client.get(path)).text
        assert "Worth about €" in before
        assert "since the last change" not in before
        form = {"csrf_token": csrf_of(before), "key": "input_sheet.revenue_growth_next_year"}
        for value, sign in (("12,5", "+€"), ("1", "\N{MINUS SIGN}€")):
            fact = form | {"value": value, "unit": "%"}
            part = await client.post(f"{path}/facts", data=fact, headers=PART)
            assert re.search(rf"{re.escape(sign)}[\d,]+ since the last change", part.text), value
        silent = (await client.get(f"/upswitch/sessions/{unknown}")).text
        assert "once turnover and result are known" in silent
