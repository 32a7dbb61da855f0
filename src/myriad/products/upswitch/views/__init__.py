"""What screens and the API show: frozen values that `repository` fills."""

from myriad.products.upswitch.views.companies import (
    Address,
    CodedText,
    CompaniesView,
    CompanyRow,
    CompanyView,
    Loading,
    RegistryState,
)
from myriad.products.upswitch.views.filings import FilingsView, FilingYear

__all__ = [
    "Address",
    "CodedText",
    "CompaniesView",
    "CompanyRow",
    "CompanyView",
    "FilingYear",
    "FilingsView",
    "Loading",
    "RegistryState",
]
