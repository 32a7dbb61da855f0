"""Every query of Upswitch's screens."""

from myriad.products.upswitch.repository.companies import get_company, search_companies

__all__ = ["get_company", "search_companies"]
