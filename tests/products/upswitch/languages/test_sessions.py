"""A session in Dutch or French: asked, answered, shown and reported in that language."""

from __future__ import annotations

import io
from html import unescape

import pytest
from pypdf import PdfReader

from myriad.products.upswitch.languages import LOCALES, language_of
from myriad.products.upswitch.registry.numbers import format_number
from myriad.scale.runtime import Runtime
from tests.fixtures.app import csrf_of
from tests.products.upswitch.conversation.conftest import (
    API,
    Companies,
    Register,
    browser,
    held,
    program,
    register,
    say,
)

__all__ = ["register"]
ENGLISH = (
    "What each method says",
    "How the range comes about",
    "What it rests on",
    "In force on",
    "As of",
    "Difference",
    "Turnover",
)


@pytest.mark.parametrize(
    ("locale", "pay", "noted"),
    [
        ("nl", "€ 60.000", "Genoteerd: Wat de eigenaars opnemen € 60.000."),
        ("fr", "60 000 €", "Noté : Ce que prélèvent les propriétaires 60 000 €."),
    ],
)
async def test_the_script_asks_and_notes_in_the_sessions_language(
    runtime: Runtime, companies: Companies, register: Register, locale: str, pay: str, noted: str
) -> None:
    language = language_of(locale)
    async with program(runtime, companies[0]) as client:
        body = {"company_number": format_number(register.filer), "locale": locale}
        begun = (await client.post(f"{API}/sessions", json=body)).json()
        assert begun["question"]["text"] == language.say("question.due_diligence.owner_yearly_pay")
        session_id = begun["session"]["id"]
        events = await say(client, session_id, pay)
        view = (await client.get(f"{API}/sessions/{session_id}")).json()
        refused = await say(client, session_id, "???!")
    plain = events[-1][1]["text"].replace("\N{NO-BREAK SPACE}", " ")
    assert plain.startswith(noted)
    assert language.say("question.due_diligence.owner_market_pay") in plain
    assert held(view, "due_diligence.owner_yearly_pay")["value"] == 60_000  # type: ignore[index]
    label = language.texts["label.due_diligence.owner_market_pay"]
    assert refused[-1][1]["text"].startswith(label)


async def test_the_language_is_changed_in_the_middle_and_kept(
    runtime: Runtime, companies: Companies, register: Register
) -> None:
    french = language_of("fr")
    async with browser(runtime, companies[0]) as client:
        card = f"/upswitch/companies/{format_number(register.filer)}"
        form = {"csrf_token": csrf_of((await client.get(card)).text), "locale": "nl"}
        place = (await client.post(f"{card}/sessions", data=form)).headers["location"]
        assert '<div id="session" lang="nl">' in (await client.get(place)).text
        form["locale"] = "fr"
        assert (await client.post(f"{place}/language", data=form)).status_code == 303
        text = (await client.get(place)).text
    assert '<div id="session" lang="fr">' in text
    assert french.say("script.language") in text
    assert french.say("screen.conversation") in text
    assert "Chiffre d&#39;affaires" in text


@pytest.mark.parametrize("locale", ["nl", "fr"])
async def test_the_screens_of_a_valuation_are_in_the_sessions_language(
    runtime: Runtime, companies: Companies, register: Register, locale: str
) -> None:
    """Each tab, a what-if beside it, and the page that whoever has a link sees."""
    language = language_of(locale)
    async with browser(runtime, companies[0]) as client:
        card = f"/upswitch/companies/{format_number(register.filer)}"
        form = {"csrf_token": csrf_of((await client.get(card)).text), "locale": locale}
        session = (await client.post(f"{card}/sessions", data=form)).headers["location"]
        place = (await client.post(f"{session}/valuations", data=form)).headers["location"]
        what_if = await client.post(f"{place}/scenarios", data={**form, "margin": "14"})
        link = unescape((await client.post(f"{place}/shares", data=form)).text)
        path = link.partition('value="/upswitch/shared')[2].partition('"')[0]
        texts = {
            "report.moves": await client.get(place),
            "report.rests": await client.get(f"{place}/assumptions"),
            "result.proof_note": await client.get(f"{place}/proof"),
            "result.steps_note": await client.get(what_if.headers["location"]),
            "report.range": await client.get(f"{place}/report"),
            "result.shared": await client.get(f"/upswitch/shared{path}"),
        }
    for key, answer in texts.items():
        text = unescape(answer.text)
        assert language.say(key) in text, key
        assert f'lang="{locale}"' in text
        assert not [each for each in ENGLISH if each in text.partition("<main")[2]], key


@pytest.mark.parametrize("locale", LOCALES)
async def test_the_report_is_in_the_sessions_language(
    runtime: Runtime, companies: Companies, register: Register, locale: str
) -> None:
    language = language_of(locale)
    async with program(runtime, companies[0]) as client:
        body = {"company_number": format_number(register.filer), "locale": locale}
        session_id = (await client.post(f"{API}/sessions", json=body)).json()["session"]["id"]
        made = await client.post(f"{API}/sessions/{session_id}/valuations", json={})
        valuation_id = made.json()["id"]
        path = f"{API}/valuations/{valuation_id}/report"
        report = await client.get(path, params={"format": "pdf"})
    assert report.status_code == 200, report.text
    pages = PdfReader(io.BytesIO(report.content)).pages
    text = " ".join(" ".join(page.extract_text().split()) for page in pages)
    assert "-12-31" not in text.split(language.say("report.cash_flow"))[0]
    for key in ("report.range", "report.years", "report.rests"):
        assert language.say(key) in text
    assert language.find("label.input_sheet.riskfree_rate", "Riskfree rate") in text
