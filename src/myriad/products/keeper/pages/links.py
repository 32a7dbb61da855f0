"""Addresses of the Keeper screens with what they are asked for."""

from __future__ import annotations

from urllib.parse import urlencode

from myriad.products.keeper.views import CustomerFilter

DEFAULT_SORT = "value_at_risk"


def customers(asked: CustomerFilter, **changes: str | None) -> str:
    """Return the list with the same question, changed in part; a page only when it is named."""
    question = {"q": asked.query, "state": asked.state or "", "sort": asked.sort} | {
        name: value or "" for name, value in changes.items()
    }
    if question["sort"] == DEFAULT_SORT:
        question["sort"] = ""
    return _address("/keeper/customers", question)


def customers_csv() -> str:
    """Return the address of all customers as CSV."""
    return "/keeper/customers.csv"


def reports(kind: str | None, after: str | None = None) -> str:
    """Return the list of reports of one kind or all."""
    return _address("/keeper/reports", {"kind": kind or "", "after": after or ""})


def _address(path: str, question: dict[str, str]) -> str:
    asked = urlencode({name: value for name, value in question.items() if value})
    return f"{path}?{asked}" if asked else path
