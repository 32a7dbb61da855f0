"""Facts from public registers: filed accounts and the main activity.

What a person has said is never overwritten by what was filed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from uuid import UUID

from myriad.products.upswitch.conversation.keys import (
    HISTORY,
    KEYS,
    OPERATING_INCOME,
    REVENUES,
    SECTOR,
)
from myriad.products.upswitch.registry.filings import filing_of, years_of
from myriad.products.upswitch.registry.nbb.rubrics import Filing, YearFigures
from myriad.products.upswitch.registry.sql import QUERIES
from myriad.products.upswitch.repository.companies import Rows
from myriad.products.upswitch.repository.facts import keep_facts, list_facts, list_filed
from myriad.products.upswitch.sectors import ALL_SECTORS, sector_of
from myriad.products.upswitch.views import CompanyView
from myriad.products.upswitch.views.sessions import FactValue, FactView
from myriad.scale.data import Session

_YEARS = 3
_AGREES = 0.005
_DEBT = ("170/4", "42", "43")
_CASH = ("50/53", "54/58")


async def prefill(
    session: Session, reader: Rows, session_id: UUID, company_number: int, company: CompanyView
) -> int:
    """Keep what the registers say and nobody has said otherwise; return how many facts are new."""
    new = await take_over(session, session_id, facts_of_company(company))
    return new + await prefill_accounts(session, reader, session_id, company_number)


async def prefill_accounts(
    session: Session, reader: Rows, session_id: UUID, company_number: int
) -> int:
    """Keep what the accounts that have been read say; return how many facts are new."""
    rows = await reader.rows(QUERIES["list_filings"], {"number": company_number})
    found = facts_of_accounts([filing_of(row) for row in rows])
    return await take_over(session, session_id, found)


async def take_over(session: Session, session_id: UUID, found: Sequence[FactView]) -> int:
    """Keep the facts of a register that are news; return how many.

    What was taken over once and replaced or taken back since does not come again. A model's
    proposal that agrees with a register gives way to it.
    """
    standing = await list_facts(session, session_id)
    said = {(fact.key, fact.period) for fact in standing if fact.confirmed and not _is_filed(fact)}
    proposed = {(fact.key, fact.period): fact for fact in standing if not fact.confirmed}
    known = {_content(fact) for fact in await list_filed(session, session_id)}
    news = [
        fact
        for fact in found
        if (fact.key, fact.period) not in said and _content(fact) not in known
    ]
    agreed = [fact for fact in news if agree(fact, proposed.get((fact.key, fact.period)))]
    apart = [fact for fact in news if fact not in agreed]
    await keep_facts(session, session_id, agreed)
    await keep_facts(session, session_id, apart, beside_proposals=True)
    return len(news)


def _is_filed(fact: FactView) -> bool:
    return fact.source == "registry"


def _content(fact: FactView) -> tuple[object, ...]:
    return (fact.key, fact.period, fact.value, fact.evidence)


def agree(fact: FactView, other: FactView | None) -> bool:
    """Whether two facts say the same, half a percent of rounding allowed; none agrees with all."""
    if other is None:
        return True
    if isinstance(fact.value, str) or isinstance(other.value, str):
        return fact.value == other.value
    largest = max(abs(float(fact.value)), abs(float(other.value)))
    return abs(float(fact.value) - float(other.value)) <= _AGREES * largest


def facts_of_accounts(filings: Sequence[Filing]) -> list[FactView]:
    """Return what filed accounts say of the last three years."""
    years = years_of(list(filings))[:_YEARS]
    if not years:
        return []
    own = {filing.reference: filing for filing in filings}
    last = years[0]
    facts = [*_base(last), *_balance(last, own[last.reference])]
    for year in years:
        facts += _yearly(year, is_base=year is last)
    return facts


def _base(year: YearFigures) -> Iterator[FactView]:
    period = year.end.isoformat()
    for key, cents, code in (
        (REVENUES, year.revenue_cents, "70"),
        (OPERATING_INCOME, year.operating_result_cents, "9901"),
    ):
        # A company without turnover in its accounts has not filed it.
        if cents is not None and (key != REVENUES or cents > 0):
            yield _fact(key, cents / 100, _evidence(year, code), period)
    if year.trade_debtors_cents and (year.revenue_cents or 0) > 0:
        days = round(year.trade_debtors_cents * 365 / (year.revenue_cents or 1), 1)
        if days <= (KEYS["due_diligence.debtor_days"].high or days):
            yield _fact("due_diligence.debtor_days", days, _evidence(year, "40 x 365 / 70"))


def _balance(year: YearFigures, filing: Filing) -> Iterator[FactView]:
    """Yield what stood on the last day, and the interest of the year."""
    if year.equity_cents is not None:
        evidence = _evidence(year, "10/15")
        yield _fact("input_sheet.book_value_of_equity", year.equity_cents / 100, evidence)
    if filing.end != year.end:
        return
    yield _sum("input_sheet.book_value_of_debt", year, filing, _DEBT)
    yield _sum("input_sheet.cash_and_marketable_securities", year, filing, _CASH)
    yield _fact("market_approach.provisions", year.provisions_cents / 100, _evidence(year, "16"))
    interest = filing.amount("650")
    if interest is not None and interest >= 0:
        scale = 1.0 if filing.is_whole_year else 12 / filing.months
        value = round(interest * scale) / 100
        yield _fact("input_sheet.interest_expense", value, _evidence(year, "650"))


def _sum(key: str, year: YearFigures, filing: Filing, codes: tuple[str, ...]) -> FactView:
    cents = sum(filing.amount(code) or 0 for code in codes)
    return _fact(key, max(cents, 0) / 100, _evidence(year, " + ".join(codes)))


def _yearly(year: YearFigures, *, is_base: bool) -> Iterator[FactView]:
    period = year.end.isoformat()
    amounts: list[tuple[str, int | None, str]] = [
        ("net_income", year.result_cents, "9904"),
        ("book_equity", year.equity_cents, "10/15"),
    ]
    if not is_base:
        amounts.append(("revenues", year.revenue_cents, "70"))
        amounts.append(("operating_income", year.operating_result_cents, "9901"))
    for name, cents, code in amounts:
        if cents is not None and (name != "revenues" or cents > 0):
            yield _fact(f"{HISTORY}{name}", cents / 100, _evidence(year, code), period)
    yield from _depreciation(year, period)


def _depreciation(year: YearFigures, period: str) -> Iterator[FactView]:
    """Yield what lies between EBITDA and the operating result."""
    if year.ebitda_cents is None or year.operating_result_cents is None:
        return
    between = (year.ebitda_cents - year.operating_result_cents) / 100
    codes = "630 + 631/4 + 635/8 + 66A - 76A"
    if between >= 0:
        key = f"{HISTORY}depreciation_and_amortization"
        yield _fact(key, between, _evidence(year, codes), period)
    else:
        # More income that does not recur than depreciation: it leaves the result.
        yield _fact("normalisation.one_off", between, _evidence(year, codes), period)


def facts_of_company(company: CompanyView) -> list[FactView]:
    """Return the sector of the only main activity; where there are several, a person is asked."""
    divisions = {re.sub(r"\D", "", each.code)[:2] for each in company.activities}
    if len(divisions) != 1:
        return []
    sector = sector_of(divisions)
    sector = sector if sector in KEYS[SECTOR].choices else ALL_SECTORS
    activity = company.activities[0]
    evidence = f"KBO/BCE, main activity {activity.code} {activity.text}"
    return [_fact(SECTOR, sector, evidence, confidence=0.8)]


def _evidence(year: YearFigures, code: str) -> str:
    bent = (
        ", brought to twelve months" if any(f.code == "annualised" for f in year.findings) else ""
    )
    return f"National Bank of Belgium, deposit {year.reference}, year to {year.end}, {code}{bent}"


def _fact(
    key: str, value: FactValue, evidence: str, period: str = "", confidence: float = 1.0
) -> FactView:
    return FactView(
        key=key,
        value=value,
        unit=KEYS[key].unit,
        period=period,
        source="registry",
        confidence=confidence,
        evidence=evidence,
    )
