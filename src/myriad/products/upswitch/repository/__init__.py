"""Every query of Upswitch's screens."""

from myriad.products.upswitch.repository.companies import get_company, search_companies
from myriad.products.upswitch.repository.filings import get_filings

__all__ = ["get_company", "get_filings", "search_companies"]
