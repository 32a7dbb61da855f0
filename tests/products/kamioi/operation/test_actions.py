"""Corporate actions entered by hand are checked, previewed as they will be, and written once."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from myriad.kit.errors import ConflictError, NotFoundError
from myriad.kit.ids import new_id
from myriad.products.kamioi.money.actions import apply_due
from myriad.products.kamioi.money.errors import ActionError
from myriad.products.kamioi.operation.actions import ActionEntry, check_entry, enter, preview
from myriad.products.kamioi.operation.securities import get_securities
from myriad.scale.directory import Principal
from myriad.scale.runtime import Runtime
from tests.fixtures.app import LiveApp, create_company
from tests.products.kamioi.money.acting import act
from tests.products.kamioi.money.programme import Programme

EX_DATE = date(2026, 11, 18)


def _entry(ticker: str = "KO", **more: Any) -> ActionEntry:
    return ActionEntry.model_validate(
        {"ticker": ticker, "ex_date": EX_DATE, "source": "the company's notice", **more}
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kind": "split"}, "needs its ratio"),
        ({"kind": "split", "ratio_num": 2}, "two numbers"),
        ({"kind": "split", "ratio_num": 1, "ratio_den": 10}, "reverse split"),
        ({"kind": "reverse_split", "ratio_num": 10, "ratio_den": 1}, "fewer shares"),
        ({"kind": "cash_dividend"}, "needs the cash"),
        ({"kind": "merger"}, "pays cash"),
        ({"kind": "merger", "new_ticker": "PEP"}, "needs its ratio"),
        ({"kind": "spin_off", "ratio_num": 1, "ratio_den": 2}, "ticker of the new company"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(map(str, value.values())),
)
def test_an_action_that_lacks_what_its_kind_needs_says_so(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ActionError, match=said):
        check_entry(_entry(**given))


@pytest.mark.parametrize(
    "given",
    [
        {"ratio_num": 0, "ratio_den": 1},
        {"cash_per_share": "-1"},
        {"cash_per_share": "0.0000000001"},
    ],
    ids=["ratio-zero", "cash-negative", "cash-too-fine"],
)
def test_figures_that_nothing_can_be_done_with_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        _entry(kind="merger", **given)


async def _lot(programme: Programme, qty: str) -> str:
    member = await programme.member()
    security_id, ticker = await programme.security()
    await programme.run(
        "INSERT INTO kamioi.lot (tenant_id, id, member_id, security_id, qty, cost_minor, currency,"
        " opened_on) VALUES (%s, %s, %s, %s, %s, 0, 'USD', '2026-11-02')",
        programme.tenant_id,
        new_id(),
        member,
        security_id,
        Decimal(qty),
    )
    return ticker


async def test_what_is_previewed_is_what_happens(programme: Programme, caller: Principal) -> None:
    ticker = await _lot(programme, "1.000000001")
    entry = _entry(ticker, kind="reverse_split", ratio_num=1, ratio_den=3)
    async with programme.session() as session:
        effect = await preview(session, entry)
        assert (await get_securities(session, EX_DATE)).actions == ()
    assert (effect.lots, effect.members, effect.qty_after) == (1, 1, Decimal("0.333333333"))
    await enter(programme.runtime.database, entry, caller)
    with pytest.raises(ConflictError, match="already"):
        await enter(programme.runtime.database, entry, caller)
    async with programme.session() as session:
        assert len((await get_securities(session, EX_DATE)).due(EX_DATE)) == 1
        assert await apply_due(session, EX_DATE) == 1
        found = await get_securities(session, EX_DATE)
    assert [one.qty for one in found.holdings] == [effect.qty_after]
    assert found.due(EX_DATE) == []
    assert (found.actions[0].terms, found.actions[0].lots) == ("1 for 3", 1)


async def test_cash_is_previewed_to_the_cent(programme: Programme) -> None:
    ticker = await _lot(programme, "10")
    async with programme.session() as session:
        effect = await preview(
            session, _entry(ticker, kind="cash_dividend", cash_per_share="0.485")
        )
        assert (effect.cash_minor, effect.qty_after) == (485, Decimal(10))
        with pytest.raises(NotFoundError, match="no share stood under"):
            await preview(session, _entry("NOSUCH", kind="worthless"))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param({"kind": "spin_off"}, "closes of OLD and NEW", id="spin-off"),
        pytest.param({"kind": "merger", "cash_per_share": "1"}, "a close of NEW", id="merger"),
        pytest.param({"kind": "merger"}, "", id="shares-alone"),
    ],
)
async def test_a_preview_says_which_closes_an_action_waits_for(
    programme: Programme, given: dict[str, Any], said: str
) -> None:
    (old, ticker), (new, new_ticker) = await programme.security(), await programme.security()
    more = {"ratio_num": 1, "ratio_den": 2, "new_ticker": new_ticker, "ex_date": "2026-12-14"}
    entry = _entry(ticker, **{**given, **more})
    async with programme.session() as session:
        found = (await preview(session, entry)).waits_for
    assert found.startswith(said.replace("OLD", ticker).replace("NEW", new_ticker))
    assert bool(found) == bool(said)
    for security_id in (old, new):
        await programme.price(security_id, "10", date(2026, 12, 11))
        await programme.price(security_id, "10", date(2026, 12, 14))
    async with programme.session() as session:
        assert (await preview(session, entry)).waits_for == ""


async def test_the_screen_says_what_an_action_waits_for(
    live_app: LiveApp, runtime: Runtime
) -> None:
    company = await create_company(runtime)
    programme = Programme(runtime, company.tenant_id)
    ticker = await _lot(programme, "1")
    ((security_id,),) = await programme.run("SELECT security_id FROM kamioi.lot")
    await act(programme, security_id, "split", ex_date=EX_DATE)
    async with httpx.AsyncClient(base_url=live_app.url) as http:
        page = await http.get("/kamioi/admin/securities", headers=company.staff.bearer)
    assert f"{ticker} split of 18 Nov 2026 waits" in page.text
    assert "It has no ratio" in page.text
