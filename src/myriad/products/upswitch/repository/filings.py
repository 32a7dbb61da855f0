"""Filed accounts of a company, and how reading them goes."""

from __future__ import annotations

from dataclasses import replace

from myriad.kit.money import Money
from myriad.products.upswitch.registry.filings import filing_of, years_of
from myriad.products.upswitch.registry.nbb.rubrics import YearFigures
from myriad.products.upswitch.registry.numbers import format_number
from myriad.products.upswitch.registry.sql import QUERIES
from myriad.products.upswitch.repository.companies import Rows
from myriad.products.upswitch.views import FilingsView, FilingYear
from myriad.scale.jobs.status import LIVE_STATES, JobStatus

_CURRENCY = "EUR"


async def get_filings(
    reader: Rows, number: int, *, job: JobStatus | None = None, has_key: bool = True
) -> FilingsView:
    """Return what is known of a company's accounts; `job` is the one that reads them, if any."""
    rows = await reader.rows(QUERIES["list_filings"], {"number": number})
    checks = await reader.rows(QUERIES["find_filing_check"], {"number": number})
    years = tuple(_year(each) for each in years_of([filing_of(row) for row in rows]))
    check = checks[0] if checks else None
    view = FilingsView(
        number=format_number(number),
        state="read" if check else "unread",
        years=years,
        checked_at=check["checked_at"] if check else None,
        without_data=check["without_data"] if check else 0,
    )
    return _with_job(view, job, has_key)


def _with_job(view: FilingsView, job: JobStatus | None, has_key: bool) -> FilingsView:
    if job is not None and job.state in LIVE_STATES:
        return replace(view, state="reading", job_id=job.id)
    if job is not None and job.state == "dead":
        fault = str((job.error or {}).get("detail") or "Reading the accounts failed.")
        return replace(view, state="failed", fault=fault)
    if view.state == "unread" and not has_key:
        return replace(view, state="no_key")
    return view


def _year(found: YearFigures) -> FilingYear:
    return FilingYear(
        reference=found.reference,
        ends_on=found.end,
        revenue=_money(found.revenue_cents),
        gross_margin=_money(found.gross_margin_cents),
        ebitda=_money(found.ebitda_cents),
        result=_money(found.result_cents),
        net_financial_debt=Money(found.net_financial_debt_cents, _CURRENCY),
        equity=_money(found.equity_cents),
        staff_fte=found.staff_fte,
        notes=tuple(each.detail for each in found.findings),
    )


def _money(cents: int | None) -> Money | None:
    return None if cents is None else Money(cents, _CURRENCY)
