"""The National Bank, VIES and GLEIF are read over real HTTP, with what they refuse and get wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from myriad.products.upswitch.registry.gleif import GleifClient, GleifUnavailableError
from myriad.products.upswitch.registry.nbb import client as nbb
from myriad.products.upswitch.registry.nbb.client import NbbClient
from myriad.products.upswitch.registry.nbb.errors import (
    NbbAnswerError,
    NbbKeyError,
    NbbUnavailableError,
)
from myriad.products.upswitch.registry.nbb.rubrics import Filing, read_year
from myriad.products.upswitch.registry.numbers import is_lei
from myriad.products.upswitch.registry.simulator.accounts import deposits_of
from myriad.products.upswitch.registry.simulator.app import SIMULATED_KEY
from myriad.products.upswitch.registry.vies import ViesClient, ViesUnavailableError
from myriad.scale.simulator.faults import Faults
from tests.products.upswitch.registry.conftest import Registers

NUMBERS = st.integers(min_value=1_000_000, max_value=19_999_999).map(
    lambda stem: stem * 100 + 97 - stem % 97
)


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nbb, "_FIRST_WAIT_SECONDS", 0.001)


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
        yield client


def bank(registers: Registers, http: httpx.AsyncClient, key: str = SIMULATED_KEY) -> NbbClient:
    return NbbClient(http, SecretStr(key), f"{registers.url}/nbb")


def filer(at_least: int = 3) -> int:
    """Return a number whose enterprise filed."""
    stems = range(4_000_000, 5_000_000, 7)
    numbers = (stem * 100 + 97 - stem % 97 for stem in stems)
    return next(number for number in numbers if len(deposits_of(number)) >= at_least)


async def test_every_deposit_of_a_company_is_read_to_the_euro(
    registers: Registers, http: httpx.AsyncClient
) -> None:
    number = filer()
    client = bank(registers, http)
    references = await client.list_references(number)
    assert [each.number for each in references] == sorted(
        (each.reference for each in deposits_of(number)), reverse=True
    )
    for deposit, reference in zip(deposits_of(number), reversed(references), strict=True):
        filing = await client.find_filing(reference)
        if filing is None:
            assert not reference.has_data
            continue
        assert filing.number == number
        assert (filing.start, filing.end) == (deposit.start, deposit.end)
        assert {
            code: {period: cents // 100 for period, cents in values.items()}
            for code, values in filing.rubrics.items()
        } == deposit.rubrics


async def test_a_company_that_never_filed_has_no_references(
    registers: Registers, http: httpx.AsyncClient
) -> None:
    stems = (stem for stem in range(4_000_000, 5_000_000, 7))
    silent = next(
        number
        for number in (stem * 100 + 97 - stem % 97 for stem in stems)
        if not deposits_of(number)
    )
    assert await bank(registers, http).list_references(silent) == []


async def test_a_deposit_on_paper_has_no_data_and_is_not_asked_for(
    registers: Registers, http: httpx.AsyncClient
) -> None:
    paper = nbb.Reference("2026-00000001", "m01-p", None)
    assert await bank(registers, http).find_filing(paper) is None


async def test_a_refused_key_says_which_setting_to_set(
    registers: Registers, http: httpx.AsyncClient
) -> None:
    with pytest.raises(NbbKeyError, match="MYRIAD_UPSWITCH__NBB_KEY") as refused:
        await bank(registers, http, "wrong").list_references(filer())
    assert "wrong" not in str(refused.value)


async def test_a_bank_that_fails_now_and_then_is_asked_again(
    registers: Registers, http: httpx.AsyncClient
) -> None:
    registers.weather.set(Faults(rate_500=0.3, rate_429=0.2), 3)
    found = [await bank(registers, http).list_references(filer()) for _ in range(5)]
    assert all(found)


async def test_a_bank_that_is_down_is_told_as_such(
    registers: Registers, http: httpx.AsyncClient
) -> None:
    registers.weather.set(Faults(rate_500=1.0), 1)
    with pytest.raises(NbbUnavailableError, match="come later"):
        await bank(registers, http).list_references(filer())


@pytest.mark.parametrize("body", ["no json", "{}", '[{"ReferenceNumber": 1}]', '["text"]'], ids=str)
async def test_an_answer_of_another_form_is_refused_without_guessing(body: str) -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(200, text=body))
    async with httpx.AsyncClient(transport=transport) as strange:
        with pytest.raises(NbbAnswerError):
            await NbbClient(strange, SecretStr("k")).list_references(filer())


async def test_vies_says_whether_a_number_is_valid_and_shares_no_dashes(
    registers: Registers, http: httpx.AsyncClient
) -> None:
    client = ViesClient(http, f"{registers.url}/vies")
    answers = {}
    for stem in range(4_000_000, 4_000_020):
        found = await client.check(stem * 100 + 97 - stem % 97)
        answers[found.is_valid] = found
    assert answers[True].name
    assert answers[True].asked_at is not None
    assert answers[False].name is None


async def test_vies_that_cannot_say_is_not_taken_for_a_no(
    registers: Registers, http: httpx.AsyncClient
) -> None:
    registers.weather.set(Faults(rate_500=1.0), 1)
    with pytest.raises(ViesUnavailableError):
        await ViesClient(http, f"{registers.url}/vies").check(filer())
    transport = httpx.MockTransport(
        lambda request: httpx.Response(200, json={"isValid": False, "userError": "MS_UNAVAILABLE"})
    )
    async with httpx.AsyncClient(transport=transport) as closed:
        with pytest.raises(ViesUnavailableError, match="MS_UNAVAILABLE"):
            await ViesClient(closed).check(filer())


async def test_an_identifier_is_found_by_the_enterprise_number(
    registers: Registers, http: httpx.AsyncClient
) -> None:
    client = GleifClient(http, f"{registers.url}/gleif")
    counts = set()
    for stem in range(4_000_000, 4_000_006):
        records = await client.list_records(stem * 100 + 97 - stem % 97)
        counts.add(len(records))
        assert all(is_lei(each.lei) for each in records)
    assert counts == {0, 1}
    registers.weather.set(Faults(rate_429=1.0), 1)
    with pytest.raises(GleifUnavailableError, match="429"):
        await client.list_records(filer())


def filing(rubrics: dict[str, int], start: date, end: date) -> Filing:
    cents = {code: {"N": 100 * value} for code, value in rubrics.items()}
    return Filing("2026-00000001", 200065765, start, end, "m01-f", None, cents)


def test_ebitda_and_net_debt_are_those_of_the_rubrics() -> None:
    year = read_year(
        filing(
            {
                "70": 1_000_000,
                "9901": 80_000,
                "630": 30_000,
                "631/4": 2_000,
                "635/8": -1_000,
                "66A": 5_000,
                "76A": 4_000,
                "170/4": 200_000,
                "42": 20_000,
                "43": 10_000,
                "50/53": 5_000,
                "54/58": 60_000,
                "9087": 12,
            },
            date(2025, 1, 1),
            date(2025, 12, 31),
        )
    )
    assert year.ebitda_cents == 11_200_000
    assert year.net_financial_debt_cents == 16_500_000
    assert year.staff_fte == 12
    assert year.findings == ()


def test_a_micro_company_without_turnover_has_none_not_nought() -> None:
    year = read_year(filing({"9900": 10, "9901": 5}, date(2025, 1, 1), date(2025, 12, 31)))
    assert year.revenue_cents is None
    assert year.gross_margin_cents == 1000
    assert year.ebitda_cents == 500


def test_an_extended_year_is_shown_as_twelve_months_and_says_so() -> None:
    year = read_year(
        filing(
            {"70": 1_500_000, "9901": 150_000, "10/15": 70}, date(2024, 7, 1), date(2025, 12, 31)
        )
    )
    assert year.revenue_cents == 100_000_000
    assert year.equity_cents == 7_000
    assert [each.code for each in year.findings] == ["annualised"]
    assert "549 days" in year.findings[0].detail


def test_books_that_do_not_add_up_are_named_with_the_difference() -> None:
    year = read_year(
        filing(
            {"20/28": 100, "29/58": 50, "20/58": 160, "10/49": 160},
            date(2025, 1, 1),
            date(2025, 12, 31),
        )
    )
    assert [each.code for each in year.findings] == ["does_not_add_up"]
    assert "assets add up" in year.findings[0].detail
    assert "-10" in year.findings[0].detail


@given(NUMBERS)
def test_the_books_of_simulated_companies_balance(number: int) -> None:
    for deposit in deposits_of(number):
        rubrics = {code: values["N"] for code, values in deposit.rubrics.items()}
        year = read_year(filing(rubrics, deposit.start, deposit.end))
        assert not [each for each in year.findings if each.code == "does_not_add_up"]
