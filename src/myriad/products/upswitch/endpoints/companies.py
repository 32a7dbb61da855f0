"""Companies of the register: search as one types, and one company."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path, Query

from myriad.products.upswitch.queueing import enqueue_filings
from myriad.products.upswitch.registry.asking import ask_registers
from myriad.products.upswitch.registry.numbers import parse_enterprise_number
from myriad.products.upswitch.repository import get_company, get_filings, search_companies
from myriad.products.upswitch.repository.companies import SHOWN
from myriad.products.upswitch.views import CompaniesView, CompanyView, FilingsView
from myriad.products.upswitch.views.registers import RegisterAnswer
from myriad.scale.http import (
    CurrentRuntime,
    Queued,
    Router,
    TenantReader,
    TenantSession,
)

router = Router()
Number = Annotated[str, Path(max_length=40, description="an enterprise or VAT number")]


Words = Annotated[
    str, Query(max_length=100, description="words of a name, an enterprise or VAT number")
]


@router.get("/companies")
async def list_companies(
    reader: TenantReader,
    q: Words = "",
    country: Literal["BE"] = "BE",
    limit: Annotated[int, Query(ge=1, le=SHOWN)] = SHOWN,
) -> CompaniesView:
    """Return the companies that `q` means, the likeliest first; Belgium is the country there is."""
    return await search_companies(reader, q, limit=limit)


@router.get("/companies/{number}")
async def read_company(reader: TenantReader, number: Number) -> CompanyView:
    """Return one company by its enterprise or VAT number."""
    return await get_company(reader, number)


@router.get("/companies/{number}/filings")
async def list_filings(reader: TenantReader, number: Number) -> FilingsView:
    """Return the filed years of a company, newest first, as far as they have been read."""
    return await get_filings(reader, parse_enterprise_number(number))


@router.get("/companies/{number}/registers")
async def list_registers(
    runtime: CurrentRuntime, reader: TenantReader, number: Number
) -> tuple[RegisterAnswer, ...]:
    """Return what VIES, GLEIF and, with a key, OpenCorporates say; one that is silent says so.

    Only of companies that the register here has: what natural persons have elsewhere is not kept.
    """
    found = await get_company(reader, number)
    return await ask_registers(runtime, parse_enterprise_number(found.number))


@router.post("/companies/{number}/filings", status_code=202)
async def read_filings(session: TenantSession, number: Number) -> Queued:
    """Read the company's accounts at the National Bank."""
    return Queued(job_id=await enqueue_filings(session, parse_enterprise_number(number)))
