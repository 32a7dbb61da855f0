"""Companies of the register: search as one types, and one company."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path, Query

from myriad.products.upswitch.repository import get_company, search_companies
from myriad.products.upswitch.repository.companies import SHOWN
from myriad.products.upswitch.views import CompaniesView, CompanyView
from myriad.scale.http import Router, TenantReader

router = Router()
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
async def read_company(
    reader: TenantReader, number: Annotated[str, Path(max_length=40)]
) -> CompanyView:
    """Return one company by its enterprise or VAT number."""
    return await get_company(reader, number)
