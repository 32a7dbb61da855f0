"""Addresses of the Keeper screens with what they are asked for, and of the pages of a list."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from myriad.products.keeper.views import CustomerFilter
from myriad.scale.http import Paging

DEFAULT_SORT = "value_at_risk"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a list stands: the address of its first page unless shown, and of the next if any."""

    first: str = ""
    next: str = ""


def place(paging: Paging, next_after: str | None) -> Place:
    """Return the addresses around the page that was asked for; `next_after` leaves it signed."""
    first = _address(paging.path, dict(paging.filters)) if paging.after else ""
    if next_after is None:
        return Place(first)
    return Place(first, paging.next_path(paging.cursor_at(next_after)))


def customers(asked: CustomerFilter, **changes: str) -> str:
    """Return the first page of the list with the same question, changed in part."""
    return _address("/keeper/customers", _question(asked) | changes)


def customers_csv(asked: CustomerFilter) -> str:
    """Return the address of everybody who matches, as CSV."""
    return _address("/keeper/customers.csv", _question(asked))


def _question(asked: CustomerFilter) -> dict[str, str]:
    sort = "" if asked.sort == DEFAULT_SORT else asked.sort
    return {"q": asked.query, "state": asked.state or "", "sort": sort}


def _address(path: str, question: dict[str, str]) -> str:
    asked = urlencode({name: value for name, value in question.items() if value})
    return f"{path}?{asked}" if asked else path
