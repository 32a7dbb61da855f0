"""The Customers screen: search by ranges, filter, sort, page by page."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Any

from myriad.kit.errors import InvalidInputError
from myriad.kit.money import Money
from myriad.products.keeper.repository.accounts import AccountFacts, get_account
from myriad.products.keeper.repository.keys import join_key, number_part, split_key, uuid_part
from myriad.products.keeper.repository.sql import QUERIES, Row, fetch_texts
from myriad.products.keeper.views import CustomerFilter, CustomerRow, CustomersView
from myriad.scale.data import ReadSession

_LAST_CHARACTER = "\U0010ffff"
_WORDS = 5
_PHONE = re.compile(r"[\s\d+().\-/]*\d[\s\d+().\-/]*")
NEVER = date(1, 1, 1)

# Fixed pieces of SQL, one for each order; what a user sends only picks one of them.
_ORDERS = {
    "value_at_risk": ("f.value_at_risk", "bigint"),
    "clv": ("f.clv_12m", "bigint"),
    "visits": ("f.visits", "bigint"),
    "last_visit": ("f.last_visit", "date"),
}
_BY_NAME = (
    "%(after_key)s::text IS NULL OR "
    '(f.sort_name, f.id) > (%(after_key)s::text COLLATE "C", %(after_id)s::uuid)'
)


def search_words(query: str) -> list[str]:
    """Return the words of `query` as they are stored for search, at most five; a phone is one."""
    folded = unicodedata.normalize("NFKC", query).casefold()
    if _PHONE.fullmatch(folded):
        folded = re.sub(r"\D", "", folded)
    words = [word.replace("\x00", "") for word in folded.split()]
    return [word for word in words if word][:_WORDS]


def _after(sort: str) -> str:
    column, kind = _ORDERS[sort]
    return (
        f"%(after_key)s::text IS NULL OR {column} < %(after_key)s::{kind} OR "
        f"({column} = %(after_key)s::{kind} AND f.id > %(after_id)s::uuid)"
    )


def _list_sql(sort: str) -> str:
    text = QUERIES["list_customers"].replace("$found", QUERIES["found_people"])
    if sort == "name":
        order, after = "sort_name, id", _BY_NAME
    else:
        order, after = f"{_ORDERS[sort][0].removeprefix('f.')} DESC, id", _after(sort)
    return text.replace("$after", after).replace("$order", order)


_LISTS = {sort: _list_sql(sort) for sort in (*_ORDERS, "name")}
_COUNTS = QUERIES["count_found"].replace("$found", QUERIES["found_people"])


async def list_customers(
    session: ReadSession, wanted: CustomerFilter, day: date | None = None
) -> CustomersView:
    """Return one page of people as measured on `day`, by default the account's latest.

    Raises InvalidInputError for a page mark of another list.
    """
    account = await get_account(session)
    day = day or account.day
    words = search_words(wanted.query)
    search: dict[str, Any] = {
        "day": day,
        "lows": words,
        "highs": [word + _LAST_CHARACTER for word in words],
    }
    key, person_id = split_key(wanted.after, 2)
    paging = {
        "state": wanted.state,
        "after_key": _checked_key(wanted.sort, key),
        "after_id": uuid_part(person_id),
        "limit": wanted.limit + 1,
        "months": _months(day),
    }
    found = await fetch_texts(
        session,
        {"rows": (_LISTS[wanted.sort], {**search, **paging}), "counted": (_COUNTS, search)},
    )
    rows, counted = found["rows"], found["counted"]
    more, rows = len(rows) > wanted.limit, rows[: wanted.limit]
    counts = {row["state"]: int(row["people"]) for row in counted}
    shown = [row for row in counted if wanted.state in (None, row["state"])]
    return CustomersView(
        filter=wanted,
        currency=account.currency,
        total=sum(counts.values()),
        counts=counts,
        value_at_risk=Money(sum(int(row["value_at_risk"]) for row in shown), account.currency),
        rows=tuple(customer_row(row, account) for row in rows),
        next_after=_key_of(wanted.sort, rows[-1]) if more else None,
        business_date=account.business_date,
    )


def _months(day: date) -> list[date]:
    """Return the first days of the twelve months up to that of `day`, and of the one after."""
    last = 12 * day.year + day.month - 1
    return [date(month // 12, month % 12 + 1, 1) for month in range(last - 11, last + 2)]


def customer_row(row: Row, account: AccountFacts) -> CustomerRow:
    """Return a found person as the screens show it."""
    measured = row["measured"]
    last = row["last_visit"]
    return CustomerRow(
        person_id=row["id"],
        name=row["display_name"],
        state=row["state"],
        visits=row["visits"],
        email=row["email"],
        phone=row["phone"],
        last_visit_on=None if last == NEVER else last,
        usual_gap_days=row["itt_median_days"],
        churn_60=row["churn_60"],
        clv_12m=Money(row["clv_12m"], account.currency) if row["clv"] is not None else None,
        value_at_risk=Money(row["value_at_risk"], account.currency) if measured else None,
        months=tuple(row["months"] or ()),
        profiles=row["profiles"],
    )


def _checked_key(sort: str, key: str | None) -> str | None:
    if key is None or sort == "name":
        return key
    if sort == "last_visit":
        try:
            return date.fromisoformat(key).isoformat()
        except ValueError:
            raise InvalidInputError("this page mark does not belong to this list") from None
    number = number_part(key)
    return None if number is None else str(int(number))


def _key_of(sort: str, row: Row) -> str:
    column = "sort_name" if sort == "name" else _ORDERS[sort][0].removeprefix("f.")
    return join_key(row[column], row["id"])
