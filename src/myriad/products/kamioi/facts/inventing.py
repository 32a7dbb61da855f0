"""The demo's facts into the database, and its closes from day to day.

Beginning again, and going on, add the closes of the days since the last one that was invented.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from myriad.products.kamioi.facts.importing import (
    alias_rows,
    brand_row,
    company_norm,
    import_brands,
    put_rows,
    run_fact_query,
)
from myriad.products.kamioi.facts.simulated import (
    COMPANIES,
    EXCHANGE,
    FUND_NAME,
    FUND_TICKER,
    SOURCE,
    actions,
    close_of,
    trading_days,
)
from myriad.products.kamioi.facts.sql import QUERIES
from myriad.scale.data import Database, Row, Session
from myriad.scale.data.database import NOBODY

_LISTED_SINCE = date(2020, 1, 1)
# Orders look back for a close by a week, so the first of them needs closes before its day.
_BEFORE_DAYS = 10


async def invent_facts(database: Database, since: date, today: date) -> None:
    """Put what is curated, the invented companies and simulated closes up to `today`."""
    if not await database.reader.rows(NOBODY, QUERIES["list_known_brands"], {}):
        await import_brands(database, None)
    async with database.crossing("the demo's simulated facts are written") as session:
        await _invent_companies(session)
        await _invent_fund(session)
        rows = [
            {
                "cik": one.cik,
                "kind": one.kind,
                "ex_date": one.ex_date,
                "ratio_num": one.ratio[0] if one.ratio else None,
                "ratio_den": one.ratio[1] if one.ratio else None,
                "cash_per_share": one.cash_per_share,
            }
            for one in actions(since)
        ]
        await put_rows(session, "put_simulated_actions", rows, source=SOURCE)
    await _invent_closes(database, since - timedelta(days=_BEFORE_DAYS), today)


async def continue_closes(database: Database, last: date) -> int:
    """Add the simulated closes up to `last`; return how many.

    Where no facts were invented none is: a market that somebody else tells of is left alone.
    """
    if await find_fund(database) is None:
        return 0
    return await _invent_closes(database, last - timedelta(days=_BEFORE_DAYS), last)


async def find_fund(database: Database) -> UUID | None:
    """Return the simulated fund's id, or None before it was invented."""
    asked = {"ticker": FUND_TICKER, "exchange": EXCHANGE}
    rows = await database.reader.rows(NOBODY, QUERIES["find_simulated_fund"], asked)
    return rows[0]["security_id"] if rows else None


async def _invent_companies(session: Session) -> None:
    brands = [one.brand for one in COMPANIES]
    await put_rows(session, "put_brands", [brand_row(brand) for brand in brands])
    await put_rows(session, "put_aliases", alias_rows(brands))
    names = [
        {"cik": one.cik, "name": one.name, "norm": company_norm(one.name)} for one in COMPANIES
    ]
    await put_rows(session, "put_companies", names)
    await run_fact_query(session, "put_securities", {})
    period = {"valid_from": _LISTED_SINCE, "valid_to": None, "source": SOURCE}
    listings = [
        {"cik": one.cik, "ticker": one.ticker, "exchange": EXCHANGE, **period} for one in COMPANIES
    ]
    await put_rows(session, "put_curated_listings", listings)
    await run_fact_query(session, "drop_ownerships", {"keys": [brand.key for brand in brands]})
    owners = [
        {"key": one.brand.key, "owner": one.name, "cik": one.cik, **period} for one in COMPANIES
    ]
    await put_rows(session, "put_ownerships", owners)


async def _invent_fund(session: Session) -> None:
    fund = {"name": FUND_NAME, "ticker": FUND_TICKER, "exchange": EXCHANGE, "source": SOURCE}
    await run_fact_query(session, "put_simulated_fund", {"name": FUND_NAME})
    await run_fact_query(session, "put_simulated_fund_listing", fund)


async def _invent_closes(database: Database, first: date, last: date) -> int:
    asked = {"day": last, "source": SOURCE}
    shares = await database.reader.rows(NOBODY, QUERIES["list_priced_shares"], asked)
    rows = [row for share in shares for row in _closes(share, first, last)]
    if not rows:
        return 0
    async with database.crossing("the demo's simulated closes are written") as session:
        return await put_rows(session, "put_simulated_prices", rows, source=SOURCE)


def _closes(share: Row, first: date, last: date) -> list[dict[str, Any]]:
    """Return the closes of a share that are missing before its first one and after its last."""
    begun, ended = share["first_day"], share["last_day"]
    split = (share["split_on"], share["split_into"]) if share["split_on"] else None
    return [
        {
            "security_id": share["security_id"],
            "day": day,
            "close": close_of(share["ticker"], day, split),
        }
        for day in trading_days(first if begun is None else min(first, ended), last)
        if begun is None or not begun <= day <= ended
    ]
